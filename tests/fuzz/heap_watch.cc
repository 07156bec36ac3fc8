#include "tests/fuzz/heap_watch.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {
std::size_t held = 0;
std::size_t peak = 0;
std::size_t held_at_start = 0;
}  // namespace

#ifndef KIZ_SANITIZED
void* operator new(std::size_t size) {
  void* out = std::malloc(size);
  if (!out) throw std::bad_alloc{};
  held += malloc_usable_size(out);
  peak = std::max(peak, held);
  return out;
}

void operator delete(void* memory) noexcept {
  if (memory) held -= malloc_usable_size(memory);
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
#endif

namespace kiz::fuzz {

HeapWatch::HeapWatch() { held_at_start = peak = held; }
std::size_t HeapWatch::peak_bytes() const { return peak - held_at_start; }

}  // namespace kiz::fuzz

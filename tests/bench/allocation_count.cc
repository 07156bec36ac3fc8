// Counts what the whole program allocates by operator new: a figure that no clock disturbs.
#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/bench/paths.h"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

void* operator new(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* out = std::malloc(bytes == 0 ? 1 : bytes)) return out;
  throw std::bad_alloc{};
}
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }

namespace kiz::bench {
std::uint64_t allocations_so_far() { return allocations.load(std::memory_order_relaxed); }
}  // namespace kiz::bench

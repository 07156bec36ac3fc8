#include "tests/sim/memory.h"

#include <malloc.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

// The library has a second thread.
std::atomic<std::uint64_t> live{0}, most{0};

void* take(std::size_t bytes) noexcept {
  void* const out = std::malloc(bytes == 0 ? 1 : bytes);
  if (out == nullptr) return nullptr;
  const std::uint64_t now = live.fetch_add(::malloc_usable_size(out), std::memory_order_relaxed) + ::malloc_usable_size(out);
  if (now > most.load(std::memory_order_relaxed)) most.store(now, std::memory_order_relaxed);
  return out;
}

}  // namespace

void* operator new(std::size_t bytes) {
  if (void* out = take(bytes)) return out;
  throw std::bad_alloc{};
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return take(bytes); }
void operator delete(void* at) noexcept {
  live.fetch_sub(at == nullptr ? 0 : ::malloc_usable_size(at), std::memory_order_relaxed);
  std::free(at);
}
void operator delete(void* at, std::size_t) noexcept { operator delete(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { operator delete(at); }

namespace kiz::sim {

std::uint64_t live_bytes() { return live.load(std::memory_order_relaxed); }

HeapWatch::HeapWatch() : live_(live_bytes()), sqlite_(static_cast<std::uint64_t>(sqlite3_memory_used())) {
  most.store(live_, std::memory_order_relaxed);
  (void)sqlite3_memory_highwater(1);
}

std::uint64_t HeapWatch::growth() const {
  const auto sqlite = static_cast<std::uint64_t>(sqlite3_memory_highwater(0));
  return most.load(std::memory_order_relaxed) - live_ + std::max(sqlite, sqlite_) - sqlite_;
}

}  // namespace kiz::sim

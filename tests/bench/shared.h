// What several processes of one benchmark see at once: a T of atomics, made before they fork.
#pragma once

#include <sys/mman.h>

#include <chrono>
#include <new>
#include <system_error>

namespace kiz::bench {

template <class T>
class Shared {
 public:
  Shared() {
    void* at = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::system_error{errno, std::generic_category(), "mmap"};
    shared_ = new (at) T;
  }
  ~Shared() { ::munmap(shared_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  T* operator->() const { return shared_; }
  T& operator*() const { return *shared_; }

 private:
  T* shared_;
};

/// CLOCK_MONOTONIC, the same in all processes.
inline std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace kiz::bench

// Stands in the way of fsync and fdatasync for the whole process: libsqlite3 finds these before libc's. So the calls
// per commit are counted without strace, which would slow them down.
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "tests/bench/harness.h"

namespace {
std::atomic<std::uint64_t> syncs{0};  // SQLite may sync on a thread of a workload's choice
}

extern "C" __attribute__((visibility("default"))) int fsync(int fd) {
  syncs.fetch_add(1, std::memory_order_relaxed);
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

extern "C" __attribute__((visibility("default"))) int fdatasync(int fd) {
  syncs.fetch_add(1, std::memory_order_relaxed);
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace kiz::bench {
std::uint64_t syncs_so_far() { return syncs.load(std::memory_order_relaxed); }
}  // namespace kiz::bench

// One store has one writer. The lock is the kernel's (flock): it falls with the process, however that ends; what the file
// says only tells others whom to look for.
#pragma once

#include <memory>
#include <string>

#include "kiz/result.h"

namespace kiz {

class StoreLock {
 public:
  /// errors: store_in_use (context: the holder's "pid program"), io_error
  static Result<StoreLock> take(const std::string& path, const std::string& program);
  StoreLock(StoreLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  StoreLock& operator=(StoreLock&& other) noexcept;
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;
  ~StoreLock();

 private:
  explicit StoreLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace kiz

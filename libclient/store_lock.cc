#include "libclient/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace kiz {

Result<StoreLock> StoreLock::take(const std::string& path, const std::string& program) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Error{Errc::io_error, "lock"};
  StoreLock lock{fd};
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    char holder[64] = {};
    const auto n = ::pread(fd, holder, sizeof holder - 1, 0);
    std::string who{holder, n > 0 ? static_cast<std::size_t>(n) : 0};
    while (!who.empty() && who.back() == '\n') who.pop_back();
    return Error{errno == EWOULDBLOCK || n >= 0 ? Errc::store_in_use : Errc::io_error, who};
  }
  const std::string holder = std::to_string(::getpid()) + " " + program + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size())) {
    return Error{Errc::io_error, "lock"};
  }
  return lock;
}

StoreLock& StoreLock::operator=(StoreLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

StoreLock::~StoreLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace kiz

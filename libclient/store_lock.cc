#include "libclient/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace kiz {
namespace {

constexpr std::chrono::milliseconds patience{700};

// "pid program", or nothing in the moment before the holder has written it.
std::string holder_of(int fd) {
  char text[64] = {};
  const auto n = ::pread(fd, text, sizeof text - 1, 0);
  std::string out{text, n > 0 ? static_cast<std::size_t>(n) : 0};
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

}  // namespace

Result<StoreLock> StoreLock::take(const std::string& path, const std::string& program) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return errno == EACCES ? Error{Errc::not_permitted, path} : Error{Errc::io_error, "lock"};
  StoreLock lock{fd};
  // A command holds its store for a moment only: it is worth waiting for. A daemon stays.
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return Error{Errc::io_error, "lock"};
    const std::string holder = holder_of(fd);
    if (holder.ends_with(" kizd") || std::chrono::steady_clock::now() >= give_up) return Error{Errc::store_in_use, holder};
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
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

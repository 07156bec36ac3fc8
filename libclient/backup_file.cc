#include "libclient/backup_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "libclient/machine_words.h"

namespace kiz::backup {
namespace {

Error refusal(int error, const std::filesystem::path& path) {
  const std::string context = path.string() + ": " + machine_words(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR: return {Errc::not_found, context};
    case EACCES:
    case EPERM:
    case EROFS: return {Errc::not_permitted, context};
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return {Errc::no_space, context};
    default: return {Errc::io_error, context};
  }
}

}  // namespace

Result<File> File::read_only(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refusal(errno, path);
  File out{fd, path};
  struct stat status {};
  if (::fstat(fd, &status) != 0) return refusal(errno, path);
  if (!S_ISREG(status.st_mode)) return Error{Errc::not_found, path.string() + ": not a file"};
  return out;
}

Result<File> File::for_writing(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return refusal(errno, path);
  File out{fd, path};
  // Some network disks know no locks; there two writers at once end with a backup that is not taken for good.
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return Error{Errc::store_in_use, path.string()};
  return out;
}

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::uint64_t> File::size() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return refusal(errno, path_);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> File::read(std::uint64_t offset, std::size_t bytes, Bytes& out) const {
  out.resize(bytes);
  for (std::size_t have = 0; have < bytes;) {
    const ssize_t n = ::pread(fd_, out.data() + have, bytes - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refusal(errno, path_);
    if (n == 0) return Error{Errc::damaged, "backup ends too early"};
    have += static_cast<std::size_t>(n);
  }
  return {};
}

Result<void> File::write(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refusal(errno, path_);
    offset += static_cast<std::uint64_t>(n);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> File::cut(std::uint64_t size) {
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return refusal(errno, path_);
  return {};
}

Result<void> File::sync() {
  if (::fsync(fd_) != 0) return refusal(errno, path_);
  return {};
}

void File::forget_cached() { ::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED); }

Result<std::uint64_t> room_at(const std::filesystem::path& path) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0) return refusal(errno, path);
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

}  // namespace kiz::backup

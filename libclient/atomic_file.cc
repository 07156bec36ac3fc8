#include "libclient/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "libclient/machine_words.h"

namespace kiz::file {
namespace {

Error refusal(int error, const std::string& path) {
  const std::string context = path + ": " + machine_words(error);
  switch (error) {
    case ENOENT:
      return {Errc::not_found, context};
    case EACCES:
    case EPERM:
      return {Errc::not_permitted, path};
    case ENOSPC:
    case EDQUOT:
      return {Errc::no_space, context};
    default:
      return {Errc::io_error, context};
  }
}

// Closes when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

Result<void> write_all(int fd, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refusal(errno, path);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> sync_directory_of(const std::string& path) {
  auto directory = std::filesystem::path{path}.parent_path();
  if (directory.empty()) directory = ".";
  const Descriptor fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd || ::fsync(fd.get()) != 0) return refusal(errno, directory);
  return {};
}

}  // namespace

Result<Bytes> read(const std::string& path, std::size_t bytes_max) {
  const Descriptor fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return refusal(errno, path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return refusal(errno, path);
  if (!S_ISREG(status.st_mode)) return Error{Errc::io_error, path + ": not a regular file"};
  if (static_cast<std::uint64_t>(status.st_size) > bytes_max) return Error{Errc::over_limit, path};
  Bytes out(static_cast<std::size_t>(status.st_size));  // the only allocation: no copies of secrets stay behind
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t n = ::read(fd.get(), out.data() + have, out.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refusal(errno, path);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return out;
}

Result<void> replace(const std::string& path, ByteView bytes) {
  const std::string fresh = path + ".new";
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return refusal(errno, fresh);  // of an interrupted call
  {
    const Descriptor fd{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd) return refusal(errno, fresh);
    auto written = write_all(fd.get(), bytes, fresh);
    if (written && ::fsync(fd.get()) != 0) written = refusal(errno, fresh);
    if (!written) {
      ::unlink(fresh.c_str());
      return written;
    }
  }
  return rename_durably(fresh, path);
}

Result<void> rename_durably(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return refusal(errno, to);
  return sync_directory_of(to);
}

Result<void> remove_durably(const std::string& path) {
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return refusal(errno, path);
  }
  return sync_directory_of(path);
}

Result<void> restrict_to_owner(const std::string& path) {
  if (::chmod(path.c_str(), 0600) != 0) return refusal(errno, path);
  return {};
}

Result<void> check_owner_only(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return refusal(errno, path);
  if (!S_ISREG(status.st_mode)) return Error{Errc::io_error, path + ": not a regular file"};
  if ((status.st_mode & 0077) == 0) return {};
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode & 07777));
  return Error{Errc::wrong_key, path + " may be read by others than its owner (mode " + mode +
                                    "). Nothing was opened. Run: chmod 600 " + path};
}

}  // namespace kiz::file

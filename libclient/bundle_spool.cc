#include "libclient/bundle_spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "libclient/machine_words.h"

namespace kiz {
namespace {

constexpr char prefix[] = "bundle-";
constexpr std::size_t id_digits = 32;
constexpr std::size_t open_max = 8;
constexpr auto kept = std::chrono::hours{1};

Error failure(const std::string& path) {
  return {errno == ENOSPC || errno == EDQUOT ? Errc::no_space : Errc::io_error, path + ": " + machine_words(errno)};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
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

std::string path_of(const ReplicaCore& core, const std::string& id) { return core.options().directory / (prefix + id); }

/// How many are left after those that nobody came back for are gone.
std::size_t tidy(const std::filesystem::path& folder) {
  std::size_t left = 0;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator{folder, failed}) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(prefix) || name.size() != sizeof prefix - 1 + id_digits) continue;
    const auto written = entry.last_write_time(failed);
    if (!failed && std::filesystem::file_time_type::clock::now() - written > kept) {
      std::filesystem::remove(entry.path(), failed);
    } else {
      ++left;
    }
  }
  return left;
}

}  // namespace

Result<BundleSpool> BundleSpool::create(ReplicaCore& core) {
  if (tidy(core.options().directory) >= open_max) return Error{Errc::over_limit, "bundles"};
  FixedBytes<16, struct SpoolTag> drawn;
  core.random(drawn.bytes);
  const std::string id = to_hex(drawn), path = path_of(core, id);
  const Descriptor fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd) return failure(path);
  return BundleSpool{id, path};
}

Result<BundleSpool> BundleSpool::find(const ReplicaCore& core, const std::string& id) {
  const bool good = id.size() == id_digits && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!good || ::access(path_of(core, id).c_str(), F_OK) != 0) return Error{Errc::not_found, "bundle"};
  return BundleSpool{id, path_of(core, id)};
}

Result<std::uint64_t> BundleSpool::append(std::uint64_t offset, ByteView piece) {
  const Descriptor fd{::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)};
  if (!fd) return failure(path_);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return failure(path_);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size != offset) return Error{Errc::gap, "bundle"};
  if (piece.size() > bundle_bytes_max - std::min(size, bundle_bytes_max)) return Error{Errc::over_limit, "bundle"};
  const std::uint64_t end = size + piece.size();
  while (!piece.empty()) {
    const ssize_t n = ::write(fd.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(path_);
    piece = piece.subspan(static_cast<std::size_t>(n));
  }
  return end;
}

Result<Bytes> BundleSpool::read(std::uint64_t offset, std::size_t max) const {
  const Descriptor fd{::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!fd) return failure(path_);
  Bytes out(max);
  std::size_t have = 0;
  while (have < max) {
    const ssize_t n = ::pread(fd.get(), out.data() + have, max - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(path_);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return out;
}

void BundleSpool::remove() { ::unlink(path_.c_str()); }

}  // namespace kiz

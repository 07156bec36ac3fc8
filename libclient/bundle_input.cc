// Where the bytes of a bundle come from: a file that is really one, or memory.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "libclient/bundle_file.h"
#include "libclient/machine_words.h"
#include "libclient/translate.h"

namespace kiz {
namespace {

class FileInput final : public BundleInput {
 public:
  FileInput(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~FileInput() override { ::close(fd_); }
  FileInput(const FileInput&) = delete;
  FileInput& operator=(const FileInput&) = delete;

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    std::size_t have = 0;
    while (have < into.size()) {
      const ssize_t n = ::read(fd_, into.data() + have, into.size() - have);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Error{Errc::io_error, path_ + ": " + machine_words(errno)};
      if (n == 0) break;
      have += static_cast<std::size_t>(n);
    }
    return have;
  }
  Result<void> rewind() override {
    if (::lseek(fd_, 0, SEEK_SET) != 0) return Error{Errc::io_error, path_ + ": " + machine_words(errno)};
    return {};
  }

 private:
  int fd_;
  std::string path_;
};

class MemoryInput final : public BundleInput {
 public:
  explicit MemoryInput(Bytes bytes) : bytes_(std::move(bytes)) {}

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t n = std::min(into.size(), bytes_.size() - at_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), n, into.begin());
    at_ += n;
    return n;
  }
  Result<void> rewind() override {
    at_ = 0;
    return {};
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<BundleInput>> open_bundle_file(const std::string& path) {
  // Without O_NONBLOCK a FIFO would wait for a writer for ever; a link could lead anywhere.
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 && errno == ELOOP) return Error{Errc::invalid_input, tr("{} is a link, not a file. Nothing was changed.", {path})};
  if (fd < 0 && errno == ENOENT) return Error{Errc::not_found, tr("There is no file {}. Nothing was changed.", {path})};
  if (fd < 0) return Error{Errc::io_error, path + ": " + machine_words(errno)};
  auto input = std::make_unique<FileInput>(fd, path);
  struct stat status {};
  if (::fstat(fd, &status) != 0) return Error{Errc::io_error, path + ": " + machine_words(errno)};
  if (S_ISDIR(status.st_mode)) return Error{Errc::invalid_input, tr("{} is a folder, not a file. Nothing was changed.", {path})};
  if (!S_ISREG(status.st_mode)) {
    return Error{Errc::invalid_input, tr("{} is a device or a pipe, not a file. Nothing was changed.", {path})};
  }
  if (static_cast<std::uint64_t>(status.st_size) > bundle_bytes_max) {
    return Error{Errc::over_limit, tr("{} is larger than any bundle. Nothing was changed.", {path})};
  }
  return std::unique_ptr<BundleInput>{std::move(input)};
}

std::unique_ptr<BundleInput> bundle_in_memory(Bytes bytes) { return std::make_unique<MemoryInput>(std::move(bytes)); }

}  // namespace kiz

#include "cli/bundle_transfer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "libclient/bundle_file.h"
#include "libclient/machine_words.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz::cli {
namespace {

constexpr std::size_t piece_bytes = 768u << 10;
constexpr std::string_view label = "KIZBNDL1";

Error failure(const std::string& path) {
  return {errno == ENOSPC || errno == EDQUOT ? Errc::no_space : Errc::io_error, path + ": " + machine_words(errno)};
}

Result<std::string> begin_of(const std::string& path, std::size_t n) {
  auto file = open_bundle_file(path);
  if (!file) return file.error();
  std::string out(n, '\0');
  auto read = (*file)->read({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  if (!read) return read.error();
  out.resize(*read);
  return out;
}

}  // namespace

bool is_bundle(const std::string& path) {
  const auto begin = begin_of(path, label.size());
  return begin && *begin == label;
}

Handed hand_over(Shell& shell, const std::string& request, const std::string& path) {
  auto file = open_bundle_file(path);
  if (!file) return {{}, shell.refuse(request, file.error())};
  std::string id;
  std::string piece(piece_bytes, '\0');
  std::uint64_t offset = 0;
  while (true) {
    auto n = (*file)->read({reinterpret_cast<std::uint8_t*>(piece.data()), piece.size()});
    if (!n) return {{}, shell.refuse(request, n.error())};
    if (*n == 0 && offset > 0) return {id, 0};
    if (*n == 0) return {{}, shell.refuse(request, Error{Errc::malformed, tr("This bundle ends too early: a part of the file is missing. Nothing was changed.")})};
    Json args{{"offset", offset}, {"content", to_base64(std::string_view{piece}.substr(0, *n))}};
    if (!id.empty()) args["id"] = id;
    Json envelope = shell.ask("bundle.put", args);
    if (!envelope.value("ok", false)) {
      envelope["schema"] = "kiz." + request + "/1";
      return {{}, shell.print(envelope, {})};
    }
    id = envelope["data"].value("id", std::string{});
    offset += *n;
  }
}

Result<NewFile> NewFile::begin(const std::string& path) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) {
    const bool may = S_ISREG(there.st_mode) && (there.st_size == 0 || is_bundle(path));
    if (!may) return Error{Errc::invalid_input, tr("{} is there already and is no bundle. Nothing was written.", {path})};
  }
  const auto folder = std::filesystem::path{path}.parent_path();
  const std::string beside = (folder.empty() ? std::filesystem::path{"."} : folder) /
                             ("." + std::filesystem::path{path}.filename().string() + "." + std::to_string(::getpid()) + ".part");
  ::unlink(beside.c_str());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return failure(path);
  return NewFile{fd, path, beside};
}

NewFile::NewFile(NewFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), beside_(std::move(other.beside_)) {}

NewFile::~NewFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(beside_.c_str());
}

Result<void> NewFile::add(std::string_view piece) {
  while (!piece.empty()) {
    const ssize_t n = ::write(fd_, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(path_);
    piece.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> NewFile::finish() {
  if (::fsync(fd_) != 0) return failure(path_);
  if (::rename(beside_.c_str(), path_.c_str()) != 0) return failure(path_);
  ::close(std::exchange(fd_, -1));
  const auto folder = std::filesystem::path{path_}.parent_path();
  const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);  // some sticks' file systems cannot; the file is complete all the same
    ::close(directory);
  }
  return {};
}

}  // namespace kiz::cli

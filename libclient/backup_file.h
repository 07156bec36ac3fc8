// One open file of a backup: bytes at places, with the errors of the machine as ours. Closes when it goes.
#pragma once

#include <cstdint>
#include <filesystem>

#include "kiz/bytes.h"
#include "kiz/result.h"

namespace kiz::backup {

class File {
 public:
  /// Opens for reading. errors: not_found, not_permitted, io_error
  static Result<File> read_only(const std::filesystem::path& path);
  /// Opens or makes it (0600), locked against others that write it. errors: store_in_use, not_found (no such folder),
  /// not_permitted (also: on a read-only disk), no_space, io_error
  static Result<File> for_writing(const std::filesystem::path& path);
  File(File&& other) noexcept : fd_(other.fd_), path_(std::move(other.path_)) { other.fd_ = -1; }
  File& operator=(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  const std::filesystem::path& path() const { return path_; }
  Result<std::uint64_t> size() const;
  /// Exactly `bytes` bytes at `offset`. errors: damaged (the file ends before), io_error
  Result<void> read(std::uint64_t offset, std::size_t bytes, Bytes& out) const;
  /// errors: no_space, io_error
  Result<void> write(std::uint64_t offset, ByteView bytes);
  Result<void> cut(std::uint64_t size);
  Result<void> sync();
  /// Asks the kernel to forget what it holds of this file, so that reading back reads the disk.
  void forget_cached();

 private:
  File(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  std::filesystem::path path_;
};

/// Room that an ordinary user has left on the disk of this file or folder. errors: not_found, io_error
Result<std::uint64_t> room_at(const std::filesystem::path& path);

}  // namespace kiz::backup

// A bundle between a file that a person names and the replica: read and written here, with that person's rights, piece by
// piece. What is no regular file is refused before a byte is read; a file that is written is there whole or not at all.
#pragma once

#include <optional>
#include <string>

#include "cli/shell.h"

namespace kiz::cli {

/// Hands the file over; its id, or the exit code of a refusal that was told already.
struct Handed {
  std::string id;
  int exit = 0;
  bool ok() const { return !id.empty(); }
};
Handed hand_over(Shell& shell, const std::string& request, const std::string& path);

/// True if the file looks like a bundle: its first eight bytes say so.
bool is_bundle(const std::string& path);

/// A file that appears under its name when it is complete and on disk. An existing file is replaced only if it is a bundle.
class NewFile {
 public:
  /// errors: invalid_input (with a sentence: something else stands there), io_error, no_space
  static Result<NewFile> begin(const std::string& path);
  NewFile(NewFile&& other) noexcept;
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();

  Result<void> add(std::string_view piece);
  Result<void> finish();

 private:
  NewFile(int fd, std::string path, std::string beside) : fd_(fd), path_(std::move(path)), beside_(std::move(beside)) {}

  int fd_ = -1;
  std::string path_;
  std::string beside_;
};

}  // namespace kiz::cli

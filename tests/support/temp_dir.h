// A folder of its own for one test case, removed with everything in it; and whole files as bytes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "kiz/bytes.h"

namespace kiz::test {

class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Empty when there is no such file.
Bytes read_file(const std::string& path);
void write_file(const std::string& path, ByteView bytes);
bool contains(ByteView haystack, std::string_view needle);

}  // namespace kiz::test

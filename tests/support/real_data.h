// Where tests on real data find it: the folder in KIZ_REAL_DATA, else `shared` beside the source tree. Test cases that
// use it begin with "real data: "; ctest runs them as <program>_real_data and counts that as skipped where it is
// missing.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/source_dir.h"

namespace kiz::test {

inline std::filesystem::path real_data() {
  if (const char* folder = std::getenv("KIZ_REAL_DATA"); folder && *folder) return folder;
  return source_dir().parent_path() / "shared";
}

inline bool has_real_data() { return std::filesystem::is_directory(real_data() / "data"); }

/// Exit code that ctest counts as "skipped".
inline constexpr int skipped = 77;

}  // namespace kiz::test

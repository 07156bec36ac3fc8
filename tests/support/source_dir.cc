#include "tests/support/source_dir.h"

namespace kiz::test {

const std::filesystem::path& source_dir() {
  static const std::filesystem::path folder{KIZ_SOURCE_DIR};
  return folder;
}

}  // namespace kiz::test

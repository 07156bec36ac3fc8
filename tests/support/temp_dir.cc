#include "tests/support/temp_dir.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "kiz/assert.h"

namespace kiz::test {

namespace {
// In memory where the system has such a folder: the tests sync a lot, and the disk's time would be all they take.
std::filesystem::path where() {
  const char* asked = std::getenv("TMPDIR");
  if (asked == nullptr && ::access("/dev/shm", W_OK) == 0) return "/dev/shm";
  return std::filesystem::temp_directory_path();
}
}  // namespace

TempDir::TempDir() {
  std::string pattern = (where() / "kiz-test-XXXXXX").string();
  KIZ_ASSERT(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Bytes read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return Bytes{std::istreambuf_iterator<char>{in}, {}};
}

void write_file(const std::string& path, ByteView bytes) {
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

bool contains(ByteView haystack, std::string_view needle) {
  const auto text = view(needle);
  return std::search(haystack.begin(), haystack.end(), text.begin(), text.end()) != haystack.end();
}

}  // namespace kiz::test

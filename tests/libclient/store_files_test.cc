#include "libclient/store_files.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "libclient/key_file.h"
#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {

ReplicaOptions options_of(const TempDir& dir) {
  ReplicaOptions options;
  options.directory = dir.path().string();
  options.program = "test";
  return options;
}

// Sets up a store as `kiz einrichten` does.
void set_up(const TempDir& dir) {
  auto files = StoreFiles::open(options_of(dir), "Rathaus");
  REQUIRE(files);
  REQUIRE((*files)->open_database(true));
}

}  // namespace

TEST_CASE("store files: a store is set up once") {
  const TempDir dir;
  CHECK(StoreFiles::open(options_of(dir), {}).error().code == Errc::not_set_up);
  set_up(dir);
  CHECK(StoreFiles::open(options_of(dir), "again").error().code == Errc::already_set_up);
  CHECK(StoreFiles::open(options_of(dir), {}));
}

TEST_CASE("store files: setting up goes on where it was cut short, with the keys that are there") {
  const TempDir dir;
  const auto key = make_store_key(dir.file("key"), {});  // cut before the keyring
  REQUIRE(key);
  { CHECK(StoreFiles::open(options_of(dir), "Rathaus")); }  // cut before the database
  const Bytes keyring = read_file(dir.file("keyring"));
  REQUIRE_FALSE(keyring.empty());
  set_up(dir);
  CHECK(*open_store_key(dir.file("key"), {}) == *key);
  CHECK(StoreFiles::open(options_of(dir), {}));
}

TEST_CASE("store files: a database without its keyring or key is never given new keys") {
  const TempDir dir;
  set_up(dir);
  for (const char* name : {"keyring", "key"}) {
    CAPTURE(name);
    const Bytes key = read_file(dir.file("key"));
    std::filesystem::rename(dir.file(name), dir.file("aside"));
    CHECK(StoreFiles::open(options_of(dir), "Rathaus").error().code == Errc::damaged);
    CHECK(StoreFiles::open(options_of(dir), {}).error().code == Errc::damaged);
    CHECK_FALSE(std::filesystem::exists(dir.file(name)));
    std::filesystem::rename(dir.file("aside"), dir.file(name));
    CHECK(read_file(dir.file("key")) == key);
  }
  CHECK(StoreFiles::open(options_of(dir), {}));
}

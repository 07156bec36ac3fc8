#include <doctest/doctest.h>
#include <sodium.h>

#include <filesystem>

#include "kiz/replica.h"
#include "libclient/database.h"
#include "libclient/key_file.h"
#include "libclient/page_vfs.h"
#include "libclient/schema.h"
#include "libclient/schema_copy.h"
#include "protocol/registry.h"
#include "tests/support/source_dir.h"
#include "tests/support/temp_dir.h"

using namespace kiz;
namespace fs = std::filesystem;

namespace {

struct Earlier {
  const char* name;
  int schema;
  const char* state_hash;
};
constexpr Earlier stores[] = {
    {"schema-1", 1, "14ae87393ddaccd04afb958574826c686b07bfba55dd703299ec65eff4840a31"},
};

// A copy that may be written to; git keeps no modes.
ReplicaOptions copy_of(const Earlier& earlier, const test::TempDir& folder) {
  ReplicaOptions options;
  options.directory = folder.path() / earlier.name;
  fs::copy(test::source_dir() / "tests/libclient/earlier_stores" / earlier.name, options.directory);
  fs::permissions(options.directory, fs::perms::owner_all);
  for (const auto& file : fs::directory_iterator{options.directory}) fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  return options;
}

std::string database_of(const ReplicaOptions& options) { return (options.directory / "store.db").string(); }

// Runs statements on the store's database, past everything that looks after it.
void tamper(const ReplicaOptions& options, const std::string& sql) {
  const auto key = open_store_key((options.directory / "key").string(), {});
  REQUIRE(key);
  auto vfs = PageVfs::install("tamper", "unix-excl", *key);
  REQUIRE(vfs);
  auto db = open_database(database_of(options), "tamper");
  REQUIRE(db);
  REQUIRE(execute(db->get(), sql));
}

}  // namespace

TEST_CASE("earlier store: each opens with what was entered, and every signature holds") {
  for (const Earlier& earlier : stores) {
    CAPTURE(earlier.name);
    const test::TempDir folder;
    const ReplicaOptions options = copy_of(earlier, folder);
    const Bytes before = test::read_file(database_of(options));
    auto replica = Replica::open(options);
    REQUIRE(replica);
    CHECK(to_hex((*replica)->state_hash()) == earlier.state_hash);
    const Verification found = (*replica)->verify(true);
    CHECK(found.ok);
    CHECK(found.entries == 7);
    std::size_t offers = 0;
    (*replica)->scan(registry::kinds::offer, [&](const RecordView&) { return ++offers, true; });
    CHECK(offers == 3);
    // Newer tables: the store as it was lies beside it.
    const std::string copy = copy_path(database_of(options), earlier.schema);
    CHECK(fs::exists(copy) == (earlier.schema < schema_version));
    if (fs::exists(copy)) CHECK(test::read_file(copy) == before);
    replica->reset();
    CHECK(Replica::open(options));
  }
}

TEST_CASE("earlier store: one of a later program is refused, and not a byte of it changes") {
  const test::TempDir folder;
  const ReplicaOptions options = copy_of(stores[0], folder);
  REQUIRE(Replica::open(options));
  tamper(options, "INSERT INTO facts(name, value) VALUES('program', '9.9.9') ON CONFLICT(name) DO UPDATE SET value = '9.9.9'; PRAGMA user_version = 99");
  const Bytes before = test::read_file(database_of(options));
  test::write_file(copy_path(database_of(options), schema_version), Bytes{1});
  const auto refused = Replica::open(options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::store_too_new);
  for (const char* word : {"99", "9.9.9", "schema-"}) CHECK(refused.error().context.find(word) != std::string::npos);
  CHECK(test::read_file(database_of(options)) == before);
  std::error_code none;
  const auto log_bytes = fs::file_size(database_of(options) + "-wal", none);
  CHECK((none || log_bytes == 0));
  CHECK_FALSE(Replica::open(options));
}

TEST_CASE("schema copy: made before a change, read back, and gone after a month") {
  const test::TempDir folder;
  const std::string database = folder.file("store.db");
  test::write_file(database, Bytes(3'000'000, 7));
  CHECK(keep_copy(database, 0, 1));
  CHECK(keep_copy(database, 1, 1));
  CHECK_FALSE(fs::exists(copy_path(database, 1)));
  REQUIRE(keep_copy(database, 1, 2));
  CHECK(test::read_file(copy_path(database, 1)) == Bytes(3'000'000, 7));
  CHECK_FALSE(fs::exists(copy_path(database, 1) + ".new"));
  test::write_file(database + "-wal", Bytes{1});
  const auto full = keep_copy(database, 2, 3);
  REQUIRE_FALSE(full);
  CHECK(full.error().code == Errc::no_space);
  CHECK_FALSE(fs::exists(copy_path(database, 2)));
  fs::last_write_time(copy_path(database, 1), fs::file_time_type::clock::now() - std::chrono::hours{24 * 31});
  CHECK(keep_copy(database, 2, 2));
  CHECK_FALSE(fs::exists(copy_path(database, 1)));
}

#include "libclient/schema.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "libclient/database.h"
#include "libclient/page_vfs.h"
#include "tests/support/memory_vfs.h"

using namespace kiz;

namespace {

constexpr const char* first[] = {
    "CREATE TABLE facts(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE entries(id INTEGER PRIMARY KEY, body BLOB NOT NULL);"
    "INSERT INTO entries(body) VALUES(zeroblob(3000)), (zeroblob(3000)), (zeroblob(3000));",
};
// Of each sort: a table, an index, a column, rows moved, a table dropped.
constexpr const char* later[] = {
    first[0],
    "CREATE TABLE peers(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO peers(name) VALUES('a'), ('b');"
    "CREATE INDEX peers_by_name ON peers(name);",
    "ALTER TABLE peers ADD COLUMN seen INTEGER NOT NULL DEFAULT 7; CREATE TABLE places(id INTEGER PRIMARY KEY, name TEXT);"
    "INSERT INTO places SELECT id, name FROM peers; DROP INDEX peers_by_name;",
};

std::string text(Sql& db, const char* sql) {
  auto query = db.query(sql);
  return query.step() ? query.text(0) : "";
}

// One store on a disk that can lose power.
struct Store {
  test::MemoryDisk& disk;
  PageVfs vfs;
  explicit Store(test::MemoryDisk& on) : disk(on), vfs(*PageVfs::install("schema-pages", on.vfs_name(), StoreKey{}, on.page_vfs_options())) {}

  Result<std::unique_ptr<Sql>> open() const {
    DatabaseOptions options;
    options.when = DatabaseOptions::When::create_if_missing;
    options.exclusive_locking = true;
    auto db = open_database("store", vfs.name(), options);
    if (!db) return db.error();
    return std::make_unique<Sql>(db->release());
  }
};

}  // namespace

TEST_CASE("schema: a power cut at any change of a migration leaves the old tables or the new ones, and the log as it was") {
  std::uint64_t cuts = 0;
  for (std::uint64_t at = 1;; ++at) {
    CAPTURE(at);
    test::MemoryDisk disk{"schema-disk", at + 1};
    const Store store{disk};
    {
      auto db = store.open();
      REQUIRE(db);
      REQUIRE(migrate_along(**db, first));
    }
    const std::uint64_t begin = disk.counts().changes;
    disk.faults.power_cut_at = begin + at;
    bool done = false;
    try {
      auto db = store.open();
      done = db && migrate_along(**db, later);
    } catch (const SqlFailure&) {
    }
    const bool was_cut = disk.counts().changes >= begin + at && !done;
    disk.faults = {};
    disk.crash();

    auto db = store.open();
    REQUIRE(db);
    const int version = schema_of(**db);
    CHECK((version == 1 || version == 3));
    if (done) CHECK(version == 3);
    CHECK(text(**db, "PRAGMA integrity_check") == "ok");
    CHECK(text(**db, "SELECT count(*) || ' ' || sum(length(body)) FROM entries") == "3 9000");
    CHECK(text(**db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('peers', 'places')") == (version == 3 ? "2" : "0"));
    REQUIRE(migrate_along(**db, later));
    CHECK(schema_of(**db) == 3);
    CHECK(text(**db, "SELECT sum(seen) || ' ' || (SELECT count(*) FROM places) FROM peers") == "14 2");
    CHECK_FALSE(text(**db, "SELECT value FROM facts WHERE name = 'program'").empty());
    cuts += was_cut ? 1 : 0;
    if (!was_cut) break;
    REQUIRE(at < 1000);
  }
  CHECK(cuts > 5);
}

TEST_CASE("schema: later tables are refused and nothing is written") {
  test::MemoryDisk disk{"schema-disk", 1};
  const Store store{disk};
  auto db = store.open();
  REQUIRE(db);
  REQUIRE(migrate_along(**db, later));
  const std::uint64_t changes = disk.counts().changes;
  const auto refused = migrate_along(**db, first);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::store_too_new);
  CHECK(disk.counts().changes == changes);
}

TEST_CASE("schema: the tables of a new store are those of this version") {
  test::MemoryDisk disk{"schema-disk", 1};
  const Store store{disk};
  auto db = store.open();
  REQUIRE(db);
  CHECK(schema_of(**db) == 0);
  REQUIRE(migrate(**db));
  CHECK(schema_of(**db) == schema_version);
  CHECK(text(**db, "SELECT count(*) FROM sqlite_schema WHERE name = 'entries'") == "1");
}

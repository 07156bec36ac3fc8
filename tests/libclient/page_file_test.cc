#include "libclient/page_file.h"

#include <doctest/doctest.h>

#include "libclient/database.h"
#include "tests/support/memory_vfs.h"
#include "tests/support/sql.h"

using namespace kiz;
using namespace kiz::test;

namespace {

struct Store {
  MemoryDisk disk{"page-file-disk", 3};
  PageVfs vfs{*PageVfs::install("page-file-pages", disk.vfs_name(), StoreKey{}, disk.page_vfs_options())};

  Connection open() {
    DatabaseOptions options;
    options.when = DatabaseOptions::When::create_if_missing;
    options.exclusive_locking = true;
    auto db = open_database("store", vfs.name(), options);
    REQUIRE_MESSAGE(db, (db ? "" : db.error().context));
    return std::move(*db);
  }
};

// Two tables, so that each commit changes several pages.
void make_tables(sqlite3* db) {
  run(db, "CREATE TABLE a(id INTEGER PRIMARY KEY, body BLOB); CREATE TABLE b(id INTEGER PRIMARY KEY, body BLOB)");
}
void add_rows(sqlite3* db) {
  run(db, "BEGIN; INSERT INTO a(body) VALUES(zeroblob(900)); INSERT INTO b(body) VALUES(zeroblob(900)); COMMIT");
}

}  // namespace

TEST_CASE("page file: a commit is one write and one sync, and mostly over bytes that are there") {
  Store store;
  const Connection db = store.open();
  make_tables(db.get());
  int growths = 0;
  for (int i = 0; i < 100; ++i) {
    const DiskCounts before = store.disk.counts();
    const std::size_t size = store.disk.read("store-wal").size();
    add_rows(db.get());
    CHECK(store.disk.counts().syncs - before.syncs == 1);
    const bool grew = store.disk.read("store-wal").size() != size;
    growths += grew ? 1 : 0;
    if (!grew) CHECK(store.disk.counts().writes - before.writes == 1);
  }
  CHECK(growths >= 1);
  CHECK(growths <= 6);
}

TEST_CASE("page file: a transaction larger than the page cache is written in pieces and read back before it commits") {
  Store store;
  Connection db = store.open();
  make_tables(db.get());
  run(db.get(), "PRAGMA cache_size = 10; BEGIN");
  for (int i = 0; i < 300; ++i) run(db.get(), "INSERT INTO a(body) VALUES(randomblob(900))");
  run(db.get(), "UPDATE a SET body = CAST(body || x'01' AS BLOB)");  // rewrites frames of its own
  CHECK(number(db.get(), "SELECT count(*) FROM a WHERE length(body) = 901") == 300);
  run(db.get(), "COMMIT");
  CHECK(text(db.get(), "PRAGMA integrity_check") == "ok");
  db.reset();
  db = store.open();
  CHECK(number(db.get(), "SELECT count(*) FROM a WHERE length(body) = 901") == 300);
}

TEST_CASE("page file: a full disk refuses the commit, keeps what was there, and goes on when there is room") {
  Store store;
  Connection db = store.open();
  make_tables(db.get());
  for (int i = 0; i < 20; ++i) add_rows(db.get());
  std::uint64_t used = 0;
  for (const auto& name : store.disk.names()) used += store.disk.read(name).size();
  store.disk.faults.capacity_bytes = used;
  int held = 20;
  while (sqlite3_exec(db.get(), "INSERT INTO a(body) VALUES(zeroblob(3000))", nullptr, nullptr, nullptr) == SQLITE_OK) {
    REQUIRE(++held < 1000);
  }
  CHECK((sqlite3_errcode(db.get()) & 0xff) == SQLITE_FULL);
  CHECK(number(db.get(), "SELECT count(*) FROM a") == held);
  store.disk.faults.capacity_bytes.reset();
  add_rows(db.get());
  CHECK(number(db.get(), "SELECT count(*) FROM a") == held + 1);
  CHECK(text(db.get(), "PRAGMA integrity_check") == "ok");
}

#include "tests/support/memory_vfs.h"

#include <doctest/doctest.h>

#include "libclient/database.h"
#include "tests/support/sql.h"
#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {

// A disk, the encrypting VFS over it, and a store that counts.
struct Machine {
  MemoryDisk disk;
  PageVfs vfs;

  explicit Machine(std::uint64_t seed)
      : disk{"memory-test", seed},
        vfs{*PageVfs::install("memory-page-test", "memory-test", StoreKey{Bytes(32, 5)}, disk.page_vfs_options())} {}

  Result<Connection> open(int checkpoint_pages = 12) {  // often
    DatabaseOptions options;
    options.when = DatabaseOptions::When::create_if_missing;
    options.checkpoint_pages = checkpoint_pages;
    options.cache_kib = 80;         // spills
    return open_database("store", vfs.name(), options);
  }
};

constexpr const char* table = "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, body BLOB)";

// Commits until something fails; returns the last id that was acknowledged.
std::int64_t commit_until_failure(sqlite3* db, std::int64_t from, int commits) {
  if (!execute(db, table)) return from;
  for (int i = 0; i < commits; ++i) {
    const std::int64_t id = from + 1;
    const std::string size = std::to_string(200 + 977 * id % 9000);
    if (!execute(db, "BEGIN IMMEDIATE; INSERT INTO t VALUES(" + std::to_string(id) + ", zeroblob(" + size +
                         ")); UPDATE t SET body = zeroblob(" + size + ") WHERE id = " + std::to_string(id / 2) +
                         "; COMMIT")) {
      return from;
    }
    from = id;
  }
  return from;
}

}  // namespace

TEST_CASE("memory disk: only what was synced is sure to survive a power cut") {
  MemoryDisk disk{"memory-test", 1};
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open_v2("x", &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "memory-test") == SQLITE_OK);
  {
    const Connection db{raw};
    run(raw, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    run(raw, "PRAGMA synchronous = OFF; INSERT INTO t VALUES(2)");
    disk.crash_losing_all();
    CHECK(sqlite3_exec(raw, "INSERT INTO t VALUES(3)", nullptr, nullptr, nullptr) != SQLITE_OK);
  }
  REQUIRE(sqlite3_open_v2("x", &raw, SQLITE_OPEN_READWRITE, "memory-test") == SQLITE_OK);
  const Connection db{raw};
  CHECK(number(raw, "SELECT max(x) FROM t") == 1);
}

TEST_CASE("memory disk: the same seed gives the same disk, byte for byte") {
  const auto life = [](std::uint64_t seed) {
    make_sqlite_deterministic(seed);
    Machine machine{seed};
    machine.disk.faults.power_cut_at = 90;
    std::int64_t last = 0;
    for (int round = 0; round < 3; ++round) {
      if (auto db = machine.open()) last = commit_until_failure(db->get(), last, 30);
      machine.disk.crash();
    }
    return machine.disk.snapshot();
  };
  CHECK(life(7) == life(7));
  CHECK(life(7) != life(8));
}

TEST_CASE("memory disk: after power cuts at any change every acknowledged commit is there and the database whole") {
  std::uint64_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Machine machine{seed};
    SeededRandom random{seed * 77};
    std::int64_t acknowledged = 0;
    for (int round = 0; round < 5; ++round) {
      CAPTURE(round);
      machine.disk.faults.power_cut_at = machine.disk.counts().changes + 1 + random.below(150);
      std::int64_t reached = acknowledged;
      if (auto db = machine.open()) {
        if (execute(db->get(), table)) {
          const auto kept = number(db->get(), "SELECT coalesce(max(id), 0) FROM t");
          CHECK(kept >= acknowledged);  // the last one may have been kept without its acknowledgement
          reached = commit_until_failure(db->get(), kept, 40);
        }
      }
      acknowledged = std::max(acknowledged, reached);
      if (machine.disk.faults.power_cut_at) {
        machine.disk.faults.power_cut_at.reset();
        machine.disk.crash();
      }
      ++cuts;
      auto db = machine.open();
      REQUIRE_MESSAGE(db, (db ? "" : db.error().context));
      run(db->get(), table);
      CHECK(text(db->get(), "PRAGMA integrity_check") == "ok");
      CHECK(number(db->get(), "SELECT coalesce(max(id), 0) FROM t") >= acknowledged);
      CHECK(number(db->get(), "SELECT count(*) FROM t") == number(db->get(), "SELECT coalesce(max(id), 0) FROM t"));
    }
  }
  CHECK(cuts == 200);
}

TEST_CASE("memory disk: a power cut or an error while a store is created leaves no half store under its name") {
  for (std::uint64_t at = 1; at <= 12; ++at) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      CAPTURE(at);
      CAPTURE(seed);
      Machine machine{seed};
      machine.disk.faults.power_cut_at = at;
      if (auto db = machine.open()) {
        machine.disk.crash();
        db->reset();
      }
      machine.disk.faults = {};
      auto db = machine.open();
      REQUIRE_MESSAGE(db, (db ? "" : db.error().context));
      CHECK(commit_until_failure(db->get(), 0, 2) == 2);
    }
  }
  Machine machine{1};
  machine.disk.faults.fail_sync_at = 1;
  CHECK_FALSE(machine.open());
  CHECK_FALSE(machine.disk.exists("store"));
  CHECK(machine.open());
}

TEST_CASE("memory disk: a full disk refuses commits, keeps what is there, and heals when there is room") {
  Machine machine{3};
  auto db = machine.open();
  REQUIRE(db);
  const auto before = commit_until_failure(db->get(), 0, 20);
  machine.disk.faults.capacity_bytes = 0;
  const auto refused = execute(db->get(), "INSERT INTO t VALUES(1000, zeroblob(200000))");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::no_space);
  CHECK(number(db->get(), "SELECT max(id) FROM t") == before);
  db->reset();
  db = machine.open();
  REQUIRE(db);
  CHECK(number(db->get(), "SELECT max(id) FROM t") == before);
  machine.disk.faults.capacity_bytes.reset();
  run(db->get(), "INSERT INTO t VALUES(1000, zeroblob(200000))");
  CHECK(text(db->get(), "PRAGMA integrity_check") == "ok");
}

TEST_CASE("memory disk: an fsync error is final for its connection, and the next opening writes all anew") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Machine machine{seed};
    auto db = machine.open();
    REQUIRE(db);
    const auto sure = commit_until_failure(db->get(), 0, 5);
    machine.disk.faults.fail_sync_at = machine.disk.counts().syncs + 1 + seed % 3;
    commit_until_failure(db->get(), sure, 10);
    const auto later = execute(db->get(), "INSERT INTO t VALUES(5000, zeroblob(10))");
    REQUIRE_FALSE(later);
    CHECK(later.error().code == Errc::io_error);
    db->reset();

    db = machine.open();
    REQUIRE_MESSAGE(db, (db ? "" : db.error().context));
    const auto kept = number(db->get(), "SELECT max(id) FROM t");
    CHECK(kept >= sure);
    const auto last = commit_until_failure(db->get(), kept, 3);
    CHECK(last == kept + 3);
    machine.disk.crash_losing_all();  // what the failed sync did not write must not take these along
    db->reset();
    db = machine.open();
    REQUIRE(db);
    CHECK(number(db->get(), "SELECT max(id) FROM t") == last);
    CHECK(text(db->get(), "PRAGMA integrity_check") == "ok");
  }
}

TEST_CASE("memory disk: a commit that was refused because of an fsync error is not there at the next opening") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Machine machine{seed};
    auto db = machine.open(1000);  // most syncs are those of commits
    REQUIRE(db);
    const auto sure = commit_until_failure(db->get(), 0, 5);
    machine.disk.faults.fail_sync_at = machine.disk.counts().syncs + 1 + seed % 5;
    const auto acknowledged = commit_until_failure(db->get(), sure, 20);
    REQUIRE(acknowledged < sure + 20);
    db->reset();

    db = machine.open();
    REQUIRE(db);
    CHECK(number(db->get(), "SELECT max(id) FROM t") == acknowledged);
    CHECK(text(db->get(), "PRAGMA integrity_check") == "ok");
    commit_until_failure(db->get(), acknowledged, 3);
    machine.disk.crash_losing_all();
    db->reset();
    db = machine.open();
    REQUIRE(db);
    CHECK(number(db->get(), "SELECT max(id) FROM t") == acknowledged + 3);
  }
}

TEST_CASE("memory disk: a write that lands elsewhere is noticed, never read as something else") {
  int noticed = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Machine machine{seed};
    auto db = machine.open();
    REQUIRE(db);
    machine.disk.faults.misdirect_write_at = machine.disk.counts().writes + 1 + seed * 5;
    commit_until_failure(db->get(), 0, 60);
    db->reset();
    db = machine.open();
    if (!db) {
      CHECK(db.error().code == Errc::damaged);
      ++noticed;
      continue;
    }
    const auto whole = execute(db->get(), "SELECT sum(length(body)) FROM t; PRAGMA integrity_check");
    if (!whole) {
      CHECK(whole.error().code == Errc::damaged);
      ++noticed;
    }
  }
  CHECK(noticed > 0);
}

TEST_CASE("memory disk: single read and write errors are reported and leave a whole database") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Machine machine{seed};
    auto db = machine.open();
    REQUIRE(db);
    const auto sure = commit_until_failure(db->get(), 0, 5);
    machine.disk.faults.read_errors_per_million = 5'000;
    machine.disk.faults.write_errors_per_million = 20'000;
    const auto reached = commit_until_failure(db->get(), sure, 30);
    db->reset();
    machine.disk.faults.read_errors_per_million = machine.disk.faults.write_errors_per_million = 0;
    db = machine.open();
    REQUIRE_MESSAGE(db, (db ? "" : db.error().context));
    CHECK(text(db->get(), "PRAGMA integrity_check") == "ok");
    CHECK(number(db->get(), "SELECT max(id) FROM t") >= reached);
  }
}

TEST_CASE("memory disk: a snapshot brings back an older life of the machine") {
  Machine machine{9};
  auto db = machine.open();
  REQUIRE(db);
  commit_until_failure(db->get(), 0, 5);
  const auto backup = machine.disk.snapshot();
  commit_until_failure(db->get(), 5, 5);
  machine.disk.restore(backup);
  db->reset();
  db = machine.open();
  REQUIRE(db);
  CHECK(number(db->get(), "SELECT max(id) FROM t") == 5);
}

TEST_CASE("memory disk: two connections share locks and the log's index") {
  Machine machine{4};
  const auto first = machine.open();
  const auto second = machine.open();
  REQUIRE(first);
  REQUIRE(second);
  commit_until_failure(first->get(), 0, 3);
  CHECK(number(second->get(), "SELECT count(*) FROM t") == 3);
  run(first->get(), "BEGIN IMMEDIATE");
  CHECK(execute(second->get(), "INSERT INTO t VALUES(9, x'')").error().code == Errc::store_in_use);
  run(first->get(), "COMMIT");
  run(second->get(), "INSERT INTO t VALUES(9, x'')");
}

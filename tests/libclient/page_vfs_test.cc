#include "libclient/page_vfs.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "libclient/database.h"
#include "libclient/page_cipher.h"
#include "tests/support/sql.h"
#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {

constexpr const char* sentinel = "ANGEBOT-SENTINEL-4711";

StoreKey key_of(std::uint8_t seed) { return StoreKey{Bytes(32, seed)}; }

// A folder, one VFS over the disk, and databases in it.
struct Disk {
  TempDir dir;
  PageVfs vfs;

  explicit Disk(std::uint8_t seed = 1, const std::string& name = "page-test")
      : vfs{*PageVfs::install(name, "unix-excl", key_of(seed))} {}

  std::string path(const std::string& name = "store") const { return dir.file(name); }
  Connection open(const std::string& name = "store", DatabaseOptions options = {}) const {
    options.when = DatabaseOptions::When::create_if_missing;
    auto db = open_database(path(name), vfs.name(), options);
    REQUIRE_MESSAGE(db, (db ? "" : db.error().context));
    return std::move(*db);
  }
};

void fill(sqlite3* db, int rows, int offset = 0) {
  run(db, "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, name TEXT, body BLOB)");
  run(db, "CREATE INDEX IF NOT EXISTS t_name ON t(name)");
  run(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(rows) +
              ") INSERT INTO t SELECT i + " + std::to_string(offset) + ", '" + sentinel +
              "-' || i, zeroblob(300) FROM n");
}

void check_whole(sqlite3* db, int rows) {
  CHECK(text(db, "PRAGMA integrity_check") == "ok");
  CHECK(number(db, "SELECT count(*) FROM t") == rows);
}

// Leaves database and log as a crash would: copied while the connection is open.
void copy_as_after_crash(const Disk& disk, const std::string& to) {
  std::filesystem::copy_file(disk.path(), disk.path(to));
  std::filesystem::copy_file(disk.path() + "-wal", disk.path(to) + "-wal");
}

void flip_bit(const std::string& path, std::size_t bit) {
  Bytes bytes = read_file(path);
  bytes.at(bit / 8) ^= static_cast<std::uint8_t>(1 << bit % 8);
  write_file(path, bytes);
}

// Reads everything there is; the first error, or SQLITE_OK.
int read_everything(const std::string& path, const std::string& vfs) {
  sqlite3* raw = nullptr;
  int rc = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, vfs.c_str());
  const Connection db{raw};
  if (rc != SQLITE_OK) return rc;
  rc = sqlite3_exec(raw, "PRAGMA temp_store=MEMORY; SELECT sum(length(body)), max(name) FROM t; SELECT count(*) FROM t",
                    nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return rc;
  return sqlite3_exec(raw, "PRAGMA integrity_check", nullptr, nullptr, nullptr);
}

}  // namespace

TEST_CASE("page vfs: what is committed is there after reopening") {
  const Disk disk;
  {
    const auto db = disk.open();
    fill(db.get(), 500);
  }
  const auto db = disk.open();
  check_whole(db.get(), 500);
  CHECK(text(db.get(), "PRAGMA journal_mode") == "wal");
  CHECK(number(db.get(), "PRAGMA synchronous") == 2);
  CHECK(number(db.get(), "PRAGMA temp_store") == 2);
  CHECK(number(db.get(), "PRAGMA foreign_keys") == 1);
  CHECK(number(db.get(), "PRAGMA trusted_schema") == 0);
  CHECK(number(db.get(), "PRAGMA cell_size_check") == 1);
  CHECK(number(db.get(), "PRAGMA secure_delete") == 1);
}

TEST_CASE("page vfs: no file holds plaintext, and there is no shared memory file") {
  const Disk disk;
  const auto db = disk.open();
  fill(db.get(), 2000);
  run(db.get(), "PRAGMA wal_checkpoint(PASSIVE)");
  fill(db.get(), 300, 5000);
  run(db.get(), "UPDATE t SET name = name || 'x' WHERE id % 3 = 0");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{disk.dir.path()}) {
    const Bytes bytes = read_file(entry.path());
    CAPTURE(entry.path().string());
    CHECK(bytes.size() > 0);
    CHECK_FALSE(contains(bytes, sentinel));
    CHECK_FALSE(contains(bytes, "CREATE TABLE"));
    CHECK_FALSE(contains(bytes, "SQLite format"));
    ++files;
  }
  CHECK(files == 2);  // database and log
  const Bytes first = read_file(disk.path());
  CHECK(first[20] == page_reserved_bytes);
}

TEST_CASE("page vfs: a rollback undoes, also from savepoints and after the cache has spilled") {
  const Disk disk;
  DatabaseOptions tiny;
  tiny.cache_kib = 40;  // ten pages: large transactions overwrite their own frames in the log
  {
    const auto db = disk.open("store", tiny);
    fill(db.get(), 200);
    run(db.get(), "BEGIN");
    fill(db.get(), 1500, 1000);
    run(db.get(), "SAVEPOINT inner");
    run(db.get(), "UPDATE t SET name = 'gone' || id, body = zeroblob(700)");
    run(db.get(), "ROLLBACK TO inner");
    run(db.get(), "UPDATE t SET name = 'kept' WHERE id % 2 = 0");
    run(db.get(), "UPDATE t SET name = 'kept again' WHERE id % 4 = 0");
    run(db.get(), "RELEASE inner");
    run(db.get(), "COMMIT");
    check_whole(db.get(), 1700);
    CHECK(number(db.get(), "SELECT count(*) FROM t WHERE name LIKE 'gone%'") == 0);
    run(db.get(), "BEGIN");
    run(db.get(), "DELETE FROM t");
    fill(db.get(), 900, 9000);
    run(db.get(), "ROLLBACK");
    check_whole(db.get(), 1700);
    copy_as_after_crash(disk, "crashed");
  }
  const auto db = disk.open("crashed", tiny);
  check_whole(db.get(), 1700);
  CHECK(number(db.get(), "SELECT count(*) FROM t WHERE name LIKE 'kept%'") == 850);
}

TEST_CASE("page vfs: frames overwritten by one large transaction are recovered with right checksums") {
  const Disk disk;
  DatabaseOptions tiny;
  tiny.cache_kib = 20;
  tiny.checkpoint_pages = 0;
  const auto db = disk.open("store", tiny);
  fill(db.get(), 300);
  run(db.get(), "BEGIN");
  for (int round = 0; round < 6; ++round) {
    run(db.get(), "UPDATE t SET body = zeroblob(200 + " + std::to_string(round) + "), name = 'r" +
                      std::to_string(round) + "-' || id");
  }
  run(db.get(), "COMMIT");
  copy_as_after_crash(disk, "crashed");
  const auto recovered = disk.open("crashed");
  check_whole(recovered.get(), 300);
  CHECK(number(recovered.get(), "SELECT count(*) FROM t WHERE name LIKE 'r5-%'") == 300);
}

TEST_CASE("page vfs: VACUUM, VACUUM INTO and a backup give whole encrypted databases") {
  const Disk disk;
  {
    const auto db = disk.open();
    fill(db.get(), 1200);
    run(db.get(), "DELETE FROM t WHERE id % 2 = 0");
    run(db.get(), "VACUUM");
    check_whole(db.get(), 600);
    run(db.get(), "VACUUM INTO '" + disk.path("copy") + "'");
    const auto target = disk.open("backup");
    sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", db.get(), "main");
    REQUIRE(backup);
    CHECK(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
    CHECK(sqlite3_backup_finish(backup) == SQLITE_OK);
  }
  for (const char* name : {"store", "copy", "backup"}) {
    CAPTURE(name);
    const Bytes bytes = read_file(disk.path(name));
    CHECK_FALSE(contains(bytes, sentinel));
    CHECK(bytes[20] == page_reserved_bytes);
    if (std::string_view{name} == "copy") {  // a rollback-mode database until somebody switches it
      CHECK(read_everything(disk.path(name), disk.vfs.name()) == SQLITE_OK);
      continue;
    }
    const auto db = disk.open(name);
    check_whole(db.get(), 600);
  }
  CHECK(FileSalt::from(read_file(disk.path("store"))) != FileSalt::from(read_file(disk.path("copy"))));
}

TEST_CASE("page vfs: two connections of one process see each other's commits, another process is kept out") {
  const Disk disk;
  const auto first = disk.open();
  fill(first.get(), 10);
  DatabaseOptions beside;
  beside.carry_over_log = false;
  const auto second = disk.open("store", beside);
  CHECK(number(second.get(), "SELECT count(*) FROM t") == 10);
  fill(second.get(), 5, 100);
  CHECK(number(first.get(), "SELECT count(*) FROM t") == 15);

  const std::string plain_sqlite = "sqlite3 '" + disk.path() + "' 'SELECT 1 FROM sqlite_schema' >/dev/null 2>&1";
  CHECK(std::system(plain_sqlite.c_str()) != 0);
}

TEST_CASE("page vfs: databases with different keys stand side by side in one process") {
  const Disk a{1, "page-a"};
  const Disk b{2, "page-b"};
  const auto in_a = a.open();
  const auto in_b = b.open();
  fill(in_a.get(), 20);
  fill(in_b.get(), 30);
  check_whole(in_a.get(), 20);
  check_whole(in_b.get(), 30);
  CHECK(PageVfs::install("page-a", "unix-excl", key_of(1)).error().code == Errc::invalid_input);
  CHECK(PageVfs::install("page-c", "no such base", key_of(1)).error().code == Errc::invalid_input);
}

TEST_CASE("page vfs: every one of 300 random bit flips in the database is noticed") {
  const Disk disk;
  {
    const auto db = disk.open();
    fill(db.get(), 400);
  }
  const Bytes whole = read_file(disk.path());
  std::mt19937_64 random{20260101};
  int noticed = 0;
  for (int i = 0; i < 300; ++i) {
    const std::size_t bit = random() % (whole.size() * 8);
    write_file(disk.path("flipped"), whole);
    flip_bit(disk.path("flipped"), bit);
    const int rc = read_everything(disk.path("flipped"), disk.vfs.name());
    CAPTURE(bit);
    CHECK(rc != SQLITE_OK);
    if (rc == SQLITE_IOERR_DATA) ++noticed;
  }
  CHECK(noticed > 290);  // the others fall on the open header bytes, which SQLite refuses first
}

TEST_CASE("page vfs: every flip in the first 100 bytes is noticed") {
  const Disk disk;
  {
    const auto db = disk.open();
    fill(db.get(), 50);
  }
  const Bytes whole = read_file(disk.path());
  for (std::size_t at = 0; at < 100; ++at) {
    write_file(disk.path("flipped"), whole);
    flip_bit(disk.path("flipped"), at * 8 + at % 8);
    CAPTURE(at);
    CHECK(read_everything(disk.path("flipped"), disk.vfs.name()) != SQLITE_OK);
    CHECK_FALSE(open_database(disk.path("flipped"), disk.vfs.name()));
    std::filesystem::remove(disk.path("flipped") + "-wal");
  }
}

TEST_CASE("page vfs: swapped pages, and pages of another file of the same key, are noticed") {
  const Disk disk;
  for (const char* name : {"store", "other"}) {
    const auto db = disk.open(name);
    fill(db.get(), 400);
  }
  Bytes swapped = read_file(disk.path());
  std::swap_ranges(swapped.begin() + 4096 * 4, swapped.begin() + 4096 * 5, swapped.begin() + 4096 * 5);
  write_file(disk.path("swapped"), swapped);
  CHECK(read_everything(disk.path("swapped"), disk.vfs.name()) == SQLITE_IOERR_DATA);

  Bytes spliced = read_file(disk.path());
  const Bytes other = read_file(disk.path("other"));
  std::copy_n(other.begin() + 4096 * 5, 4096, spliced.begin() + 4096 * 5);
  write_file(disk.path("spliced"), spliced);
  CHECK(read_everything(disk.path("spliced"), disk.vfs.name()) == SQLITE_IOERR_DATA);

  Bytes shortened = read_file(disk.path());
  shortened.resize(shortened.size() - 4096 * 2);
  write_file(disk.path("shortened"), shortened);
  CHECK(read_everything(disk.path("shortened"), disk.vfs.name()) != SQLITE_OK);
}

TEST_CASE("page vfs: a wrong key is told from a damaged page, and leaves database and log alone") {
  const Disk disk;
  const auto db = disk.open();
  fill(db.get(), 400);
  copy_as_after_crash(disk, "crashed");
  const Bytes before = read_file(disk.path("crashed"));
  const Bytes log_before = read_file(disk.path("crashed") + "-wal");
  REQUIRE(log_before.size() > 4096);
  {
    const auto wrong = PageVfs::install("page-wrong", "unix-excl", key_of(9));
    const auto refused = open_database(disk.path("crashed"), "page-wrong");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::wrong_key);
  }
  CHECK(read_file(disk.path("crashed")) == before);
  CHECK(read_file(disk.path("crashed") + "-wal") == log_before);
  check_whole(disk.open("crashed").get(), 400);

  run(db.get(), "PRAGMA wal_checkpoint(TRUNCATE)");
  std::filesystem::copy_file(disk.path(), disk.path("damaged"));
  flip_bit(disk.path("damaged"), 8 * 200);
  const auto refused = open_database(disk.path("damaged"), disk.vfs.name());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::damaged);
}

TEST_CASE("page vfs: plain and encrypted databases are not taken for each other") {
  const Disk disk;
  {
    const auto db = disk.open();
    fill(db.get(), 5);
    sqlite3* plain = nullptr;
    REQUIRE(sqlite3_open(disk.path("plain").c_str(), &plain) == SQLITE_OK);
    fill(plain, 5);
    sqlite3_close(plain);
  }
  CHECK(read_everything(disk.path(), "unix") == SQLITE_NOTADB);
  const auto refused = open_database(disk.path("plain"), disk.vfs.name());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::damaged);
}

TEST_CASE("page vfs: a backup from a plain database is refused") {
  const Disk disk;
  sqlite3* plain = nullptr;
  REQUIRE(sqlite3_open(disk.path("plain").c_str(), &plain) == SQLITE_OK);
  const Connection source{plain};
  fill(plain, 50);
  const auto target = disk.open("target");
  sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", plain, "main");
  REQUIRE(backup);
  CHECK(sqlite3_backup_step(backup, -1) != SQLITE_DONE);
  CHECK(sqlite3_backup_finish(backup) == SQLITE_IOERR_WRITE);
  CHECK_FALSE(contains(read_file(disk.path("target")), sentinel));
  CHECK_FALSE(contains(read_file(disk.path("target") + "-wal"), sentinel));
}

TEST_CASE("page vfs: without reserved bytes nothing is written") {
  const Disk disk;
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open_v2(disk.path("bare").c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                          disk.vfs.name().c_str()) == SQLITE_OK);
  const Connection db{raw};
  CHECK(sqlite3_exec(raw, "CREATE TABLE t(x)", nullptr, nullptr, nullptr) == SQLITE_IOERR);
  CHECK(read_file(disk.path("bare")).empty());
}

TEST_CASE("page vfs: auto-vacuum and another page size are refused") {
  const Disk disk;
  for (const std::string setting : {"PRAGMA auto_vacuum = FULL", "PRAGMA page_size = 8192"}) {
    CAPTURE(setting);
    sqlite3* raw = nullptr;
    REQUIRE(sqlite3_open_v2(disk.path("set").c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            disk.vfs.name().c_str()) == SQLITE_OK);
    const Connection db{raw};
    int reserved = page_reserved_bytes;
    sqlite3_file_control(raw, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    CHECK(sqlite3_exec(raw, (setting + "; CREATE TABLE t(x)").c_str(), nullptr, nullptr, nullptr) != SQLITE_OK);
    CHECK(read_file(disk.path("set")).empty());
  }
}

TEST_CASE("page vfs: a temporary file is refused, in memory it works") {
  const Disk disk;
  DatabaseOptions tiny;
  tiny.cache_kib = 20;
  const auto db = disk.open("store", tiny);
  fill(db.get(), 1000);
  run(db.get(), "CREATE TEMP TABLE kept AS SELECT * FROM t ORDER BY name DESC");
  CHECK(number(db.get(), "SELECT count(*) FROM kept") == 1000);
  run(db.get(), "DROP TABLE temp.kept");
  run(db.get(), "PRAGMA temp_store = FILE; PRAGMA temp.cache_size = 5");
  const int rc = sqlite3_exec(db.get(), "CREATE TEMP TABLE spilled AS SELECT * FROM t; SELECT * FROM spilled", nullptr,
                              nullptr, nullptr);
  CHECK((rc & 0xff) == SQLITE_CANTOPEN);
}

TEST_CASE("page vfs: a database with content gets no rollback journal") {
  const Disk disk;
  {
    const auto db = disk.open();
    fill(db.get(), 10);
  }
  const auto db = disk.open();
  CHECK(sqlite3_exec(db.get(), "PRAGMA journal_mode = DELETE; INSERT INTO t(name) VALUES('x')", nullptr, nullptr,
                     nullptr) != SQLITE_OK);
  CHECK_FALSE(std::filesystem::exists(disk.path() + "-journal"));
  const auto again = disk.open();
  check_whole(again.get(), 10);
}

TEST_CASE("page vfs: memory maps and loadable extensions stay off") {
  const Disk disk;
  const auto db = disk.open();
  CHECK(number(db.get(), "PRAGMA mmap_size = 1000000") == 0);
  CHECK(sqlite3_exec(db.get(), "SELECT load_extension('x')", nullptr, nullptr, nullptr) != SQLITE_OK);
}

TEST_CASE("page vfs: a torn page 1 opens when the log holds page 1") {
  const Disk disk;
  DatabaseOptions no_checkpoint;
  no_checkpoint.checkpoint_pages = 0;
  const auto db = disk.open("store", no_checkpoint);
  fill(db.get(), 100);
  run(db.get(), "PRAGMA wal_checkpoint(PASSIVE)");
  run(db.get(), "CREATE TABLE more(x)");  // page 1 is in the log
  const Bytes older = read_file(disk.path());
  copy_as_after_crash(disk, "torn");
  Bytes torn = read_file(disk.path("torn"));
  for (std::size_t at = 512; at < 4096; at += 1024)
    std::fill_n(torn.begin() + static_cast<std::ptrdiff_t>(at), 512, 0xee);
  write_file(disk.path("torn"), torn);
  const auto recovered = disk.open("torn");
  check_whole(recovered.get(), 100);
  CHECK(number(recovered.get(), "SELECT count(*) FROM more") == 0);
}

TEST_CASE("page vfs: a flip in the log ends recovery with a whole, shorter history; in its header it is an error") {
  const Disk disk;
  DatabaseOptions no_checkpoint;
  no_checkpoint.checkpoint_pages = 0;
  const auto db = disk.open("store", no_checkpoint);
  run(db.get(), "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, body BLOB)");
  run(db.get(), "PRAGMA wal_checkpoint(TRUNCATE)");
  for (int i = 1; i <= 40; ++i) {
    run(db.get(), "INSERT INTO t VALUES(" + std::to_string(i) + ", 'row', zeroblob(900))");
  }
  const Bytes database = read_file(disk.path());
  Bytes log = read_file(disk.path() + "-wal");
  while (log.back() == 0) log.pop_back();  // written ahead; a flip there harms nothing
  std::mt19937_64 random{4711};
  int shorter = 0;
  for (int i = 0; i < 200; ++i) {
    const std::size_t bit = random() % (log.size() * 8);
    write_file(disk.path("flipped"), database);
    write_file(disk.path("flipped") + "-wal", log);
    flip_bit(disk.path("flipped") + "-wal", bit);
    CAPTURE(bit);
    auto opened = open_database(disk.path("flipped"), disk.vfs.name());
    if (bit / 8 < wal_header_bytes) {
      REQUIRE_FALSE(opened);
      CHECK(opened.error().code == Errc::damaged);
      continue;
    }
    REQUIRE(opened);
    CHECK(text(opened->get(), "PRAGMA integrity_check") == "ok");
    const auto rows = number(opened->get(), "SELECT count(*) FROM t");
    CHECK(rows == number(opened->get(), "SELECT coalesce(max(id), 0) FROM t"));
    if (rows < 40) ++shorter;
  }
  CHECK(shorter > 180);
  for (std::size_t at = 0; at < wal_header_bytes; ++at) {
    write_file(disk.path("flipped"), database);
    write_file(disk.path("flipped") + "-wal", log);
    flip_bit(disk.path("flipped") + "-wal", at * 8);
    const auto opened = open_database(disk.path("flipped"), disk.vfs.name());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::damaged);
    CHECK(read_file(disk.path("flipped") + "-wal").size() == log.size());  // never deleted for being unreadable
  }
}

TEST_CASE("page vfs: a flipped page that a query reads from the log is an error") {
  const Disk disk;
  DatabaseOptions small;
  small.checkpoint_pages = 0;
  small.cache_kib = 20;
  const auto db = disk.open("store", small);
  fill(db.get(), 400);
  const std::size_t size = read_file(disk.path() + "-wal").size();
  for (std::size_t at = wal_header_bytes + 24 + 50; at < size; at += 4120) flip_bit(disk.path() + "-wal", at * 8);
  CHECK(sqlite3_exec(db.get(), "SELECT sum(length(body)), max(name) FROM t", nullptr, nullptr, nullptr) ==
        SQLITE_IOERR_DATA);
}

TEST_CASE("page vfs: a creation that was interrupted leaves nothing in the way") {
  const Disk disk;
  write_file(disk.path() + ".new", Bytes(5000, 3));
  write_file(disk.path() + ".new-wal", Bytes(50, 3));
  fill(disk.open().get(), 3);
  CHECK_FALSE(std::filesystem::exists(disk.path() + ".new"));
  CHECK((std::filesystem::status(disk.path()).permissions() & std::filesystem::perms{0077}) ==
        std::filesystem::perms{});
}

TEST_CASE("page vfs: a log without its database is not thrown away") {
  const Disk disk;
  {
    const auto db = disk.open();
    fill(db.get(), 30);
    copy_as_after_crash(disk, "crashed");
  }
  std::filesystem::remove(disk.path("crashed"));
  DatabaseOptions create;
  create.when = DatabaseOptions::When::create_if_missing;
  const auto refused = open_database(disk.path("crashed"), disk.vfs.name(), create);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::damaged);
  CHECK(std::filesystem::file_size(disk.path("crashed") + "-wal") > 4096);
}

TEST_CASE("page vfs: nonces come from the given source, and the same source gives the same file") {
  const auto bytes_of = [](std::uint64_t seed) {
    TempDir dir;
    std::mt19937_64 random{seed};
    PageVfsOptions options;
    options.random = [&](std::span<std::uint8_t> out) {
      for (auto& b : out) b = static_cast<std::uint8_t>(random());
    };
    const auto vfs = PageVfs::install("page-seeded", "unix-excl", key_of(1), options);
    DatabaseOptions create;
    create.when = DatabaseOptions::When::create_if_missing;
    {
      const auto db = open_database(dir.file("store"), "page-seeded", create);
      fill(db->get(), 20);
    }
    return read_file(dir.file("store"));
  };
  CHECK(bytes_of(1) == bytes_of(1));
  CHECK(bytes_of(1) != bytes_of(2));
}

#include "tests/bench/database.h"

#include <stdexcept>
#include <string>

#include "libclient/database.h"
#include "libclient/page_vfs.h"

namespace kiz::bench {
namespace {

void check(int code, sqlite3* handle) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
    throw std::runtime_error{std::string{"SQLite: "} + (handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code))};
  }
}

sqlite3* plain(const std::filesystem::path& file) {
  sqlite3* handle = nullptr;
  check(sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr), handle);
  return handle;
}

sqlite3* encrypted(const std::filesystem::path& file) {
  static const auto vfs = PageVfs::install("kiz-bench-limits", "unix-excl", StoreKey{Bytes(32, 7)});
  if (!vfs) throw std::runtime_error{vfs.error().context};
  auto connection = open_database(file, vfs->name(), {.when = DatabaseOptions::When::create_if_missing});
  if (!connection) throw std::runtime_error{connection.error().context};
  return connection->release();
}

}  // namespace

Database::Database(const std::filesystem::path& file, Pages pages)
    : handle_(pages == Pages::plain ? plain(file) : encrypted(file)) {
  run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY;"
      "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000");
}

Database::~Database() { sqlite3_close(handle_); }

void Database::run(const char* sql) { check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr), handle_); }

Statement::Statement(Database& database, std::string_view sql) {
  check(sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &statement_, nullptr),
        database.handle());
}

void Statement::step() {
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(statement_);
  sqlite3_reset(statement_);
  check(code, sqlite3_db_handle(statement_));
}

}  // namespace kiz::bench

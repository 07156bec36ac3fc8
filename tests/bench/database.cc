#include "tests/bench/database.h"

#include <stdexcept>
#include <string>

namespace kiz::bench {
namespace {

void check(int code, sqlite3* handle) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
    throw std::runtime_error{std::string{"SQLite: "} + (handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code))};
  }
}

}  // namespace

Database::Database(const std::filesystem::path& file) {
  check(sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr), handle_);
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

// SQL in one line, for tests: a statement that must work, the first column of its first row.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace kiz::test {

inline void run(sqlite3* db, const std::string& sql) {
  char* message = nullptr;
  const int rc = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message);
  const std::string what = message ? message : "";
  sqlite3_free(message);
  REQUIRE_MESSAGE(rc == SQLITE_OK, sql, ": ", what);
}

inline std::string text(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  REQUIRE_MESSAGE(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK, sqlite3_errmsg(db));
  std::string out;
  if (sqlite3_step(statement) == SQLITE_ROW) {
    const auto* found = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    out = found ? found : "";
  }
  const int rc = sqlite3_finalize(statement);
  REQUIRE_MESSAGE(rc == SQLITE_OK, sql, ": ", sqlite3_errmsg(db));
  return out;
}

inline std::int64_t number(sqlite3* db, const std::string& sql) { return std::stoll("0" + text(db, sql)); }

}  // namespace kiz::test

#include "libclient/sqlite.h"

namespace kiz {

Error SqlFailure::error() const {
  switch (code_ & 0xff) {
    case SQLITE_FULL: return {Errc::no_space, "store"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {Errc::store_in_use, "store"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return {Errc::damaged, "store"};
    case SQLITE_IOERR: return {code_ == SQLITE_IOERR_DATA || code_ == SQLITE_IOERR_CORRUPTFS ? Errc::damaged : Errc::io_error, "store"};
    default: return {Errc::io_error, "store"};
  }
}

void Query::fail() const {
  sqlite3* db = sqlite3_db_handle(statement_);
  throw SqlFailure{sqlite3_extended_errcode(db), sqlite3_errmsg(db)};
}

Sql::~Sql() {
  for (const auto& [sql, prepared] : statements_) sqlite3_finalize(prepared->statement);
  sqlite3_close(connection_);
}

sqlite3_stmt* Sql::prepare(const char* sql) {
  sqlite3_stmt* out = nullptr;
  if (sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT, &out, nullptr) != SQLITE_OK) {
    throw SqlFailure{sqlite3_extended_errcode(connection_), sqlite3_errmsg(connection_)};
  }
  return out;
}

Query Sql::query(const char* sql) {
  const auto [begin, end] = statements_.equal_range(sql);
  for (auto at = begin; at != end; ++at) {
    if (!at->second->in_use) return {at->second->statement, &at->second->in_use};
  }
  const auto fresh = statements_.emplace(sql, std::make_unique<Prepared>(Prepared{prepare(sql), false}));
  return {fresh->second->statement, &fresh->second->in_use};
}

void Sql::execute(const char* sql) {
  if (sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw SqlFailure{sqlite3_extended_errcode(connection_), sqlite3_errmsg(connection_)};
  }
}

Transaction::Transaction(Sql& db) : db_(db) { db_.query("BEGIN IMMEDIATE").run(); }

Transaction::~Transaction() {
  // A failed statement may have rolled back already; then this is a no-op that may fail, and nothing is left to undo.
  if (open_ && sqlite3_get_autocommit(db_.connection()) == 0) sqlite3_exec(db_.connection(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  db_.query("COMMIT").run();
  open_ = false;
}

}  // namespace kiz

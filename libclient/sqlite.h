// A thin hand on SQLite: statements prepared once, values bound and read by type, failures as exceptions.
// A failure of the machine (disk full, I/O, damage) leaves as SqlFailure and is caught where a call of the replica ends.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kiz/bytes.h"
#include "kiz/result.h"

namespace kiz {

class SqlFailure : public std::exception {
 public:
  SqlFailure(int code, std::string what) : code_(code), what_(std::move(what)) {}
  const char* what() const noexcept override { return what_.c_str(); }
  int code() const { return code_; }  // extended result code
  /// no_space, damaged, store_in_use or io_error
  Error error() const;

 private:
  int code_;
  std::string what_;
};

class Sql;

/// A prepared statement in use; resets itself when it goes. Columns and parameters count from 0.
class Query {
 public:
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query(Query&& other) noexcept
      : statement_(other.statement_), in_use_(other.in_use_), next_(other.next_) {
    other.statement_ = nullptr;
  }
  ~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    *in_use_ = false;
  }

  /// Binds the next parameter. Blobs and texts must outlive the next step().
  Query& operator<<(std::int64_t v) { check(sqlite3_bind_int64(statement_, ++next_, v)); return *this; }
  Query& operator<<(std::uint64_t v) { return *this << static_cast<std::int64_t>(v); }
  Query& operator<<(std::uint32_t v) { return *this << static_cast<std::int64_t>(v); }
  Query& operator<<(int v) { return *this << static_cast<std::int64_t>(v); }
  Query& operator<<(ByteView v) {
    static constexpr unsigned char nothing = 0;
    check(sqlite3_bind_blob64(statement_, ++next_, v.empty() ? &nothing : v.data(), v.size(), SQLITE_STATIC));
    return *this;
  }
  Query& operator<<(std::string_view v) {
    check(sqlite3_bind_text64(statement_, ++next_, v.data() == nullptr ? "" : v.data(), v.size(), SQLITE_STATIC, SQLITE_UTF8));
    return *this;
  }
  Query& operator<<(std::nullptr_t) { check(sqlite3_bind_null(statement_, ++next_)); return *this; }

  /// True while there is a row.
  bool step() {
    const int rc = sqlite3_step(statement_);
    if (rc == SQLITE_ROW) return true;
    check(rc == SQLITE_DONE ? SQLITE_OK : rc);
    return false;
  }
  /// Runs a statement that gives no rows.
  void run() { step(); }
  void again() {
    sqlite3_reset(statement_);
    next_ = 0;
  }

  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(number(column)); }
  bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  /// Valid until the next step().
  ByteView blob(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::string text(int column) const {
    const auto bytes = blob(column);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  friend class Sql;
  Query(sqlite3_stmt* statement, bool* in_use) : statement_(statement), in_use_(in_use) { *in_use_ = true; }
  void check(int rc) const {
    if (rc != SQLITE_OK) fail();
  }
  [[noreturn]] void fail() const;

  sqlite3_stmt* statement_;
  bool* in_use_;  // owned by the Sql
  int next_ = 0;
};

class Sql {
 public:
  /// Takes ownership of an open connection.
  explicit Sql(sqlite3* connection) : connection_(connection) {}
  ~Sql();
  Sql(const Sql&) = delete;
  Sql& operator=(const Sql&) = delete;

  /// `sql` must be a literal: the prepared statement is kept under its address.
  /// Asking for one that is in use prepares another, so that scans may nest.
  Query query(const char* sql);
  void execute(const char* sql);
  std::int64_t last_row() const { return sqlite3_last_insert_rowid(connection_); }
  int changes() const { return sqlite3_changes(connection_); }
  sqlite3* connection() const { return connection_; }

 private:
  sqlite3_stmt* prepare(const char* sql);

  struct Prepared {
    sqlite3_stmt* statement;
    bool in_use;
  };

  sqlite3* connection_;
  std::unordered_multimap<const void*, std::unique_ptr<Prepared>> statements_;
};

/// BEGIN IMMEDIATE ... COMMIT; rolls back when it goes uncommitted.
class Transaction {
 public:
  explicit Transaction(Sql& db);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Sql& db_;
  bool open_ = true;
};

}  // namespace kiz

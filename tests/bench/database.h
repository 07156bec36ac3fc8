// SQLite as a plain program uses it: WAL, synchronous=FULL, on plain pages or on the product's encrypted ones. For the
// limits; the product's store is libclient/store.h.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "kiz/bytes.h"

namespace kiz::bench {

/// Encrypted ones go through libclient/page_vfs.h, under a key made for the process.
enum class Pages { plain, encrypted };

/// Throws std::runtime_error with SQLite's words when something fails: a benchmark has no way to go on.
class Database {
 public:
  explicit Database(const std::filesystem::path& file, Pages pages = Pages::plain);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql);
  sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

/// A prepared statement; texts and blobs handed to bind() must live until run().
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Binds all parameters in order, runs to the end and is ready for the next time.
  template <class... Values>
  void run(const Values&... values) {
    int at = 0;
    (bind(++at, values), ...);
    step();
  }

  void bind(int at, std::int64_t value) { sqlite3_bind_int64(statement_, at, value); }
  void bind(int at, std::string_view text) {
    sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void bind(int at, ByteView blob) {
    sqlite3_bind_blob(statement_, at, blob.data(), static_cast<int>(blob.size()), SQLITE_STATIC);
  }
  void step();

 private:
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace kiz::bench

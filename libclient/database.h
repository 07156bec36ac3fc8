// Opens the store's SQLite database through an encrypting VFS (page_vfs.h), with every setting the store rests on.
//
// A database is made under a temporary name and renamed when it is in WAL mode and closed: under its own name there is
// never half a file. Whoever opens an existing one first carries the write-ahead log over into the database file and
// empties it: after an fsync that failed, the log may show commits that are in memory only, and what is appended behind
// them would be lost with them. Written anew, they are synced anew.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <string>

#include "kiz/result.h"

namespace kiz {

struct CloseConnection {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;

struct DatabaseOptions {
  enum class When { must_exist, create_if_missing };
  When when = When::must_exist;
  int cache_kib = 24 << 10;               // hides most of what decryption costs
  int checkpoint_pages = 4000;            // of the log, then a commit also carries it over
  bool exclusive_locking = false;         // for a base VFS without shared memory: this one connection alone
  bool carry_over_log = true;             // false: one more connection beside an open one
  int schema_max = 0;                     // a database of a later user_version is refused, untouched; 0: any
  std::chrono::milliseconds busy_max{0};  // how long a statement waits for another connection
};

/// Opens `path` through the installed VFS `vfs_name`: WAL, synchronous=FULL, foreign keys, temporary tables in memory,
/// freed content overwritten, no extensions, nothing trusted that the schema says.
/// errors: store_too_new (context: its version and, behind a blank, the program that wrote it), not_found, store_in_use (another process), wrong_key (no page looked at opens), damaged, no_space, io_error
Result<Connection> open_database(const std::string& path, const std::string& vfs_name,
                               const DatabaseOptions& options = {});

/// What a SQLite result (plain or extended) means for the one who asked: damaged, no_space, store_in_use, io_error,
/// not_permitted (a write to a read-only database), internal.
Errc errc_of(int sqlite_code);

/// The last error of a connection: its code, and `what` with SQLite's own words.
Error error_of(sqlite3* db, const std::string& what);

/// Runs statements that return no rows that matter.
Result<void> execute(sqlite3* db, const std::string& sql);

}  // namespace kiz

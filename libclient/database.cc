#include "libclient/database.h"

#include <cstdlib>

#include "libclient/page_cipher.h"
#include "libclient/page_vfs.h"
#include "protocol/mutants.h"

namespace kiz {
namespace {

bool exists(sqlite3_vfs* vfs, const std::string& path) {
  int found = 0;
  return vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &found) == SQLITE_OK && found != 0;
}

// The first column of the first row. Steps to the end: what a pragma writes is committed there, and may fail there.
Result<std::string> text_of(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) return error_of(db, sql);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement{raw, sqlite3_finalize};
  std::string out;
  int rc = sqlite3_step(raw);
  if (rc == SQLITE_ROW) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
    out = text ? text : "";
    rc = sqlite3_step(raw);
  }
  if (rc != SQLITE_DONE) return error_of(db, sql);
  return out;
}

Result<Connection> open_handle(const std::string& path, const std::string& vfs_name, int flags) {
  sqlite3* raw = nullptr;
  const int rc =
      sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, vfs_name.c_str());
  Connection db{raw};
  if (rc != SQLITE_OK) return Error{errc_of(rc), path + ": " + sqlite3_errstr(rc)};
  return db;
}

Result<void> configure(sqlite3* db, const DatabaseOptions& options) {
  int reserved = static_cast<int>(page_reserved_bytes);
  sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);  // before anything is written
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_busy_timeout(db, static_cast<int>(options.busy_max.count()));
  constexpr int log_bytes_kept = 32 << 20;  // a large transaction's log is cut back to this when it starts anew
  return execute(db, std::string{"PRAGMA temp_store = MEMORY; PRAGMA page_size = 4096; PRAGMA mmap_size = 0;"} +
                         "PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON; PRAGMA synchronous = " +
                         (KIZ_MUTANT(skip_fsync) ? "OFF" : "FULL") + ";" +
                         "PRAGMA locking_mode = " + (options.exclusive_locking ? "EXCLUSIVE" : "NORMAL") + ";" +
                         "PRAGMA journal_size_limit = " + std::to_string(log_bytes_kept) + ";" +
                         "PRAGMA cache_size = -" + std::to_string(options.cache_kib) + ";" +
                         "PRAGMA wal_autocheckpoint = " + std::to_string(options.checkpoint_pages));
}

// A file that does not open: of another key, or damaged? The first pages decide.
Error explain(sqlite3* db, const std::string& path, Error error) {
  PageProbe probe = PageProbe::empty;
  if (error.code != Errc::damaged || sqlite3_file_control(db, "main", fcntl_probe_key, &probe) != SQLITE_OK)
    return error;
  if (probe == PageProbe::plain) return {Errc::damaged, path + ": not encrypted, so not a store"};
  if (probe == PageProbe::none_authentic) return {Errc::wrong_key, path};
  return error;
}

// A later program's database stays as it is, byte for byte: not even its log is carried over, also not at closing.
Result<void> check_schema(sqlite3* db, int schema_max) {
  const auto version = text_of(db, "PRAGMA user_version");
  if (!version) return version.error();
  if (std::strtol(version->c_str(), nullptr, 10) <= schema_max) return {};
  sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const auto program = text_of(db, "SELECT value FROM facts WHERE name = 'program'");
  return Error{Errc::store_too_new, *version + " " + (program ? *program : std::string{})};
}

Result<void> create(const std::string& path, const std::string& vfs_name, const DatabaseOptions& options) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(vfs_name.c_str());
  if (exists(vfs, path + "-wal")) {
    return Error{Errc::damaged, path + " is missing, but its log " + path + "-wal is there; nothing was changed"};
  }
  const std::string fresh = path + ".new";
  for (const auto& leftover : {fresh + "-wal", fresh}) {  // of a creation that was interrupted: nothing in it was used
    const int rc = exists(vfs, leftover) ? vfs->xDelete(vfs, leftover.c_str(), 1) : SQLITE_OK;
    if (rc != SQLITE_OK) return Error{errc_of(rc), leftover};
  }
  auto db = open_handle(fresh, vfs_name, SQLITE_OPEN_CREATE);
  if (!db) return db.error();
  if (auto done = configure(db->get(), options); !done) return done;
  auto mode = text_of(db->get(), "PRAGMA journal_mode = MEMORY");
  if (mode) mode = text_of(db->get(), "PRAGMA journal_mode = WAL");
  if (!mode) return mode.error();
  if (*mode != "wal") return Error{Errc::io_error, "no write-ahead log over this VFS"};
  if (const int rc = sqlite3_close(db->release()); rc != SQLITE_OK) return Error{errc_of(rc), fresh};
  return PageVfs::rename(vfs_name, fresh, path);
}

}  // namespace

Result<Connection> open_database(const std::string& path, const std::string& vfs_name, const DatabaseOptions& options) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(vfs_name.c_str());
  if (!vfs) return Error{Errc::internal, "no VFS named " + vfs_name};
  if (!exists(vfs, path)) {
    if (options.when == DatabaseOptions::When::must_exist) return Error{Errc::not_found, path};
    if (auto created = create(path, vfs_name, options); !created) return created.error();
  }
  auto db = open_handle(path, vfs_name, 0);
  if (!db) return db;
  auto ready = configure(db->get(), options);
  if (ready) ready = execute(db->get(), "SELECT count(*) FROM sqlite_schema");  // takes the locks, recovers the log
  if (!ready) return explain(db->get(), path, ready.error());
  const auto mode = text_of(db->get(), "PRAGMA journal_mode");
  if (!mode) return mode.error();
  if (*mode != "wal") return Error{Errc::damaged, path + ": not in WAL mode"};
  if (options.schema_max > 0) {
    if (auto fits = check_schema(db->get(), options.schema_max); !fits) return fits.error();
  }
  if (options.carry_over_log) {
    const int rc = sqlite3_wal_checkpoint_v2(db->get(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    // Full disk: the database opens, reads, and heals by itself when there is room again.
    if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_FULL) {
      return explain(db->get(), path, error_of(db->get(), "carrying over the write-ahead log"));
    }
  }
  return db;
}

Errc errc_of(int sqlite_code) {
  if (sqlite_code == SQLITE_IOERR_DATA || sqlite_code == SQLITE_IOERR_CORRUPTFS) return Errc::damaged;
  switch (sqlite_code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return Errc::ok;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::damaged;
    case SQLITE_FULL:
      return Errc::no_space;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::store_in_use;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Errc::not_permitted;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return Errc::io_error;
    default:
      return Errc::internal;
  }
}

Error error_of(sqlite3* db, const std::string& what) {
  const int rc = sqlite3_extended_errcode(db);
  return {errc_of(rc), what + ": " + sqlite3_errmsg(db) + " (" + std::to_string(rc) + ")"};
}

Result<void> execute(sqlite3* db, const std::string& sql) {
  if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return error_of(db, sql);
  return {};
}

}  // namespace kiz

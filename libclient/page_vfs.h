// A SQLite VFS that encrypts: SQLite above sees plain pages, the VFS below (the disk, or a faulty one in simulation)
// sees none. Works with the SQLite of the distribution, unpatched. The bytes: page_cipher.h. Opening: database.h.
//
// Encrypted:      the database file and its write-ahead log.
// Refused:        temporary files of every kind (SQLITE_CANTOPEN), so that a forgotten PRAGMA temp_store=MEMORY fails
//                 loudly; rollback journals beside a database that has content; reads and writes of any other shape
//                 than those SQLite makes; pages without the reserved bytes (a backup from a plain database).
// Kept in memory: the rollback journal of a database that is just being created: it undoes nothing, the file goes.
// No memory map (io_methods version 2 has no xFetch), no atomic writes, and over "unix-excl" no -shm file, which would
// show page numbers and the last checksum.
//
// Not found here: a page, or the whole file, put back to an older authentic state (incarnation.h and peers find that).
//
// An fsync that failed once is final for that connection: the kernel may have dropped the pages and call the next fsync
// good. All further writes fail with SQLITE_IOERR_FSYNC. What it should have confirmed leaves the log at once: a commit that
// was refused must not show up later. database.h says how the next opening heals.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kiz/result.h"
#include "libclient/store_key.h"

namespace kiz {

struct PageVfsOptions {
  /// Fills a span with bytes that never come again; draws one nonce per page written. Empty: the system's generator.
  std::function<void(std::span<std::uint8_t>)> random;
  /// Renames a file of the base VFS so that it lasts. Empty: rename(2), then fsync of the directory.
  std::function<Result<void>(const std::string& from, const std::string& to)> rename;
};

/// One VFS under one name with one key. Several may stand side by side. Must outlive every connection made through it.
class PageVfs {
 public:
  /// name       how connections ask for it; must not be registered yet
  /// base_name  a registered VFS: "unix-excl", or a test's own
  /// errors     invalid_input (name taken, base unknown)
  static Result<PageVfs> install(const std::string& name, const std::string& base_name, const StoreKey& key,
                                 PageVfsOptions options = {});
  PageVfs(PageVfs&&) noexcept;
  PageVfs& operator=(PageVfs&&) noexcept;
  ~PageVfs();

  const std::string& name() const;

  /// Renames through the installed VFS of that name. errors: invalid_input (not one of ours), no_space, io_error
  static Result<void> rename(const std::string& vfs_name, const std::string& from, const std::string& to);

 private:
  explicit PageVfs(std::unique_ptr<struct PageVfsInstance> instance);

  std::unique_ptr<struct PageVfsInstance> instance_;
};

/// What an application asks the main database file of a PageVfs by sqlite3_file_control(); argument: PageProbe*.
inline constexpr int fcntl_probe_key = 0x6b697a01;
/// The same; argument: bool*. Set where a sync has failed: nothing more is written before the database is opened anew.
inline constexpr int fcntl_sync_failed = 0x6b697a02;

enum class PageProbe {
  empty,           // no page yet
  plain,           // an unencrypted SQLite database
  some_authentic,  // the key is right for at least one of the pages looked at
  none_authentic,  // wrong key, or everything is damaged
};

}  // namespace kiz

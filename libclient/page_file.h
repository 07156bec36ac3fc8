// One open file of an encrypting VFS: which reads and writes SQLite makes of a database and its write-ahead log, and
// what each means for the encrypted bytes below. page_vfs.h is the outside of it, page_cipher.h the cryptography.
//
// The log is read and written in five shapes, all others are refused:
//   header            32 bytes at 0                     written when the log starts anew, read by recovery
//   frame             header and page at once           read by recovery, and to sum up frames that were overwritten
//   frame header      24 bytes                          written before its page, and again after summing up
//   page              4096 bytes behind a frame header  read by queries and checkpoints; written, or overwritten in
//   place checksum          last 8 bytes of a header          read where summing up starts
#pragma once

#include <sqlite3.h>

#include <limits>
#include <optional>
#include <string>

#include "libclient/page_cipher.h"
#include "libclient/page_vfs.h"

namespace kiz {

inline constexpr std::int64_t frame_bytes = wal_frame_header_bytes + page_bytes;

/// What an unauthentic page is called above.
inline constexpr int damaged_page = SQLITE_IOERR_DATA;

struct PageFile {
  enum class Kind { database, log, journal_in_memory };

  Kind kind = Kind::database;
  const StoreKey* key = nullptr;  // the VFS's, as the next two
  const PageVfsOptions* options = nullptr;
  const std::string* vfs_name = nullptr;
  sqlite3_file* below = nullptr;  // null for a journal in memory
  PageFile* database = nullptr;   // a log's main database; a database's own self

  std::optional<PageCipher> cipher;  // database only; known once the file has a salt
  bool being_created = false;        // database only; it was empty when opened and has no log yet
  bool sync_failed = false;          // database only; final, also for its log

  static constexpr std::int64_t all_synced = std::numeric_limits<std::int64_t>::max();
  std::int64_t unsynced_from = all_synced;  // log only; where the frames begin that no sync has confirmed

  bool rewriting = false;  // log only; SQLite sums up frames again that it overwrote in this transaction
  bool announced = false;  // log only; the write before was the header of `announced_frame`
  std::uint32_t announced_frame = 0;
  std::uint32_t announced_page = 0;
  bool commits = false;  // log only; the announced frame is a transaction's last

  Bytes waiting;                  // log only; what flush_log() is to write, at waiting_at
  std::int64_t waiting_at = 0;
  std::int64_t bytes_there = 0;   // log only; of the file, with the zeros written ahead

  Bytes journal;
  alignas(64) std::uint8_t buffer[frame_bytes];  // so that no page costs an allocation
};

/// Results are SQLite's codes. `amount` bytes at `offset`, as SQLite asks for them.
int read_database(PageFile& db, std::uint8_t* out, std::int64_t amount, std::int64_t offset);
int write_database(PageFile& db, const std::uint8_t* in, std::int64_t amount, std::int64_t offset);
int read_log(PageFile& log, std::uint8_t* out, std::int64_t amount, std::int64_t offset);
int write_log(PageFile& log, const std::uint8_t* in, std::int64_t amount, std::int64_t offset);
/// Writes the frames that wait: each commit is one write. After a failure they are gone, and so is the transaction:
/// SQLite takes none for committed of which a write or the sync has failed.
int flush_log(PageFile& log);
int read_journal(const PageFile& file, std::uint8_t* out, std::int64_t amount, std::int64_t offset);
int write_journal(PageFile& file, const std::uint8_t* in, std::int64_t amount, std::int64_t offset);

/// After a failed sync: takes the frames out of the log that it should have confirmed. Their commit is refused, so the next
/// opening must not find it. A disk that fails at this too keeps them, and nothing can be said of it.
void take_back_unsynced(PageFile& log);

PageProbe probe_key(PageFile& db);

}  // namespace kiz

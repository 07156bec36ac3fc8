#include "libclient/page_file.h"

#include <algorithm>
#include <cstring>

namespace kiz {
namespace {

std::uint32_t big32(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}
bool all_zero(const std::uint8_t* p, std::size_t n) { return sodium_is_zero(p, n) == 1; }

int read_below(PageFile& f, void* out, std::int64_t amount, std::int64_t offset) {
  return f.below->pMethods->xRead(f.below, out, static_cast<int>(amount), offset);
}
int write_below(PageFile& f, const void* in, std::int64_t amount, std::int64_t offset) {
  return f.below->pMethods->xWrite(f.below, in, static_cast<int>(amount), offset);
}

void draw(const PageFile& f, std::span<std::uint8_t> out) {
  if (f.options->random) {
    f.options->random(out);
  } else {
    randombytes_buf(out.data(), out.size());
  }
}
PageNonce draw_nonce(const PageFile& f) {
  PageNonce nonce;
  draw(f, nonce.bytes);
  return nonce;
}

// ---- the database file
// -----------------------------------------------------------------------------------------------

// Knows the file's salt, and so its keys, if the file has any bytes.
int find_cipher(PageFile& db) {
  if (db.cipher) return SQLITE_OK;
  FileSalt salt;
  const int rc = read_below(db, salt.bytes.data(), FileSalt::size_bytes, 0);
  if (rc == SQLITE_OK) db.cipher.emplace(*db.key, salt);
  return rc;
}

// Another connection may have created the file after this one had drawn a salt and rolled back. A salt is believed only
// with the page it stands in.
bool open_page_one(PageFile& db, std::uint8_t* page) {
  const FileSalt salt = FileSalt::from(ByteView{page, FileSalt::size_bytes});
  if (salt == db.cipher->salt()) return db.cipher->open_page(1, page);
  PageCipher other{*db.key, salt};
  if (!other.open_page(1, page)) return false;
  db.cipher.emplace(std::move(other));
  return true;
}

// Brings page `number` in the clear to `out` (page_bytes).
int read_page(PageFile& db, std::uint32_t number, std::uint8_t* out) {
  const std::int64_t at = std::int64_t{number - 1} * std::int64_t{page_bytes};
  int rc = read_below(db, out, page_bytes, at);
  if (rc == SQLITE_IOERR_SHORT_READ) {
    sqlite3_int64 size = 0;
    rc = db.below->pMethods->xFileSize(db.below, &size);
    if (rc != SQLITE_OK) return rc;
    std::memset(out, 0, page_bytes);
    return size > at ? damaged_page : SQLITE_IOERR_SHORT_READ;  // SQLite reads zeros past the end on purpose
  }
  if (rc != SQLITE_OK) return rc;
  if (rc = find_cipher(db); rc != SQLITE_OK) return rc;
  const bool authentic = number == 1 ? open_page_one(db, out) : db.cipher->open_page(number, out);
  return authentic ? SQLITE_OK : damaged_page;
}

// SQLite looks at the first 100 bytes before it recovers the log, when a power cut in a checkpoint may have left page 1
// torn: this answer rests on what never changes, and is checked when page 1 is read in earnest.
int read_file_header(PageFile& db, std::uint8_t* out) {
  const int rc = read_below(db, db.buffer, page_open_end, 0);
  std::memset(out, 0, 100);
  if (rc != SQLITE_OK) return rc;
  std::memcpy(out, sqlite_magic.data(), sqlite_magic.size());
  std::memcpy(out + page_open_begin, db.buffer + page_open_begin, page_open_end - page_open_begin);
  return SQLITE_OK;
}

}  // namespace

int read_database(PageFile& db, std::uint8_t* out, std::int64_t amount, std::int64_t offset) {
  if (offset == 0 && amount == 100) return read_file_header(db, out);
  const std::int64_t within = offset % std::int64_t{page_bytes};
  if (within + amount > std::int64_t{page_bytes}) return SQLITE_IOERR_READ;
  const auto number = static_cast<std::uint32_t>(offset / std::int64_t{page_bytes} + 1);
  if (amount == std::int64_t{page_bytes}) return read_page(db, number, out);
  // The change counter outside WAL mode (16 bytes at 24), and overflow pages that later versions read without cache.
  const int rc = read_page(db, number, db.buffer);
  std::memcpy(out, db.buffer + within, static_cast<std::size_t>(amount));
  return rc;
}

namespace {

// Page 1 must say: pages of 4096 bytes, 40 of them reserved, no auto-vacuum (its flag stands in the encrypted part,
// where SQLite looks for it before the key has been used).
bool page_one_is_ours(const std::uint8_t* page) {
  return std::memcmp(page, sqlite_magic.data(), sqlite_magic.size()) == 0 && page[16] == 0x10 && page[17] == 0 &&
         page[20] == page_reserved_bytes && big32(page + 52) == 0;
}
bool reserved_is_free(const std::uint8_t* page) { return all_zero(page + page_content_bytes, page_reserved_bytes); }

}  // namespace

int write_database(PageFile& db, const std::uint8_t* in, std::int64_t amount, std::int64_t offset) {
  if (amount != std::int64_t{page_bytes} || offset % std::int64_t{page_bytes} != 0) return SQLITE_IOERR_WRITE;
  const auto number = static_cast<std::uint32_t>(offset / std::int64_t{page_bytes} + 1);
  if (!reserved_is_free(in) || (number == 1 && !page_one_is_ours(in))) return SQLITE_IOERR_WRITE;
  int rc = find_cipher(db);
  if (rc == SQLITE_IOERR_SHORT_READ) {
    FileSalt salt;
    draw(db, salt.bytes);
    db.cipher.emplace(*db.key, salt);
    rc = SQLITE_OK;
  }
  if (rc != SQLITE_OK) return rc;
  db.cipher->seal_page(number, draw_nonce(db), in, db.buffer);
  return write_below(db, db.buffer, page_bytes, offset);
}

PageProbe probe_key(PageFile& db) {
  constexpr std::uint32_t pages_looked_at = 64;
  if (read_below(db, db.buffer, page_open_begin, 0) != SQLITE_OK) return PageProbe::empty;
  if (std::memcmp(db.buffer, sqlite_magic.data(), sqlite_magic.size()) == 0) return PageProbe::plain;
  for (std::uint32_t number = 1; number <= pages_looked_at; ++number) {
    const int rc = read_page(db, number, db.buffer);
    if (rc == SQLITE_OK) return PageProbe::some_authentic;
    if (rc == SQLITE_IOERR_SHORT_READ) break;
  }
  return PageProbe::none_authentic;
}

namespace {

// ---- the write-ahead log
// ----------------------------------------------------------------------------------------------- header 32 | frames:
// header 24, page 4096. A frame header: page number 4, pages after a commit 4, salts 8, checksum 8.

struct Place {
  std::uint32_t frame = 0;
  std::int64_t begin = 0;   // of the frame, in the file
  std::int64_t within = 0;  // of the frame
};

Place place_of(std::int64_t offset) {
  const std::int64_t frame = (offset - std::int64_t{wal_header_bytes}) / frame_bytes;
  const std::int64_t begin = std::int64_t{wal_header_bytes} + frame * frame_bytes;
  return {static_cast<std::uint32_t>(frame), begin, offset - begin};
}

// Frames are collected and written together: a commit of nine pages would be eighteen calls. They are on their way before
// SQLite takes a transaction for committed, at its last frame and at the sync, and are read from here until then.
constexpr std::size_t waiting_bytes_max = 120u << 10;  // SQLite's own VFS takes less than 128 KiB in one call

// A sync after a write past the end of a file waits for the file system's own journal as well, and takes twice as long
// as one over bytes that are there. So a commit lets the log grow ahead, by zeros, which recovery takes for its end.
constexpr std::int64_t ahead_bytes_min = 64 << 10, ahead_bytes_max = 1 << 20;

int add_to_log(PageFile& log, const std::uint8_t* in, std::int64_t amount, std::int64_t offset) {
  const auto end = log.waiting_at + static_cast<std::int64_t>(log.waiting.size());
  if (!log.waiting.empty() && offset != end) {
    if (const int rc = flush_log(log); rc != SQLITE_OK) return rc;
  }
  if (log.waiting.empty()) log.waiting_at = offset;
  log.waiting.insert(log.waiting.end(), in, in + amount);
  return log.waiting.size() < waiting_bytes_max ? SQLITE_OK : flush_log(log);
}

int read_from_log(PageFile& log, void* out, std::int64_t amount, std::int64_t offset) {
  const std::int64_t within = offset - log.waiting_at;
  const auto size = static_cast<std::int64_t>(log.waiting.size());
  if (within >= 0 && within + amount <= size) {
    std::memcpy(out, log.waiting.data() + within, static_cast<std::size_t>(amount));
    return SQLITE_OK;
  }
  if (within < size && within + amount > 0) {
    if (const int rc = flush_log(log); rc != SQLITE_OK) return rc;
  }
  return read_below(log, out, amount, offset);
}

// A damaged header is an error, not an empty log as in plain SQLite: what is behind it was acknowledged. It is written
// within one sector, so a power cut does not tear it; zeros are what it leaves of a header that never reached the disk.
int read_log_header(PageFile& log, std::uint8_t* header) {
  const int rc = read_from_log(log, header, wal_header_bytes, 0);
  if (rc != SQLITE_OK || all_zero(header, wal_header_bytes)) return rc;
  return log.database->cipher->show_header_checksum(header) ? SQLITE_OK : damaged_page;
}

// Recovery reads header and page at once. Behind the last commit anything may stand: what is not authentic ends the
// log, as a wrong checksum does in plain SQLite. While SQLite sums up anew what it has just written, it is an error.
int read_frame(PageFile& log, const Place& place, std::uint8_t* out) {
  const int rc = read_from_log(log, out, frame_bytes, place.begin);
  if (rc != SQLITE_OK) return rc;
  if (!log.database->cipher->open_frame(place.frame, big32(out), out + wal_frame_header_bytes)) {
    std::memset(out, 0, frame_bytes);  // page number 0 is never valid
    return log.rewriting ? damaged_page : SQLITE_OK;
  }
  log.database->cipher->show_frame_checksum(place.frame, out);
  return SQLITE_OK;
}

int read_frame_page(PageFile& log, const Place& place, std::uint8_t* out) {
  const int rc = read_from_log(log, log.buffer, frame_bytes, place.begin);
  if (rc != SQLITE_OK) return rc;
  std::uint8_t* page = log.buffer + wal_frame_header_bytes;
  const bool authentic = log.database->cipher->open_frame(place.frame, big32(log.buffer), page);
  std::memcpy(out, page, page_bytes);
  return authentic ? SQLITE_OK : damaged_page;
}

int read_frame_checksum(PageFile& log, const Place& place, std::uint8_t* out) {
  const int rc = read_from_log(log, log.buffer, wal_frame_header_bytes, place.begin);
  if (rc != SQLITE_OK) return rc;
  log.database->cipher->show_frame_checksum(place.frame, log.buffer);
  std::memcpy(out, log.buffer + 16, 8);
  return SQLITE_OK;
}

}  // namespace

namespace {

void grow_ahead(PageFile& log) {
  static constexpr std::uint8_t zeros[64u << 10] = {};
  const std::int64_t end = log.bytes_there + std::clamp(log.bytes_there, ahead_bytes_min, ahead_bytes_max);
  while (log.bytes_there < end && write_below(log, zeros, sizeof zeros, log.bytes_there) == SQLITE_OK) {
    log.bytes_there += std::int64_t{sizeof zeros};
  }
}

}  // namespace

int flush_log(PageFile& log) {
  if (log.waiting.empty()) return SQLITE_OK;
  const std::int64_t end = log.waiting_at + static_cast<std::int64_t>(log.waiting.size());
  const int rc = write_below(log, log.waiting.data(), end - log.waiting_at, log.waiting_at);
  log.waiting.clear();
  if (rc != SQLITE_OK || end <= log.bytes_there) return rc;
  log.bytes_there = end;
  if (log.commits) grow_ahead(log);  // where there is no room for that, there may be for what follows
  return SQLITE_OK;
}

int read_log(PageFile& log, std::uint8_t* out, std::int64_t amount, std::int64_t offset) {
  if (const int rc = find_cipher(*log.database); rc != SQLITE_OK)
    return rc == SQLITE_IOERR_SHORT_READ ? damaged_page : rc;
  if (offset == 0 && amount == std::int64_t{wal_header_bytes}) {
    log.rewriting = false;
    return read_log_header(log, out);
  }
  if (offset == 24 && amount == 8) {
    log.rewriting = true;
    const int rc = read_log_header(log, log.buffer);
    std::memcpy(out, log.buffer + 24, 8);
    return rc;
  }
  if (offset < std::int64_t{wal_header_bytes}) return SQLITE_IOERR_READ;
  const Place place = place_of(offset);
  if (place.within == 0 && amount == frame_bytes) return read_frame(log, place, out);
  if (place.within == 24 && amount == std::int64_t{page_bytes}) return read_frame_page(log, place, out);
  if (place.within == 16 && amount == 8) {
    log.rewriting = true;
    return read_frame_checksum(log, place, out);
  }
  return SQLITE_IOERR_READ;
}

namespace {

int write_frame_header(PageFile& log, const Place& place, const std::uint8_t* in) {
  log.announced = true;
  log.announced_frame = place.frame;
  log.announced_page = big32(in);
  log.commits = big32(in + 4) != 0;
  std::memcpy(log.buffer, in, wal_frame_header_bytes);
  log.database->cipher->hide_frame_checksum(place.frame, log.buffer);
  return add_to_log(log, log.buffer, wal_frame_header_bytes, place.begin);
}

// The page number is bound to the page, and stands in the header: written just before, or, when a large transaction
// overwrites a frame of its own, on disk. The salts there are not bound: they are still zero in such a transaction.
int write_frame_page(PageFile& log, const Place& place, const std::uint8_t* in) {
  if (!reserved_is_free(in)) return SQLITE_IOERR_WRITE;
  if (!log.announced || log.announced_frame != place.frame) {
    std::uint8_t number[4];
    if (const int rc = read_from_log(log, number, 4, place.begin); rc != SQLITE_OK) return rc;
    log.announced_page = big32(number);
  }
  log.announced = false;
  log.database->cipher->seal_frame(place.frame, log.announced_page, draw_nonce(log), in, log.buffer);
  const int rc = add_to_log(log, log.buffer, page_bytes, place.begin + std::int64_t{wal_frame_header_bytes});
  return rc == SQLITE_OK && log.commits ? flush_log(log) : rc;
}

}  // namespace

int write_log(PageFile& log, const std::uint8_t* in, std::int64_t amount, std::int64_t offset) {
  if (const int rc = find_cipher(*log.database); rc != SQLITE_OK) return SQLITE_IOERR_WRITE;
  if (offset == 0 && amount == std::int64_t{wal_header_bytes}) {
    std::memcpy(log.buffer, in, wal_header_bytes);
    log.database->cipher->hide_header_checksum(log.buffer);
    log.unsynced_from = 0;
    return add_to_log(log, log.buffer, wal_header_bytes, 0);
  }
  if (offset < std::int64_t{wal_header_bytes}) return SQLITE_IOERR_WRITE;
  const Place place = place_of(offset);
  log.unsynced_from = std::min(log.unsynced_from, place.begin);
  if (place.within == 0 && amount == std::int64_t{wal_frame_header_bytes}) return write_frame_header(log, place, in);
  if (place.within == 24 && amount == std::int64_t{page_bytes}) return write_frame_page(log, place, in);
  return SQLITE_IOERR_WRITE;
}

void take_back_unsynced(PageFile& log) {
  if (log.kind != PageFile::Kind::log || log.unsynced_from == PageFile::all_synced) return;
  log.below->pMethods->xTruncate(log.below, log.unsynced_from);
}

// ---- the journal in memory
// -----------------------------------------------------------------------------------------------

int read_journal(const PageFile& file, std::uint8_t* out, std::int64_t amount, std::int64_t offset) {
  const auto size = static_cast<std::int64_t>(file.journal.size());
  const std::int64_t there = std::clamp(size - offset, std::int64_t{0}, amount);
  if (there > 0) std::memcpy(out, file.journal.data() + offset, static_cast<std::size_t>(there));
  std::memset(out + there, 0, static_cast<std::size_t>(amount - there));
  return there == amount ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write_journal(PageFile& file, const std::uint8_t* in, std::int64_t amount, std::int64_t offset) {
  const auto end = static_cast<std::size_t>(offset + amount);
  if (file.journal.size() < end) file.journal.resize(end);
  std::memcpy(file.journal.data() + offset, in, static_cast<std::size_t>(amount));
  return SQLITE_OK;
}

}  // namespace kiz

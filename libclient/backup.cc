#include "libclient/backup.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "libclient/atomic_file.h"
#include "libclient/backup_file.h"
#include "libclient/database.h"
#include "libclient/keyring.h"
#include "libclient/schema.h"
#include "libclient/store_files.h"
#include "protocol/crypto.h"
#include "protocol/membership.h"
#include "protocol/wire.h"

namespace kiz::backup {
namespace {

namespace fs = std::filesystem;

constexpr char last_fact[] = "backup_last";
constexpr char chunks_label[] = "kiz-sync backup chunks v1";
constexpr std::uint64_t spare_room_bytes = 4u << 20;

std::uint64_t chunks_of(std::uint64_t pages) { return (pages + chunk_pages - 1) / chunk_pages; }
std::uint64_t sealed_bytes_of(std::uint64_t pages) { return pages * page_bytes + chunks_of(pages) * seal_bytes; }
std::size_t plain_bytes_of(std::uint64_t chunk, std::uint64_t pages) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(pages - chunk * chunk_pages, chunk_pages)) * page_bytes;
}
std::uint64_t place_of(std::uint64_t chunk, std::uint64_t header_bytes) {
  return header_bytes + chunk * (chunk_bytes + seal_bytes);
}

// At least 1 of something: 0 would mean that nobody knows how much it is.
std::uint64_t mebibytes(std::uint64_t bytes) { return (bytes + (1u << 20) - 1) >> 20; }

void add_tag(crypto::Hasher& chunks, ByteView sealed) { chunks.add(sealed.last(16)); }

// The database as it was at one moment. Nothing of the write-ahead log is left when it is taken, and a reader that needs
// only the database file keeps SQLite from writing to it (a checkpoint wants the lock that this reader holds).
class Snapshot {
 public:
  static Result<Snapshot> take(ReplicaCore& core) {
    Snapshot out;
    sqlite3* db = core.db().connection();
    if (sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) != SQLITE_OK) {
      return error_of(db, "carrying over the write-ahead log");
    }
    auto reader = core.files().open_reader();
    if (!reader) return reader.error();
    out.reader_ = std::move(*reader);
    if (out.reader_) {
      db = out.reader_.get();
      if (auto begun = execute(db, "BEGIN; SELECT count(*) FROM sqlite_schema"); !begun) return begun.error();
    }
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db, "PRAGMA page_count", -1, &raw, nullptr) != SQLITE_OK) return error_of(db, "page_count");
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement{raw, sqlite3_finalize};
    if (sqlite3_step(raw) != SQLITE_ROW) return error_of(db, "page_count");
    out.pages_ = static_cast<std::uint64_t>(sqlite3_column_int64(raw, 0));
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &out.file_) != SQLITE_OK || out.file_ == nullptr) {
      return error_of(db, "file");
    }
    return out;
  }

  std::uint64_t pages() const { return pages_; }

  Result<void> read(std::uint64_t first_page, ByteView::size_type bytes, Bytes& out) const {
    out.resize(bytes);
    for (std::size_t at = 0; at < bytes; at += page_bytes) {
      const auto offset = static_cast<sqlite3_int64>(first_page * page_bytes + at);
      const int rc = file_->pMethods->xRead(file_, out.data() + at, static_cast<int>(page_bytes), offset);
      if (rc != SQLITE_OK) return Error{errc_of(rc), "page " + std::to_string(first_page + at / page_bytes + 1)};
    }
    return {};
  }

 private:
  Connection reader_;
  sqlite3_file* file_ = nullptr;
  std::uint64_t pages_ = 0;
};

// ---- reading

struct Opened {
  File file;
  Header header;
  StoreKey key;
  std::uint64_t header_bytes = 0;
};

Result<Opened> open_file(File file, const Opening& opening) {
  const auto size = file.size();
  if (!size) return size.error();
  Bytes bytes;
  if (*size < magic.size() + 5) return Error{Errc::malformed, "backup"};
  if (auto read = file.read(0, magic.size() + 5, bytes); !read) return read.error();
  const auto header_bytes = header_size(bytes);
  if (!header_bytes) return header_bytes.error();
  if (auto read = file.read(0, *header_bytes, bytes); !read) return read.error();
  auto header = decode_header(bytes);
  if (!header) return header.error();
  auto key = open_header(*header, opening);
  if (!key) return key.error();
  return Opened{std::move(file), std::move(*header), std::move(*key), *header_bytes};
}

Result<Contents> read_contents(const Opened& opened, const Cipher& cipher, std::uint64_t size) {
  const Error damaged{Errc::damaged, "end of the backup"};
  if (size < opened.header_bytes + seal_bytes + footer_bytes) return damaged;
  Bytes bytes, plain;
  if (auto read = opened.file.read(size - footer_bytes, footer_bytes, bytes); !read) return read.error();
  const auto length = cipher.contents_bytes(bytes);
  if (!length || size < opened.header_bytes + *length + footer_bytes) return damaged;
  const std::uint64_t begin = size - footer_bytes - *length;
  if (auto read = opened.file.read(begin, static_cast<std::size_t>(*length), bytes); !read) return read.error();
  if (!cipher.open_contents(bytes, plain)) return damaged;
  auto contents = decode_contents(plain);
  sodium_memzero(plain.data(), plain.size());
  if (!contents) return damaged;
  const bool fits = contents->pages > 0 && contents->pages < (std::uint64_t{1} << 32) && begin == opened.header_bytes + sealed_bytes_of(contents->pages);
  if (!fits) return damaged;
  return contents;
}

using TakeChunk = std::function<Result<void>(std::uint64_t first_page, ByteView plain)>;

// Every chunk of a backup in order; `take` may be empty.
Result<void> read_chunks(const Opened& opened, const Cipher& cipher, const Contents& contents, const TakeChunk& take,
                         const Watch& watch) {
  crypto::Hasher tags{chunks_label};
  Bytes sealed, plain;
  const std::uint64_t total = sealed_bytes_of(contents.pages);
  for (std::uint64_t chunk = 0; chunk < chunks_of(contents.pages); ++chunk) {
    const std::size_t bytes = plain_bytes_of(chunk, contents.pages) + seal_bytes;
    const std::uint64_t at = place_of(chunk, opened.header_bytes);
    if (auto read = opened.file.read(at, bytes, sealed); !read) return read.error();
    if (!cipher.open_chunk(chunk, sealed, plain)) return Error{Errc::damaged, "piece " + std::to_string(chunk + 1)};
    add_tag(tags, sealed);
    if (take) {
      if (auto taken = take(chunk * chunk_pages, plain); !taken) return taken;
    }
    tell(watch, "checking, in MiB", mebibytes(at + bytes - opened.header_bytes), mebibytes(total));
  }
  if (tags.finish() != contents.chunks) return Error{Errc::damaged, "pieces of another backup"};
  return {};
}

Result<Contents> check_opened(const Opened& opened, const Watch& watch, const TakeChunk& take = {}) {
  const auto size = opened.file.size();
  if (!size) return size.error();
  const Cipher cipher{opened.key, opened.header.id};
  auto contents = read_contents(opened, cipher, *size);
  if (!contents) return contents;
  if (auto read = read_chunks(opened, cipher, *contents, take, watch); !read) return read.error();
  return contents;
}

bool has_recovery(const Header& header) {
  return std::any_of(header.slots.begin(), header.slots.end(), [](const KeySlot& slot) { return slot.kind == KeySlot::Kind::passphrase; });
}

// ---- writing to a database file, page by page, without SQLite above

class RawDatabase {
 public:
  static Result<std::unique_ptr<RawDatabase>> create(const std::string& vfs_name, const std::string& path) {
    std::unique_ptr<RawDatabase> out{new RawDatabase};
    out->vfs_ = sqlite3_vfs_find(vfs_name.c_str());
    if (out->vfs_ == nullptr) return Error{Errc::internal, "no VFS named " + vfs_name};
    int there = 0;
    out->vfs_->xAccess(out->vfs_, path.c_str(), SQLITE_ACCESS_EXISTS, &there);
    if (there != 0) {
      if (const int rc = out->vfs_->xDelete(out->vfs_, path.c_str(), 1); rc != SQLITE_OK) return Error{errc_of(rc), path};
    }
    out->memory_.resize((static_cast<std::size_t>(out->vfs_->szOsFile) + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t));
    out->file_ = reinterpret_cast<sqlite3_file*>(out->memory_.data());
    out->name_ = sqlite3_create_filename(path.c_str(), "", "", 0, nullptr);  // as SQLite itself would name it
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB;
    const int rc = out->vfs_->xOpen(out->vfs_, out->name_, out->file_, flags, &flags);
    if (rc != SQLITE_OK) {
      out->file_ = nullptr;
      return Error{errc_of(rc), path};
    }
    return out;
  }
  ~RawDatabase() {
    if (file_ != nullptr) file_->pMethods->xClose(file_);
    if (name_ != nullptr) sqlite3_free_filename(name_);
  }

  Result<void> write(std::uint64_t first_page, ByteView pages) {
    for (std::size_t at = 0; at < pages.size(); at += page_bytes) {
      const int rc = file_->pMethods->xWrite(file_, pages.data() + at, static_cast<int>(page_bytes),
                                             static_cast<sqlite3_int64>(first_page * page_bytes + at));
      if (rc != SQLITE_OK) return Error{errc_of(rc), "store.db"};
    }
    return {};
  }
  Result<void> sync() {
    const int rc = file_->pMethods->xSync(file_, SQLITE_SYNC_FULL);
    if (rc != SQLITE_OK) return Error{errc_of(rc), "store.db"};
    return {};
  }

 private:
  RawDatabase() = default;
  sqlite3_vfs* vfs_ = nullptr;
  std::vector<std::max_align_t> memory_;
  sqlite3_file* file_ = nullptr;
  const char* name_ = nullptr;
};

bool is_folder(const fs::path& path) {
  std::error_code failed;
  return fs::is_directory(path, failed);
}

}  // namespace

// ---- Writer

struct Writer::Parts {
  WriteOptions options;
  std::optional<File> partial;
  fs::path folder;  // empty: options.target is the file itself
  std::string stem;
  StoreKey store_key;
  Snapshot snapshot;
  Contents contents;

  fs::path partial_path() const { return folder.empty() ? fs::path{options.target.string() + ".partial"} : folder / (stem + ".partial"); }
  fs::path final_path() const {
    if (folder.empty()) return options.target;
    std::error_code failed;
    fs::path out;
    for (std::uint64_t moment = contents.created_ms;; moment += 1000) {
      out = folder / file_name(stem, moment);
      if (!fs::exists(out, failed)) return out;
    }
  }

  bool fits(const Header& header, const StoreKey& key) const;
  Result<Opened> begin_file();
  Result<Written> copy(const Watch& watch, const std::atomic<bool>& stop);
  Result<std::uint64_t> copy_chunks(Opened& opened, const Cipher& cipher, const Watch& watch, const std::atomic<bool>& stop);
  std::vector<std::string> prune() const;
};

Writer::Writer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Writer::~Writer() = default;

Result<std::unique_ptr<Writer>> Writer::begin(ReplicaCore& core, WriteOptions options) {
  auto parts = std::make_unique<Parts>();
  parts->options = std::move(options);
  const fs::path& target = parts->options.target;
  std::error_code failed;
  if (is_folder(target)) {
    parts->folder = target;
  } else if (fs::exists(target, failed)) {
    return Error{Errc::already_set_up, target.string()};
  } else if (!is_folder(target.parent_path())) {
    return Error{Errc::not_found, target.parent_path().string()};
  }

  Contents& contents = parts->contents;
  contents.created_ms = core.now_ms();
  contents.schema = static_cast<std::uint32_t>(schema_version);
  contents.realm = core.control().realm();
  contents.author = core.files().author();
  contents.device = core.files().device_name();
  if (const Device* device = core.own_device()) {
    contents.member = device->member;
    const Member* member = core.membership().member(device->member);
    contents.member_name = member != nullptr ? member->name : device->member;
  }
  parts->stem = name_stem(contents.member, contents.author);
  parts->store_key = core.files().key().clone();
  if (auto saved = core.save_peer_memory(); !saved) return saved.error();

  const bool there_before = fs::exists(parts->partial_path(), failed);
  auto file = File::for_writing(parts->partial_path());
  if (!file) return file.error();
  auto snapshot = Snapshot::take(core);
  if (!snapshot) {
    if (!there_before) fs::remove(parts->partial_path(), failed);
    return snapshot.error();
  }
  parts->snapshot = std::move(*snapshot);
  contents.pages = parts->snapshot.pages();
  contents.keyring = encode_keyring(core.files().keyring());
  auto entries = core.db().query("SELECT coalesce(sum(entries), 0) FROM spaces");
  if (entries.step()) contents.entries = entries.count(0);

  const auto have = file->size(), room = room_at(parts->partial_path());
  const std::uint64_t need = sealed_bytes_of(contents.pages) + contents.keyring.size() + spare_room_bytes;
  if (have && room && *have + *room < need) {
    if (!there_before) fs::remove(parts->partial_path(), failed);
    return Error{Errc::no_space, std::to_string(need - *have)};
  }
  parts->partial.emplace(std::move(*file));
  return std::unique_ptr<Writer>{new Writer{std::move(parts)}};
}

// An interrupted backup is gone on with when we can open it, and when the same passphrase opens it, or none.
bool Writer::Parts::fits(const Header& header, const StoreKey& key) const {
  if (!options.passphrase) return !has_recovery(header);
  auto by_passphrase = open_header(header, Opening{nullptr, options.passphrase});
  return by_passphrase && *by_passphrase == key;
}

Result<Opened> Writer::Parts::begin_file() {
  File file = std::move(*partial);
  partial.reset();
  if (auto found = open_file(std::move(file), Opening{&store_key, {}}); found && fits(found->header, found->key)) return found;
  auto again = File::for_writing(partial_path());
  if (!again) return again.error();
  auto fresh = make_header(store_key, options.passphrase);
  if (!fresh) return fresh.error();
  const Bytes bytes = encode_header(fresh->header);
  if (auto cut = again->cut(0); !cut) return cut.error();
  if (auto written = again->write(0, bytes); !written) return written.error();
  return Opened{std::move(*again), std::move(fresh->header), std::move(fresh->key), bytes.size()};
}

Result<std::uint64_t> Writer::Parts::copy_chunks(Opened& opened, const Cipher& cipher, const Watch& watch, const std::atomic<bool>& stop) {
  crypto::Hasher tags{chunks_label};
  Bytes plain, sealed, held, held_plain;
  std::uint64_t resumed = 0;
  const auto size = opened.file.size();
  if (!size) return size.error();
  for (std::uint64_t chunk = 0; chunk < chunks_of(contents.pages); ++chunk) {
    if (stop.load()) return Error{Errc::silent_peer, "stopped"};
    if (auto read = snapshot.read(chunk * chunk_pages, plain_bytes_of(chunk, contents.pages), plain); !read) return read.error();
    const std::uint64_t at = place_of(chunk, opened.header_bytes);
    const std::size_t bytes = plain.size() + seal_bytes;
    const bool same = at + bytes <= *size && opened.file.read(at, bytes, held) && cipher.open_chunk(chunk, held, held_plain) && held_plain == plain;
    if (same) {
      resumed += bytes;
      add_tag(tags, held);
    } else {
      cipher.seal_chunk(chunk, plain, sealed);
      if (auto written = opened.file.write(at, sealed); !written) return written.error();
      add_tag(tags, sealed);
    }
    tell(watch, "writing, in MiB", mebibytes(at + bytes - opened.header_bytes), mebibytes(sealed_bytes_of(contents.pages)));
  }
  contents.chunks = tags.finish();
  return resumed;
}

Result<Written> Writer::Parts::copy(const Watch& watch, const std::atomic<bool>& stop) {
  auto opened = begin_file();
  if (!opened) return opened.error();
  const Cipher cipher{opened->key, opened->header.id};
  const auto resumed = copy_chunks(*opened, cipher, watch, stop);
  if (!resumed) return resumed.error();

  Bytes plain = encode_contents(contents);
  const Bytes sealed = cipher.seal_contents(plain);
  sodium_memzero(plain.data(), plain.size());
  const std::uint64_t end = opened->header_bytes + sealed_bytes_of(contents.pages);
  for (auto step : {opened->file.write(end, sealed), opened->file.write(end + sealed.size(), cipher.footer(sealed.size())),
                    opened->file.cut(end + sealed.size() + footer_bytes), opened->file.sync()}) {
    if (!step) return step.error();
  }
  const auto go_on = [&stop](std::uint64_t, ByteView) -> Result<void> {
    if (stop.load()) return Error{Errc::silent_peer, "stopped"};
    return {};
  };
  opened->file.forget_cached();
  auto again = check_opened(*opened, watch, go_on);
  if (!again) return again.error();
  if (again->chunks != contents.chunks) return Error{Errc::damaged, "what came back from the target"};

  Written out;
  out.file = final_path();
  if (auto renamed = file::rename_durably(partial_path().string(), out.file.string()); !renamed) return renamed.error();
  out.bytes = end + sealed.size() + footer_bytes;
  out.entries = contents.entries;
  out.created_ms = contents.created_ms;
  out.resumed_bytes = *resumed;
  out.removed = prune();
  return out;
}

std::vector<std::string> Writer::Parts::prune() const {
  std::vector<std::string> removed;
  if (folder.empty() || !options.keep.any()) return removed;
  std::vector<std::uint64_t> moments;
  std::error_code failed;
  for (fs::directory_iterator at{folder, failed}, end; !failed && at != end; at.increment(failed)) {
    if (const auto moment = moment_of(at->path().filename().string(), stem)) moments.push_back(*moment);
  }
  for (const std::uint64_t moment : surplus(std::move(moments), options.keep)) {
    const std::string name = file_name(stem, moment);
    if (fs::remove(folder / name, failed)) removed.push_back(name);
  }
  std::sort(removed.begin(), removed.end());
  return removed;
}

Result<Written> Writer::run(const Watch& watch, const std::atomic<bool>& stop) {
  auto written = parts_->copy(watch, stop);
  sodium_memzero(parts_->contents.keyring.data(), parts_->contents.keyring.size());
  std::error_code ignored;
  // On a full disk half a backup would only be in the way; otherwise it is gone on with.
  if (!written && written.error().code == Errc::no_space) fs::remove(parts_->partial_path(), ignored);
  return written;
}

// ---- what the store remembers

namespace {
struct LastFact {
  LastBackup last;

  template <class Archive>
  void serialize(Archive& ar) { ar(last.at_ms, wire::text(last.file, 4096), last.bytes); }
};
}  // namespace

Result<void> note(ReplicaCore& core, const Written& written) {
  const Bytes value = wire::encode(LastFact{{written.created_ms, written.file.filename().string(), written.bytes}});
  return core.write([&]() -> Result<void> {
    (core.db().query("INSERT INTO facts(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value")
     << std::string_view{last_fact} << ByteView{value})
        .run();
    return {};
  });
}

std::optional<LastBackup> last(const ReplicaCore& core) {
  auto query = core.db().query("SELECT value FROM facts WHERE name = ?");
  query << std::string_view{last_fact};
  if (!query.step()) return std::nullopt;
  const auto fact = wire::decode<LastFact>(query.blob(0));
  if (!fact) return std::nullopt;
  return fact->last;
}

// ---- check and restore

namespace {
Result<Opened> open_source(const fs::path& source, const Opening& opening) {
  auto file = File::read_only(source);
  if (!file) return file.error();
  return open_file(std::move(*file), opening);
}

Result<Checked> check_source(const Opened& opened, const Watch& watch) {
  auto contents = check_opened(opened, watch);
  if (!contents) return contents.error();
  if (contents->schema > static_cast<std::uint32_t>(schema_version)) return Error{Errc::store_too_new, "backup"};
  const auto size = opened.file.size();
  if (!size) return size.error();
  return Checked{std::move(*contents), *size, has_recovery(opened.header)};
}
}  // namespace

Result<Checked> check(const fs::path& source, const Opening& opening, const Watch& watch) {
  auto opened = open_source(source, opening);
  if (!opened) return opened.error();
  return check_source(*opened, watch);
}

Result<Checked> restore(const fs::path& source, const Opening& opening, const ReplicaOptions& options, const Watch& watch) {
  auto opened = open_source(source, opening);
  if (!opened) return opened.error();
  auto checked = check_source(*opened, watch);
  if (!checked) return checked;
  auto ring = decode_keyring(checked->contents.keyring);
  sodium_memzero(checked->contents.keyring.data(), checked->contents.keyring.size());
  checked->contents.keyring.clear();
  if (!ring) return Error{Errc::damaged, "keys in the backup"};
  const Cipher cipher{opened->key, opened->header.id};
  const auto write = [&](const std::string& vfs_name, const std::string& path) -> Result<void> {
    auto database = RawDatabase::create(vfs_name, path);
    if (!database) return database.error();
    const auto take = [&](std::uint64_t first_page, ByteView plain) { return (*database)->write(first_page, plain); };
    if (auto copied = read_chunks(*opened, cipher, checked->contents, take, watch); !copied) return copied;
    return (*database)->sync();
  };
  if (auto made = StoreFiles::put_back(options, *ring, write); !made) return made.error();
  return checked;
}

}  // namespace kiz::backup

#include "libclient/store_files.h"

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "libclient/atomic_file.h"
#include "libclient/database.h"
#include "libclient/incarnation.h"
#include "libclient/key_file.h"
#include "libclient/keyring.h"
#include "libclient/last_heads.h"
#include "libclient/page_vfs.h"
#include "libclient/schema.h"
#include "libclient/schema_copy.h"
#include "libclient/store_lock.h"
#include "protocol/mutants.h"
#include "protocol/noise_suite.h"

namespace kiz {
namespace {

constexpr char opened_fact[] = "opened";

std::uint64_t read_counter(Sql& db, const char* name) {
  auto query = db.query("SELECT value FROM facts WHERE name = ?");
  query << std::string_view{name};
  return query.step() ? query.count(0) : 0;
}

Seq count_control(Sql& db) {
  auto query = db.query("SELECT coalesce(max(seq), 0) FROM control");
  return query.step() ? query.count(0) : 0;
}

std::uint64_t count_entries(Sql& db) {
  auto query = db.query("SELECT coalesce(sum(entries), 0) FROM spaces");
  return query.step() ? query.count(0) : 0;
}

}  // namespace

struct StoreFiles::Parts {
  ReplicaOptions options;
  std::filesystem::path folder;
  std::optional<StoreLock> lock;
  StoreKey key;
  KeyringContents ring;
  std::optional<crypto::SigningKey> signing;
  std::optional<crypto::SigningKey> issuing;
  TransportKey transport;
  IncarnationFile life;
  std::optional<LastHeads> last_heads;
  std::optional<IntakeGuard> intake;
  std::optional<PageVfs> vfs;

  std::string path(const char* name) const { return (folder / name).string(); }
  void random(std::span<std::uint8_t> out) const {
    if (options.random) {
      options.random(out);
    } else {
      randombytes_buf(out.data(), out.size());
    }
  }
  void derive_keys() {
    signing.emplace(ring.author_seed.view());
    issuing.reset();
    if (ring.issuing_seed) issuing.emplace(ring.issuing_seed->view());
    transport = noise::public_key(ring.transport);
  }
};

StoreFiles::StoreFiles(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
StoreFiles::~StoreFiles() = default;

Result<std::unique_ptr<StoreFiles>> StoreFiles::open(const ReplicaOptions& options, const std::optional<std::string>& create) {
  auto parts = std::make_unique<Parts>();
  parts->options = options;
  parts->folder = options.directory;
  std::error_code failed;
  if (create) {
    if (std::filesystem::create_directories(options.directory, failed)) {
      std::filesystem::permissions(options.directory, std::filesystem::perms::owner_all, failed);
    }
  }
  if (!std::filesystem::is_directory(options.directory, failed)) {
    if (failed == std::errc::permission_denied) return Error{Errc::not_permitted, options.directory.string()};
    return Error{create ? Errc::io_error : Errc::not_set_up, "store"};
  }
  auto lock = StoreLock::take(parts->path("lock"), options.program);
  if (!lock) return lock.error();
  parts->lock.emplace(std::move(*lock));

  // The database is made last. What a creation that was cut short left before it is used again: the keys, never replaced,
  // may be all that somebody still has. A database without its keys is no unfinished store either.
  const bool has_keys = std::filesystem::exists(parts->path("key"), failed) && std::filesystem::exists(parts->path("keyring"), failed);
  const bool has_database = options.base_vfs.empty() ? std::filesystem::exists(parts->path("store.db"), failed) : has_keys;
  if (has_database && !has_keys) return Error{Errc::damaged, "store.db is there, its key or keyring is missing"};
  if (create && has_database) return Error{Errc::already_set_up, "store"};
  if (!create && !has_keys) return Error{Errc::not_set_up, "store"};
  if (!has_keys) {
    const bool has_key = std::filesystem::exists(parts->path("key"), failed);
    auto key = has_key ? open_store_key(parts->path("key"), options.unlock.passphrase)
                       : make_store_key(parts->path("key"), options.unlock.passphrase);
    if (!key) return key.error();
    parts->key = std::move(*key);
    parts->random(parts->ring.author_seed.writable());
    parts->random(parts->ring.transport.writable());
    parts->ring.device_name = *create;
    parts->random(parts->life.incarnation.bytes);
    parts->life.machine = machine_hash();
    if (auto written = write_incarnation(parts->path("incarnation"), parts->life); !written) return written.error();
    if (auto written = write_keyring(parts->path("keyring"), parts->key, parts->ring); !written) return written.error();
  } else {
    auto key = open_store_key(parts->path("key"), options.unlock.passphrase);
    if (!key) return key.error();
    parts->key = std::move(*key);
    auto ring = read_keyring(parts->path("keyring"), parts->key);
    if (!ring) return ring.error();
    parts->ring = std::move(*ring);
    if (create) {
      parts->ring.device_name = *create;
      if (auto written = write_keyring(parts->path("keyring"), parts->key, parts->ring); !written) return written.error();
    }
  }
  parts->derive_keys();
  return std::unique_ptr<StoreFiles>{new StoreFiles{std::move(parts)}};
}

namespace {

std::string fresh_vfs_name() {
  static std::atomic<unsigned> opened{0};
  return "kiz-" + std::to_string(++opened);
}

// Takes away what it was told of, unless all went well.
class Undo {
 public:
  void remove_later(std::string path) { paths_.push_back(std::move(path)); }
  void keep() { paths_.clear(); }
  ~Undo() {
    for (const std::string& path : paths_) static_cast<void>(file::remove_durably(path));
  }

 private:
  std::vector<std::string> paths_;
};

}  // namespace

Result<void> StoreFiles::put_back(const ReplicaOptions& options, const KeyringContents& ring, const WriteDatabase& write) {
  namespace fs = std::filesystem;
  std::error_code failed;
  if (fs::create_directories(options.directory, failed)) fs::permissions(options.directory, fs::perms::owner_all, failed);
  const auto path = [&](const char* name) { return (options.directory / name).string(); };
  auto lock = StoreLock::take(path("lock"), options.program);
  if (!lock) return lock.error();
  if (fs::exists(path("store.db"), failed) || fs::exists(path("store.db-wal"), failed)) return Error{Errc::already_set_up, "store"};

  Undo undo;
  const bool has_key = fs::exists(path("key"), failed);
  auto key = has_key ? open_store_key(path("key"), options.unlock.passphrase) : make_store_key(path("key"), options.unlock.passphrase);
  if (!key) return key.error();
  if (!has_key) undo.remove_later(path("key"));
  if (fs::exists(path("keyring"), failed)) {
    // Of this device, from a restore that was cut short; another device's keys may be all that somebody still has.
    auto held = read_keyring(path("keyring"), *key);
    if (!held || held->author_seed != ring.author_seed) return Error{Errc::already_set_up, "keyring"};
  } else {
    undo.remove_later(path("keyring"));
  }
  if (auto written = write_keyring(path("keyring"), *key, ring); !written) return written.error();
  for (const char* name : {"incarnation", "last_heads", "intake"}) {
    if (auto removed = file::remove_durably(path(name)); !removed) return removed.error();
  }
  auto vfs = PageVfs::install(fresh_vfs_name(), "unix-excl", *key, {});
  if (!vfs) return vfs.error();
  undo.remove_later(path("store.db.new"));
  if (auto written = write(vfs->name(), path("store.db.new")); !written) return written.error();
  if (auto renamed = PageVfs::rename(vfs->name(), path("store.db.new"), path("store.db")); !renamed) return renamed.error();
  undo.keep();
  return {};
}

Result<std::unique_ptr<Sql>> StoreFiles::open_database(bool create) {
  const std::string base = parts_->options.base_vfs.empty() ? "unix-excl" : parts_->options.base_vfs;
  PageVfsOptions vfs_options;
  vfs_options.random = parts_->options.random;
  if (!parts_->options.base_vfs.empty()) {
    vfs_options.rename = parts_->options.rename;
  }
  auto vfs = PageVfs::install(fresh_vfs_name(), base, parts_->key, vfs_options);
  if (!vfs) return vfs.error();
  parts_->vfs.emplace(std::move(*vfs));

  DatabaseOptions options;
  options.when = create ? DatabaseOptions::When::create_if_missing : DatabaseOptions::When::must_exist;
  options.exclusive_locking = !parts_->options.base_vfs.empty();
  options.cache_kib = parts_->options.cache_kib;
  options.schema_max = schema_version;
  auto connection = open_database_file(options);
  if (!connection && connection.error().code == Errc::store_too_new) return too_new(database_path(), connection.error().context);
  if (!connection) return connection.error();
  auto db = std::move(*connection);
  if (parts_->options.base_vfs.empty()) {
    if (auto kept = keep_copy(database_path(), schema_of(*db), schema_version); !kept) return kept.error();
  }
  if (auto migrated = migrate(*db); !migrated) return migrated.error();
  if (auto judged = begin_life(*db); !judged) return judged.error();
  return db;
}

Result<std::unique_ptr<Sql>> StoreFiles::open_database_file(const DatabaseOptions& options) {
  auto connection = kiz::open_database(database_path(), parts_->vfs->name(), options);
  if (!connection && connection.error().code == Errc::not_found) return Error{Errc::damaged, "store.db is missing"};
  if (!connection) return connection.error();
  return std::make_unique<Sql>(connection->release());
}

// The database counts first: a crash between the two leaves it one ahead, which is not mistaken for a restored store.
Result<void> StoreFiles::begin_life(Sql& db) {
  const std::uint64_t counter = read_counter(db, opened_fact);
  auto held = read_incarnation(parts_->path("incarnation"));
  auto notes = LastHeads::open(parts_->path("last_heads"), parts_->key);
  if (!notes) return notes.error();
  parts_->last_heads.emplace(std::move(*notes));
  auto intake = IntakeGuard::open(parts_->path("intake"));
  if (!intake) return intake.error();
  parts_->intake.emplace(std::move(*intake));
  const Hash machine = machine_hash();
  LogReason judged = LogReason::restored;  // no file, or one that cannot be read: this is a copy
  if (held) {
    parts_->life = *held;
    judged = judge_incarnation(*held, counter, count_entries(db), machine);
    if (judged == LogReason::first && !holds_what_was_noted(db)) judged = LogReason::restored;
  }
  if (KIZ_MUTANT(reuse_seq) && held) judged = LogReason::first;
  parts_->life.machine = machine;
  if (judged != LogReason::first) {
    parts_->random(parts_->life.incarnation.bytes);
    parts_->life.reason = judged;
  }
  parts_->life.counter = std::max(counter, held ? held->counter : 0) + 1;
  parts_->life.entries = count_entries(db);
  const std::uint64_t next = parts_->life.counter;
  (db.query("INSERT INTO facts(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value")
   << std::string_view{opened_fact} << next)
      .run();
  if (auto written = write_incarnation(parts_->path("incarnation"), parts_->life); !written) return written.error();
  // Only now: were it forgotten first, a crash in between would let the old life go on.
  if (judged != LogReason::first) return parts_->last_heads->forget(count_control(db));
  return {};
}

bool StoreFiles::holds_what_was_noted(Sql& db) const {
  const LastNote& noted = parts_->last_heads->last();
  if (count_control(db) < noted.control) return false;
  return std::all_of(noted.heads.begin(), noted.heads.end(), [&db](const Head& head) {
    auto query = db.query("SELECT 1 FROM entries WHERE hash = ?");
    query << ByteView{head.entry};
    return query.step();
  });
}

void StoreFiles::note_heads(const std::vector<Head>& heads, Seq control) {
  static_cast<void>(parts_->last_heads->note(heads, control));
}

IntakeGuard& StoreFiles::intake_guard() { return *parts_->intake; }

Result<void> StoreFiles::renew_incarnation(LogReason reason) {
  parts_->random(parts_->life.incarnation.bytes);
  parts_->life.reason = reason;
  return write_incarnation(parts_->path("incarnation"), parts_->life);
}

Result<void> StoreFiles::note_entries(Sql& db) {
  parts_->life.entries = count_entries(db);
  return write_incarnation(parts_->path("incarnation"), parts_->life);
}

const crypto::SigningKey& StoreFiles::signing() const { return *parts_->signing; }
const TransportKey& StoreFiles::transport() const { return parts_->transport; }
const crypto::SigningKey* StoreFiles::issuing_key() const { return parts_->issuing ? &*parts_->issuing : nullptr; }
const Incarnation& StoreFiles::incarnation() const { return parts_->life.incarnation; }
LogReason StoreFiles::reason() const { return parts_->life.reason; }
const std::string& StoreFiles::device_name() const { return parts_->ring.device_name; }
KeyringContents& StoreFiles::keyring() { return parts_->ring; }
const KeyringContents& StoreFiles::keyring() const { return parts_->ring; }

Result<void> StoreFiles::save_keyring() {
  parts_->derive_keys();
  return write_keyring(parts_->path("keyring"), parts_->key, parts_->ring);
}

const StoreKey& StoreFiles::key() const { return parts_->key; }

Result<Connection> StoreFiles::open_reader() const {
  if (!parts_->options.base_vfs.empty()) return Connection{};
  DatabaseOptions options;
  options.carry_over_log = false;
  options.cache_kib = 256;
  return kiz::open_database(database_path(), parts_->vfs->name(), options);
}

std::string StoreFiles::database_path() const { return parts_->path("store.db"); }

}  // namespace kiz

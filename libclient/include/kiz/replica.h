// libkiz: one replica on disk. Edits in, views out; works without network and without a daemon.
//
// A replica belongs to one member of one realm (a town or the Kreis) and holds every space that this member may read.
// One process at a time writes a store. Nothing here waits for a network or a clock; each call runs to completion.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kiz/ids.h"
#include "kiz/record_view.h"
#include "kiz/result.h"
#include "kiz/timestamp.h"

namespace kiz {

class ReplicaCore;
class Membership;
class ControlLog;

/// What opens the store's key. A key file (0600) is made unless a passphrase is given; a systemd credential
/// `kiz-store-key` in $CREDENTIALS_DIRECTORY is taken first where there is one.
struct Unlock {
  std::optional<std::string> passphrase = {};
};

struct ReplicaOptions {
  std::filesystem::path directory = {};  // made 0700 when it is missing
  Unlock unlock = {};
  std::string base_vfs = {};                              // empty: unix-excl; the simulator names its own
  std::function<Result<void>(const std::string& from, const std::string& to)> rename = {};  // for a base_vfs of one's own
  int cache_kib = 24 << 10;                             // page cache
  std::function<std::uint64_t()> clock_ms = {};            // empty: system clock, ms since 1970 UTC
  std::function<void(std::span<std::uint8_t>)> random = {};  // empty: the system's
  std::string program = "kiz";                          // named to others who want the same store
  std::optional<std::uint64_t> author_burst_bytes = {};  // of one device's work, taken from others at once; empty: 1 GiB
  std::optional<std::uint64_t> author_daily_bytes = {};  // and each day after that; empty: 64 MiB
};

/// Who is acting, for the erasable part of an entry: a local user's name. Empty: nothing is written.
struct Actor {
  std::string name;
};

struct Identity {
  RealmId realm;
  std::string realm_name;
  MemberId member;
  std::string member_name;
  std::string device;
  AuthorKey author;
  TransportKey transport;
  bool is_authority = false;  // the Kreis node: may issue grants
  bool joined = false;        // false: keys exist, membership does not yet
};

struct Author {
  MemberId member;
  std::string member_name;
  std::string device;
};

/// A change being put together: all of it becomes durable in one commit or none of it does.
/// What its maker was shown is what the replica held when the Edit was begun.
class Edit {
 public:
  /// Register and multi_value: replaces what is visible. `keep`: cells that stay beside it.
  void set(const Space& space, const RecordId& record, std::uint32_t field, Value value, std::vector<CellName> keep = {});
  /// Set: adds an element (nothing happens if it is there). Counter: adds a delta.
  void add(const Space& space, const RecordId& record, std::uint32_t field, Value value);
  /// Set: removes the element as far as it is visible here.
  void remove(const Space& space, const RecordId& record, std::uint32_t field, Value value);
  /// Deletes the record; its values stay until retention prunes them.
  void del(const Space& space, const RecordId& record);
  /// Undo of a delete, or a person's word that the record exists.
  void undo(const Space& space, const RecordId& record);

  bool empty() const { return steps_.empty(); }
  std::size_t size() const { return steps_.size(); }

  enum class Kind : std::uint8_t { set, add, remove, del, undo };
  struct Step {
    Kind kind;
    Space space;
    RecordId record;
    std::uint32_t field = 0;
    Value value;
    std::vector<CellName> keep;
  };
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::vector<Step> steps_;
};

struct Committed {
  std::vector<EntryHash> entries;  // one or more for each space touched; empty where nothing changed
};

struct SpaceStatus {
  Space space;
  std::uint64_t entries = 0;
  std::uint64_t records = 0;
  Hash state_hash;
};

/// A field on which two or more values stand side by side, or (field 0) a record deleted and edited at the same time.
struct Conflict {
  std::uint64_t number = 0;  // K-<number>, given by this store
  Space space;
  RecordId record;
  std::uint32_t field = 0;
};

struct StoreFigures {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  // files of the store
  std::uint64_t quarantined = 0;
  std::uint64_t waiting = 0;
  std::uint64_t pending = 0;  // own entries that no peer has acknowledged
};

struct Verification {
  bool ok = true;
  std::uint64_t logs = 0, entries = 0, signatures = 0, erased = 0;
  std::vector<LogId> forks;
  std::vector<std::string> findings;
  Hash state_hash;
};

/// One change of one field of a record.
struct HistoryStep {
  EntryHash entry;
  std::uint32_t op = 0;
  Timestamp hlc;
  Author author;
  std::string actor;
  std::uint32_t field = 0;
  std::uint8_t mode = 0;  // protocol/operation.h Mode
  std::optional<Value> value;
};

/// What a scan goes through.
struct ScanRange {
  std::optional<Space> space = {};         // empty: all spaces held
  bool deleted = false;                    // also records that no longer exist
  std::vector<std::uint32_t> fields = {};  // the views show these alone, which is several times as fast; empty: all
};

class Replica {
 public:
  // ---- life ----
  /// errors: not_set_up, store_in_use (pid in context), wrong_key, damaged, store_too_new, io_error
  static Result<std::unique_ptr<Replica>> open(ReplicaOptions options);
  /// Makes keys and an empty store that waits for its membership (libclient/enrolment.h).
  /// errors: already_set_up, store_in_use, io_error, no_space
  static Result<std::unique_ptr<Replica>> create(ReplicaOptions options, std::string device_name);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  Identity identity() const;
  const Membership& membership() const;
  const ControlLog& control() const;
  std::uint64_t now_ms() const;

  // ---- reading ----
  /// The space of this realm with that owner and collection.
  Space space(const MemberId& owner, Collection collection, const MemberId& counterpart = {}) const;
  std::optional<RecordView> read(const Space& space, const RecordId& record) const;
  /// Calls `each` for every record of this kind in the range. Stops when `each` returns false. `each` must not edit.
  void scan(std::uint32_t kind, const std::function<bool(const RecordView&)>& each, const ScanRange& range = {}) const;
  /// Records of this kind whose key begins with these bits (short references such as A-7K3); at most `max`.
  std::vector<std::pair<Space, RecordId>> find_by_prefix(std::uint32_t kind, const RecordKey& prefix, unsigned bits,
                                                         std::size_t max) const;
  std::vector<Conflict> conflicts() const;  // by number
  std::uint64_t conflict_count() const;
  /// Every change of a record that is applied, by timestamp.
  std::vector<HistoryStep> history(const Space& space, const RecordId& record) const;
  Author author_of(const LogId& log) const;
  std::string actor_of(const EntryHash& entry) const;  // empty: unknown or erased
  std::vector<SpaceStatus> spaces() const;
  /// Over all spaces held: equal on replicas that may read the same and hold the same.
  Hash state_hash() const;
  StoreFigures figures() const;
  /// Checks every log, signature, commitment and page; `rebuild`: also derives all records anew and compares.
  Verification verify(bool rebuild) const;

  // ---- editing ----
  Edit begin() const { return {}; }
  /// Signs, merges and makes durable; on return nothing short of a disk's death loses it.
  /// errors: not_permitted, over_limit, bad_clock, no_space, io_error, not_set_up
  Result<Committed> commit(const Edit& edit, const Actor& actor);
  /// Takes back the last commit of this device, as a new change. errors: not_found, conflict_open
  Result<Committed> undo_last(const Actor& actor);
  /// Secret-grade random bytes from where the replica takes its own.
  void random(std::span<std::uint8_t> out) const;

  /// For the daemon, enrolment, bundles and the simulator: libclient/replica_core.h.
  ReplicaCore& core() { return *core_; }

 private:
  explicit Replica(std::unique_ptr<ReplicaCore> core);
  std::unique_ptr<ReplicaCore> core_;
};

}  // namespace kiz

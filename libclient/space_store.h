// One space in SQLite: its entries and indexes for the merge (protocol/log_source.h) and its merged records.
//
// Reads see what this transaction wrote. Log infos and touched records wait in memory and reach the tables in flush(),
// once each, so that an entry with thousands of ops writes each record once. Whoever rolls back must drop the SpaceStore.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "kiz/ids.h"
#include "libclient/sqlite.h"
#include "protocol/entry.h"
#include "protocol/log_source.h"
#include "protocol/merge.h"

namespace kiz {

using SpaceNumber = std::int64_t;  // local; row of `spaces`
class SpaceStore;
using BusyStores = std::vector<SpaceStore*>;  // those that hold something until their flush()

/// Body of an entry as kept at rest, and back. Long ones are compressed.
Bytes pack_body(const EntryBody& body);
Result<EntryBody> unpack_body(ByteView packed);
/// The canonical bytes alone, as they stand in a run.
Result<Bytes> unpack_body_bytes(ByteView packed);

class SpaceStore final : public LogStore, public RecordStore {
 public:
  /// `busy` must outlive it: there it enters itself.
  SpaceStore(Sql& db, SpaceNumber number, Space space, BusyStores& busy);

  const Space& space() const { return space_; }
  SpaceNumber number() const { return number_; }

  // ---- LogSource
  LogRef log_count() const override { return static_cast<LogRef>(logs_.size()); }
  const LogInfo& log(LogRef ref) const override;
  LogRef find_log(const LogId& id) const override;
  EntryRef find(const EntryHash& hash) const override;
  EntryMeta meta(EntryRef ref) const override;
  EntryRef at(const Place& place) const override;
  void listings(const Place& citing, LogRef cited, const std::function<bool(const Listing&)>& take) const override;
  void namings(LogRef log, Seq seq, std::vector<Naming>& out) const override;
  void foretold(const EntryHash& hash, std::vector<Foretold>& out) const override;
  void touching(const RecordId& record, std::vector<EntryRef>& out) const override;
  void ops_on(EntryRef ref, const RecordId& record, std::vector<IndexedOp>& out) const override;
  void ops_of(EntryRef ref, std::vector<Op>& out) const override;
  void records_after(const std::optional<RecordId>& after, std::size_t max, std::vector<RecordId>& out) const override;

  // ---- LogStore
  LogRef name_log(const LogId& id) override;
  void put_log(const LogInfo& info) override;
  EntryRef put_entry(const NewEntry& entry) override;
  void set_void(EntryRef ref, bool is_void) override;

  // ---- RecordStore
  RecordState load(const RecordId& record) const override;
  void save(const RecordId& record, RecordState state) override;

  // ---- beyond the merge
  /// What brings a log into being here; the merge gets its author from it.
  void put_genesis(const Genesis& genesis);
  std::optional<Genesis> genesis(LogRef ref) const;
  void put_signature(const EntryHash& entry, const Signature& signature);
  const EntryBody& body(EntryRef ref) const;  // valid until the next call on this store
  /// The same entry with other of its values held. Whoever takes or gives one that lives refreshes its record.
  void put_values(EntryRef ref, const EntryBody& body);
  /// Rows that stand beside the entries and follow from them (entry_index.h).
  void put_listing(const Place& by, const NewEntry::Listed& listed);
  void put_foretold(const Foretold& told);
  /// Forgets every merged record but not what touched them; evaluate_record must follow for each.
  void clear_states();
  /// Writes what waits in memory, and lets go of what was read. Call before the transaction commits; where the store has
  /// not entered itself as busy there is nothing to do.
  void flush();
  bool dirty() const { return changed_; }
  /// Counts changes of logs: which entries they have and how these stand.
  std::uint64_t logs_changed() const { return logs_changed_; }

 private:
  struct HeldLog {
    LogInfo info;
    bool dirty = false;
  };
  struct HeldRecord {
    std::int64_t row = 0;  // 0: not in the table yet
    RecordState state;
    Bytes touched;
    EntryRef last_touch = 0;
    bool dirty = false;
    std::int64_t disputed = 0;  // as in the table
  };
  struct RecordHash {
    std::size_t operator()(const RecordId& id) const { return PrefixHash{}(id.key) ^ id.kind; }
  };
  struct Found {
    EntryRef ref = 0;  // 0: not held
    Place place;
  };
  struct DecodedBody {
    EntryRef ref = 0;
    EntryBody body;
    std::vector<std::uint32_t> by_record;  // indices of ops, ordered by (record, index)
  };

  void be_busy() const;
  HeldRecord& held(const RecordId& record) const;
  void flush_records() const;
  void write(const RecordId& id, HeldRecord& record) const;
  void write_conflicts(const RecordId& id, const std::vector<std::uint32_t>& fields) const;
  const DecodedBody& decoded(EntryRef ref) const;
  Found locate(const EntryHash& hash) const;

  Sql& db_;
  BusyStores& busy_stores_;
  mutable bool busy_ = false;
  SpaceNumber number_;
  Space space_;
  std::vector<HeldLog> logs_;
  std::unordered_map<LogId, LogRef, PrefixHash> log_refs_;
  mutable std::unordered_map<RecordId, HeldRecord, RecordHash> records_;  // of this transaction
  mutable std::list<DecodedBody> bodies_;                                 // most recently used first
  std::uint64_t entries_added_ = 0;
  std::uint64_t logs_changed_ = 0;
  bool changed_ = false;
};

}  // namespace kiz

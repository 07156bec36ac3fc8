// The stores of a space in memory: for tests, the simulator's checkers, and tools that read a bundle without a replica.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "protocol/log_source.h"
#include "protocol/merge.h"

namespace kiz {

class MemoryLog final : public LogStore {
 public:
  LogRef log_count() const override { return static_cast<LogRef>(logs_.size()); }
  const LogInfo& log(LogRef ref) const override { return logs_[ref - 1]; }
  LogRef find_log(const LogId& id) const override;
  EntryRef find(const EntryHash& hash) const override;
  EntryMeta meta(EntryRef ref) const override { return entries_[ref - 1].meta; }
  EntryRef at(const Place& place) const override;
  void listings(const Place& citing, LogRef cited, const std::function<bool(const Listing&)>& take) const override;
  void namings(LogRef log, Seq seq, std::vector<Naming>& out) const override;
  void foretold(const EntryHash& hash, std::vector<Foretold>& out) const override;
  void touching(const RecordId& record, std::vector<EntryRef>& out) const override;
  void ops_on(EntryRef ref, const RecordId& record, std::vector<IndexedOp>& out) const override;
  void ops_of(EntryRef ref, std::vector<Op>& out) const override;
  void records_after(const std::optional<RecordId>& after, std::size_t max, std::vector<RecordId>& out) const override;

  LogRef name_log(const LogId& id) override;
  void put_log(const LogInfo& info) override { logs_[info.ref - 1] = info; }
  EntryRef put_entry(const NewEntry& entry) override;
  void set_void(EntryRef ref, bool is_void) override { entries_[ref - 1].meta.is_void = is_void; }

  /// Drops or restores the value of an op, as an erasure or a late arrival does; Merge::refresh of its record follows.
  void set_value(const CellName& op, std::optional<Value> value);

 private:
  struct Stored {
    EntryMeta meta;
    EntryBody body;
  };

  std::vector<LogInfo> logs_;
  std::map<LogId, LogRef> log_refs_;
  std::vector<Stored> entries_;
  std::unordered_map<EntryHash, EntryRef, PrefixHash> refs_;
  std::map<Place, EntryRef> places_;
  std::map<std::tuple<LogRef, BranchNo, LogRef>, std::vector<Listing>> listings_;  // in order of `at`
  std::map<std::pair<LogRef, Seq>, std::vector<Naming>> namings_;
  std::unordered_map<EntryHash, std::vector<Foretold>, PrefixHash> foretold_;
  std::map<RecordId, std::vector<EntryRef>> touching_;
};

class MemoryRecords final : public RecordStore {
 public:
  RecordState load(const RecordId& record) const override;
  void save(const RecordId& record, RecordState state) override;
  const std::map<RecordId, RecordState>& all() const { return records_; }

 private:
  std::map<RecordId, RecordState> records_;
};

}  // namespace kiz

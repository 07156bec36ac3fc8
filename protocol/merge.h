// The one merge rule: live = asserted by applied entries - superseded by applied entries. Rules: SPEC.md "Merge".
//
// evaluate_record() (merge_rule.h) says what the state of a record is. Merge keeps the stored records equal to that as
// entries and control records come in any order: it finds out which records may have changed and evaluates these anew;
// the ops of an entry that nobody has seen yet it applies to the stored state directly.
#pragma once

#include <vector>

#include "protocol/history.h"
#include "protocol/intake.h"
#include "protocol/log_source.h"
#include "protocol/merge_rule.h"
#include "protocol/record_state.h"

namespace kiz {

/// The stored records of a space.
class RecordStore {
 public:
  virtual ~RecordStore() = default;
  /// The stored state; empty() if there is none.
  virtual RecordState load(const RecordId& record) const = 0;
  /// Replaces it; an empty state means that no applied entry names the record any more.
  virtual void save(const RecordId& record, RecordState state) = 0;
};

class Merge {
 public:
  /// All must outlive it. What the stores hold must be as a Merge left it, or rebuild() must come first.
  Merge(LogStore& logs, RecordStore& records, const Rulings& rulings, const FieldTypes& types)
      : logs_(logs), records_(records), types_(types), history_(logs, rulings) {}

  /// Stores an entry and brings all records up to date. An entry already held changes nothing.
  /// errors: gap (the entry before is not held in this log), broken_chain (its seq does not follow from that)
  Result<EntryState> append(const Arrival& arrival);

  /// Entries of one verified run in order; the states of each.
  Result<std::vector<EntryState>> apply(const VerifiedRun& run, const AuthorKey& author);

  /// Brings logs and records up to date after the control log has grown.
  void follow_control();

  /// Evaluates a record anew, after values of its cells came or went.
  void refresh(const RecordId& record);

  /// Everything anew from the stored entries: after a control epoch has closed a branch that entries cite, after an
  /// upgrade of the registry, or when a state hash differs.
  void rebuild();

  const History& history() const { return history_; }

 private:
  void apply_ops(const EntryMeta& meta, const EntryBody& body, bool may_be_covered);
  void evaluate(const RecordId& record);
  void evaluate_all(std::vector<RecordId> records);
  void evaluate_records_of(LogRef log);
  void for_each_entry(LogRef log, const std::function<void(EntryRef)>& take) const;
  /// Moves `waiting_from` on past entries whose control position is held now; hands over each of these.
  void release_waiting(LogInfo& info, const std::function<void(EntryRef)>& released) const;
  /// Judges the right of an entry anew. True if the answer is another than before.
  bool judge_right(EntryRef ref);
  void add_records(EntryRef ref, std::vector<RecordId>& out) const;

  LogStore& logs_;
  RecordStore& records_;
  const FieldTypes& types_;
  History history_;
};

}  // namespace kiz

// The one merge rule: live = asserted by applied entries - superseded by applied entries. Rules: SPEC.md "Merge".
//
// evaluate_record() says what the state of a record is; it is the only place where the rule stands. Merge keeps stored
// records equal to that as entries and control records come in any order: it finds out which records may have changed,
// and for a new entry that nobody has seen yet it applies its ops to the stored state directly (the fast path).
#pragma once

#include <vector>

#include "protocol/history.h"
#include "protocol/log_source.h"
#include "protocol/record_state.h"

namespace kiz {

/// What the merge must know of a field: whether its added cells are deltas, which are summed up. The registry knows.
class FieldTypes {
 public:
  virtual ~FieldTypes() = default;
  virtual bool is_counter(std::uint32_t kind, std::uint32_t field) const = 0;
};

/// The stored records of a space.
class RecordStore {
 public:
  virtual ~RecordStore() = default;
  /// The stored state; empty() if there is none.
  virtual RecordState load(const RecordId& record) const = 0;
  /// Replaces it; an empty state means that no applied entry names the record any more.
  virtual void save(const RecordId& record, RecordState state) = 0;
};

/// The state of a record, from all applied ops on it. Pure: depends on held entries and the control prefix alone.
RecordState evaluate_record(const History& history, const FieldTypes& types, const RecordId& record);

/// A verified entry on its way into a space. Signature, hash and links have been checked; see decode_run.
struct Arrival {
  const LogId& log;
  const AuthorKey& author;  // of the log's genesis
  Seq seq = 0;
  const EntryHash& backlink;  // seq 1: not looked at
  const EntryHash& hash;
  const EntryBody& body;
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
  LogStore& logs_;
  RecordStore& records_;
  const FieldTypes& types_;
  History history_;
};

}  // namespace kiz

// The one window to the stored entries of a space. Rules: SPEC.md "Merge". The merge reads through LogSource and writes
// its bookkeeping through LogStore; SQLite implements both in a store (libclient/store.h), MemoryLog in tests.
//
// What is O(number of logs) lies in LogInfo and may be kept in memory; all that is O(entries) is asked for piece by piece.
// Entries and logs have local handles, small numbers that mean nothing to others: nothing hashed or sent may hold one.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "kiz/ids.h"
#include "kiz/timestamp.h"
#include "protocol/entry.h"
#include "protocol/operation.h"

namespace kiz {

using EntryRef = std::uint64_t;  // a held entry; 0 = none
using LogRef = std::uint32_t;    // a log, from 1 without gaps in order of first mention in this space; 0 = none
using BranchNo = std::uint32_t;  // a branch of a log, from 0 in order of arrival

inline constexpr BranchNo no_branch = ~BranchNo{0};
inline constexpr Seq seq_never = ~Seq{0};

/// Where a held entry stands.
struct Place {
  LogRef log = 0;  // 0: not held
  BranchNo branch = 0;
  Seq seq = 0;

  auto operator<=>(const Place&) const = default;
  explicit operator bool() const { return log != 0; }
};

/// A stretch of a log with one predecessor for each entry. A log without a fork has one. Entries fork_seq+1 .. tip stand
/// on the branch itself, the earlier ones on its parent. So ancestry costs O(branches), not O(length).
struct Branch {
  BranchNo parent = no_branch;  // no_branch: begins at seq 1
  Seq fork_seq = 0;             // last entry shared with the parent
  Seq tip = 0;                  // newest held entry
  Seq decreased_from = seq_never;    // first entry that cites a smaller control position than the one before
  Seq waiting_from = seq_never;      // first entry that cites a control position not held; it and what follows waits
  Seq quarantined_from = seq_never;  // first entry beyond a cut or a decrease; it and what follows counts as not held

  bool operator==(const Branch&) const = default;
};

/// What is known of a log as a whole. A log may be known only because a `seen` names it: no branches then, author zero.
struct LogInfo {
  LogRef ref = 0;
  LogId id;
  AuthorKey author;
  std::vector<Branch> branches;
  std::vector<Seq> suspects;  // ascending: places for which stored entries and heads in `seen`, of any state, name two hashes
  Seq cited_upto = 0;         // largest seq of this log in any stored `seen`
  bool misnamed = false;      // some `seen` lists as of this log an entry that stands elsewhere
  std::uint64_t judged = 0;   // control index that waiting_from, quarantined_from and is_void of its entries go by

  bool operator==(const LogInfo&) const = default;
};

struct EntryMeta {
  EntryRef ref = 0;
  EntryHash hash;
  Place place;
  Timestamp hlc;
  ControlPosition control;
  bool is_void = false;  // no right for one of its ops; means something only while it neither waits nor is quarantined
};

/// One head in the `seen` of an entry, as a row of the index (citing log, citing branch, cited log, seq of the citing entry).
struct Listing {
  Seq at = 0;       // seq of the citing entry
  Seq seq = 0;      // of the head, as listed
  EntryHash entry;  // of the head
  Seq run_max = 0;  // largest `seq` that the citing entry and its ancestors list for this log: a scan may stop early
  Place held;       // where the entry with that hash really stands; log 0 if it is not held
};

/// Somebody's word that this entry stands at a place: the entry itself, or an entry whose `seen` lists it.
struct Naming {
  EntryHash entry;
  Place by;
};

/// What a stored entry said of a hash before an entry with it was held: a head in `seen`, or a cell in remove or origin.
struct Foretold {
  EntryHash entry;
  bool is_head = false;  // false: a cell of it
  LogRef log = 0;        // head: as listed
  Seq seq = 0;           // head: as listed

  bool operator==(const Foretold&) const = default;
};

struct IndexedOp {
  std::uint32_t index = 0;  // in its entry
  Op op;                    // its value is empty when erased, pruned or not arrived
};

class LogSource {
 public:
  virtual ~LogSource() = default;

  /// Logs have the handles 1 .. log_count().
  virtual LogRef log_count() const = 0;
  /// Good until the next put_log of this log.
  virtual const LogInfo& log(LogRef ref) const = 0;
  /// 0 if no stored entry has ever named this log.
  virtual LogRef find_log(const LogId& id) const = 0;

  /// 0 if not held. Quarantined and waiting entries are held here; what counts as held is History's business.
  virtual EntryRef find(const EntryHash& hash) const = 0;
  virtual EntryMeta meta(EntryRef ref) const = 0;
  /// The entry at fork_seq < seq <= tip of this branch itself.
  virtual EntryRef at(const Place& place) const = 0;

  /// Rows of the `seen` index of this log, branch (itself, not its parents) and cited log with `at` <= citing.seq,
  /// newest first, until `take` returns false.
  virtual void listings(const Place& citing, LogRef cited, const std::function<bool(const Listing&)>& take) const = 0;
  /// Entries of any state held at this seq of a log, and every listing of a head with this log and seq.
  virtual void namings(LogRef log, Seq seq, std::vector<Naming>& out) const = 0;
  virtual void foretold(const EntryHash& hash, std::vector<Foretold>& out) const = 0;

  /// Entries of any state with an op on this record, each once, in any order.
  virtual void touching(const RecordId& record, std::vector<EntryRef>& out) const = 0;
  /// The ops of an entry on this record, ascending by index. Appends to `out`. An entry may have 4,096 ops on as many
  /// records, and all records may be asked for one by one: keep the place of the ops beside the touch index.
  virtual void ops_on(EntryRef ref, const RecordId& record, std::vector<IndexedOp>& out) const = 0;
  /// All ops of an entry, notes included.
  virtual void ops_of(EntryRef ref, std::vector<Op>& out) const = 0;
  /// Up to `max` records with an op in any stored entry, ascending, after `after` (empty: from the first). Appends.
  virtual void records_after(const std::optional<RecordId>& after, std::size_t max, std::vector<RecordId>& out) const = 0;
};

/// An entry to be stored, with the rows of the indexes that go with it; all views live for the call only.
struct NewEntry {
  const EntryHash& hash;
  Place place;
  const EntryBody& body;
  const Bytes* packed;  // as the store keeps it; null: not made yet
  struct Listed {
    LogRef cited = 0;
    Seq seq = 0;
    EntryHash entry;
    Seq run_max = 0;
  };
  std::span<const Listed> listings;    // one for each head in body.seen
  std::span<const Foretold> foretold;  // new rows; may repeat rows that are there
};

/// The writing half. One transaction of the store holds all calls of one Merge::append or Merge::follow_control.
class LogStore : public LogSource {
 public:
  /// The handle of this log; the first mention makes one.
  virtual LogRef name_log(const LogId& id) = 0;
  /// Replaces what is known of log `info.ref`.
  virtual void put_log(const LogInfo& info) = 0;
  /// Stores the entry, a touch row for each record it names (notes have none), its listings and foretold rows.
  virtual EntryRef put_entry(const NewEntry& entry) = 0;
  virtual void set_void(EntryRef ref, bool is_void) = 0;
};

}  // namespace kiz

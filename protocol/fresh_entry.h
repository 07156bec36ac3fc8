// The merge rule where one entry is new and no applied entry has it before it: what was live stays live unless its ops
// supersede it, so they can be applied to the stored state of a record directly. Rules: SPEC.md "Merge".
#pragma once

#include <span>
#include <vector>

#include "protocol/merge_rule.h"

namespace kiz {

/// An op with its index in its entry.
struct OpAt {
  std::uint32_t index = 0;
  const Op* op = nullptr;
};

/// An applied entry that no applied entry has before it. Remembers what it has seen of each log.
class FreshEntry {
 public:
  /// The entry is stored already; `history` must outlive this.
  FreshEntry(const History& history, const EntryMeta& meta)
      : history_(history), meta_(meta), source_{meta.hash, history.source().log(meta.place.log).id, meta.place.seq, meta.hlc} {}

  const History& history() const { return history_; }
  const CellEntry& source() const { return source_; }
  /// True if that entry is before this one in its own log, or inside its `seen`.
  bool covers(const CellEntry& earlier);

 private:
  const History& history_;
  EntryMeta meta_;
  CellEntry source_;
  std::vector<std::pair<LogRef, Coverage>> seen_;
};

/// Applies all ops of a fresh entry on one record, ascending by index, to the record's state.
/// returns  false if the state does not tell enough: it is then half changed, and the record must be evaluated
bool apply_fresh(RecordState& state, FreshEntry& entry, std::span<const OpAt> ops, const FieldTypes& types,
                 std::uint32_t kind);

}  // namespace kiz

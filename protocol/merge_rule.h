// The one merge rule: live = asserted by applied entries - superseded by applied entries. Rules: SPEC.md "Merge".
//
// Where only one entry is new and nothing that is applied has it before it, fresh_entry.h comes to the same faster.
#pragma once

#include <optional>

#include "protocol/history.h"
#include "protocol/record_state.h"

namespace kiz {

/// What the merge must know of a field: whether its added cells are deltas, which are summed up.
class FieldTypes {
 public:
  virtual ~FieldTypes() = default;
  virtual bool is_counter(std::uint32_t kind, std::uint32_t field) const = 0;
};

/// As registry.h has it.
const FieldTypes& registry_types();

/// The state of a record, from all applied ops on it. Pure: depends on held entries and the control prefix alone.
RecordState evaluate_record(const History& history, const FieldTypes& types, const RecordId& record);

/// Ops on a record that assert only cells which applied entries have superseded, so that their values are read by nobody.
std::vector<CellName> superseded_ops(const History& history, const FieldTypes& types, const RecordId& record);

// ---- steps that evaluation and fresh entries share

/// Marks the replaced-in cells that are not read because a newer live cell of their own chain is. Cells with an origin
/// are read beside it.
void hide_older(const History& history, RecordState& state, std::uint32_t field);

/// Adds one delta to the sums. A value that is no number adds nothing.
void add_delta(DeltaSum& sum, const CellName& name, const std::optional<Value>& value, bool inside);

}  // namespace kiz

// The author's side of the merge: what a new entry lists as seen, and which cells it must keep because the person had not
// been shown them. Rules: SPEC.md "Merge", "Writing".
#pragma once

#include <optional>
#include <vector>

#include "kiz/result.h"
#include "protocol/frontier.h"
#include "protocol/record_state.h"

namespace kiz {

/// The `seen` of the next entry: heads of the applied frontier that are neither in the author's own log nor listed by one
/// of its entries before.
///
/// own_head  the entry before; log 0 if the new one is the log's first
/// now       the applied frontier at the control position that the new entry cites
/// returns   ascending, no twins
std::vector<Head> seen_since(const History& history, const Place& own_head, const Frontier& now);

/// The live cells of a field that came after a person had been shown `shown`: what a replace lists in `keep`. In field 0
/// these are alive cells and marks; in a counter the deltas too, so that they count on top of the new base.
///
/// returns   ascending, no twins
/// errors    over_limit: more than limits::cells_max; the person must be shown the record as it is now
Result<std::vector<CellName>> came_since(const History& history, const RecordId& record, const RecordState& now,
                                         std::uint32_t field, const Frontier& shown);

}  // namespace kiz

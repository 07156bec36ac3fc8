// The rows that stand beside the entries of a space and follow from them alone: what entries list as seen, what they foretell,
// which records they touch, and what each log's info counts of it. A disk that loses a write may keep an older page of one of
// these tables, sound in itself, and the merge would go by it.
#pragma once

#include <cstdint>

#include "libclient/space_slot.h"
#include "libclient/sqlite.h"

namespace kiz::entry_index {

/// Rows that are missing, wrong or too many, beside entries that can be read. Writes nothing.
std::uint64_t count_wrong(Sql& db, const SpaceSlot& slot);

/// Inside a commit: writes all of them anew. Merge::rebuild must follow: what was derived by them may be wrong too.
void write_anew(Sql& db, SpaceSlot& slot);

}  // namespace kiz::entry_index

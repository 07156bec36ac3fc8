// Values that live here and are not held: which they are, what a peer gives, and how they are put back. Rules: SPEC.md
// §10.10. They get lost where an entry came from somebody who had dropped a value that lives here, or lost it.
#pragma once

#include <set>
#include <vector>

#include "libclient/replica_core.h"

namespace kiz::values {

/// Live cells without their value, by the names of the ops that carry it, that no erasure in force covers: of spaces that
/// both this device's member and `member` may read, up to `max`, none of `known`. Begins anywhere.
std::vector<ValuesWanted> wanted(const ReplicaCore& core, const MemberId& member, const std::set<CellName>& known, std::size_t max);

/// Of the cells asked for from index `from` on, what is held here and no erasure in force covers; up to about `bytes_max`.
/// `from` is moved behind the last cell that was looked at; `more` is set while cells are left.
ValuesGiven give(const ReplicaCore& core, const ValuesWanted& asked, std::size_t& from, std::size_t bytes_max);

/// Puts values back that were asked for and are the ones committed to. How many those were.
/// errors: no_space, io_error
Result<std::uint64_t> take(ReplicaCore& core, const ValuesGiven& given, const std::set<CellName>& asked);

/// Inside a commit: an entry that is held has come again, perhaps with a value that lives here and is missing.
void mend(SpaceSlot& slot, EntryRef ref, const EntryBody& arrived);

}  // namespace kiz::values

// Checkpoints of this replica's spaces: how the Kreis comes to one, and what every replica drops by it. Rules: SPEC.md §15.
//
//   Kreis: plan() keeps today's frontier -> all active devices have acknowledged it: due() -> a device of the owner: sign()
//   -> Kreis: countersign() issues the control record -> everybody: carry_out()
#pragma once

#include <string>
#include <vector>

#include "libclient/replica_core.h"

namespace kiz::checkpoints {

struct Rule {
  std::uint64_t every_ms = 0;       // between two checkpoints of a space
  std::uint64_t entries_min = 64;   // a checkpoint costs every member a record: not for a handful
};

/// The Kreis: keeps the frontier of each space that is due and has none waiting. How many were kept.
/// errors: not_permitted (not the Kreis), no_space, io_error
Result<std::size_t> plan(ReplicaCore& core, const Rule& rule);
/// The Kreis: what waits, with the state hash where all active devices have acknowledged it.
struct Waiting {
  CheckpointClaim claim;
  std::vector<AuthorKey> open;  // active devices that have not acknowledged it
};
std::vector<Waiting> waiting(const ReplicaCore& core);
/// The Kreis: claims that a device of this member should sign now.
std::vector<CheckpointClaim> due(const ReplicaCore& core, const MemberId& member);
/// A device of the owner: its signature, if it evaluates the same.
std::optional<Checkpoint> sign(const ReplicaCore& core, const CheckpointClaim& claim);
/// The Kreis: issues what it asked for, if it still evaluates the same.
/// errors: not_found (nothing like it waits), conflict_open (the state is another one), those of ReplicaCore::issue
Result<ControlPosition> countersign(ReplicaCore& core, const Checkpoint& checkpoint);
/// The Kreis: the same for spaces of its own. How many were issued.
Result<std::size_t> issue_own(ReplicaCore& core);

// ---- by bundles: what a session would ask and answer lies in files

/// A device of the owner: signs, and keeps the signature for the next bundle to the Kreis. Nothing where it evaluates another
/// state. errors: no_space, io_error
Result<void> keep_signed(ReplicaCore& core, const CheckpointClaim& claim);
/// What was kept and is not in the control log yet.
std::vector<Checkpoint> kept_signed(const ReplicaCore& core);

struct Done {
  std::uint64_t spaces = 0;
  std::uint64_t values = 0;   // dropped by this call
  std::uint64_t refused = 0;  // checkpoints at which this replica evaluates another state: nothing was dropped
};
/// Drops what checkpoints let go, each space by its newest one that is held here in full. Does nothing twice.
/// errors: no_space, io_error
Result<Done> carry_out(ReplicaCore& core);

enum class Standing : std::uint8_t { done, incomplete, open, refused };
const char* name(Standing standing);
struct Known {
  CheckpointClaim claim;
  Seq seq = 0;                // of the control record
  std::uint64_t time_ms = 0;
  Standing standing = Standing::open;  // incomplete: entries are missing here; open: carry_out() has not run yet
};
/// The newest checkpoint of each space that is held here, ascending by space.
std::vector<Known> known(const ReplicaCore& core);

/// True if a head may not be cut away from, because it does not descend from what a checkpoint counts on.
bool leaves_checkpoint(const ReplicaCore& core, const SpaceSlot& slot, const Head& head);

}  // namespace kiz::checkpoints

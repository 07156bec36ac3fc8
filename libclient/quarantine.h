// Entries that a replica holds and that do not count: beyond the newest cut of their log, or behind a control position
// that went back. Rules: SPEC.md §5.1. They are kept, so that a person may take them over: the Kreis by moving the cut
// forward (the same cells, nothing is copied), an office of the owner by entering single ones anew with their origin.
#pragma once

#include <string>
#include <vector>

#include "libclient/replica_core.h"

namespace kiz::quarantine {

enum class Why : std::uint8_t { beyond_cut, control_decreased };

/// The quarantined end of one branch of a log.
struct Stretch {
  std::string ref;  // "Q-7K3M": from the hash of its first entry
  Space space;
  LogId log;
  AuthorKey author;
  Place first, last;
  EntryHash last_entry;
  Why why = Why::beyond_cut;
  Seq cut_at = 0;          // where the log ends now, for beyond_cut
  bool discarded = false;  // a person here has decided against it; it is kept all the same
};

/// Ascending by space, log and branch; the discarded ones too.
std::vector<Stretch> stretches(const ReplicaCore& core);

/// How many entries are in each of the four states.
struct States {
  std::uint64_t applied = 0, waiting = 0, quarantined = 0, void_ = 0;
};
States states(const ReplicaCore& core);

/// True if a person has entered this entry anew, as far as is known here.
bool entered_anew(const SpaceSlot& slot, EntryRef entry);

/// The Kreis: moves the cut of the log forward to the entry with this seq of the stretch.
/// errors: not_permitted (no issuing key here), invalid_input (not in the stretch, or no cut keeps it out), those of issue()
Result<ControlPosition> adopt(ReplicaCore& core, const Stretch& stretch, Seq upto);

/// An office of the space's owner: enters the entry with this seq anew, by a person. What its author had not seen stays
/// beside it. Empty where all of it is there already.
/// errors: invalid_input (not in the stretch), over_limit, not_found (a value is gone), those of ReplicaCore::commit
Result<Committed> enter_anew(ReplicaCore& core, const Stretch& stretch, Seq seq, const Actor& actor);

/// Takes the stretch off the list here. errors: io_error, no_space
Result<void> discard(ReplicaCore& core, const Stretch& stretch);

}  // namespace kiz::quarantine

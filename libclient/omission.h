// Whether somebody hides entries. A head with its author's signature proves that the author went so far; bundles and
// sessions between members show such heads past the Kreis node. Who then claims to hold the same as this replica, though
// a proven head is missing here, withholds it or has lost it. Rules: SPEC.md §12.5.
#pragma once

#include <vector>

#include "libclient/replica_core.h"

namespace kiz::omission {

/// Heads that a peer has shown: those that are not held here and that their author, or of an unknown log a device of the
/// space's owner, has signed are kept. Returns how many. tries: signatures that are looked at before the rest is passed over,
/// less those that were. errors: no_space, io_error
Result<std::uint64_t> note_told(ReplicaCore& core, const Space& space, const std::vector<SignedHead>& heads, const TransportKey& by,
                                std::size_t& tries);

/// A peer has just been found to hold the same as this replica: what is proven and still missing in spaces that it may read
/// it does not give. errors: no_space, io_error
Result<void> note_in_sync(ReplicaCore& core, const TransportKey& peer);

struct Missing {
  Space space;
  Head head;
  Signature signature;     // the author's: the proof
  TransportKey told_by;
  std::uint64_t told_ms = 0;
  std::uint64_t missed_ms = 0;  // 0: nobody was asked since
  TransportKey missed_by;       // who claimed that nothing is missing
};
/// What is proven to exist and still not held; what has arrived meanwhile or was ended by a cut is forgotten.
std::vector<Missing> missing(ReplicaCore& core);

}  // namespace kiz::omission

// Whether a peer shows less than it has shown before: it was put back from a backup, its disk lost something, or somebody
// plays back what it once said. Nothing goes wrong by it here, what it lacks is sent again; but a person should hear of it.
#pragma once

#include <vector>

#include "libclient/replica_core.h"

namespace kiz::older_state {

/// A peer has told of all heads that it holds of a space, in a session; to be called before they replace what is remembered
/// of it. Notes the peer if they lack an entry that it had acknowledged or sent. errors: no_space, io_error
Result<void> note(ReplicaCore& core, const TransportKey& peer, const Space& space, const std::vector<Head>& heads);

struct Noted {
  TransportKey peer;
  Space space;
  std::uint64_t at_ms = 0;  // last
};
/// One for each peer. What was only ended by a cut that came later is left out.
std::vector<Noted> noted(const ReplicaCore& core);

}  // namespace kiz::older_state

// Taking back the last commit of this device: a new change that restores what was visible before, as far as nobody has
// built on it. History keeps both.
#pragma once

#include "libclient/replica_core.h"

namespace kiz {

/// errors: not_found (nothing to take back), conflict_open (a person has to settle a field first), and those of a commit
Result<Committed> take_back_last(ReplicaCore& core, const Actor& actor);

}  // namespace kiz

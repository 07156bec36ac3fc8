// A program that has had nothing to do for a while gives memory back.
#pragma once

#include "libclient/replica_core.h"

namespace kiz {

/// Lets go of the page cache and of what the allocator keeps for later. What is needed again is read again.
void release_memory(ReplicaCore& core);

}  // namespace kiz

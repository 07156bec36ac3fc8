// Receipts: the Kreis's signed word, with its time, that it holds certain entries. Rules: SPEC.md §10.8. They prove to an
// office that its work arrived, and when; no entry is judged by them.
#pragma once

#include <vector>

#include "libclient/replica_core.h"

namespace kiz::receipts {

/// The Kreis: a receipt for each space of this peer's member that has changed since the last one, signed now. Remembers
/// that they were given.
std::vector<Receipt> make_due(ReplicaCore& core, const TransportKey& peer);

/// Keeps a receipt of a space of our own member. False: a device of the Kreis did not sign it, or an equal or younger one is here.
bool take(ReplicaCore& core, const Receipt& receipt);

/// The newest of each space, ascending by space.
std::vector<Receipt> held(const ReplicaCore& core);

/// Entries of our own device in this space that the receipt does not name.
std::uint64_t not_covered(const ReplicaCore& core, const Receipt& receipt);

}  // namespace kiz::receipts

// What this replica remembers of bundles, apart from what they contained: the tables bundle_peers, bundle_sent and
// told_heads of schema.cc. Like peer_memory.h it may be wrong; then a bundle is larger than needed, or says what is missing.
#pragma once

#include <optional>
#include <vector>

#include "libclient/replica_core.h"
#include "protocol/bundle.h"

namespace kiz::bundle_memory {

/// Number of the next bundle written here; never given twice. errors: no_space, io_error
Result<std::uint64_t> next_number(ReplicaCore& core);

struct Sent {
  PeerMemory::Mark mark;
  std::uint64_t number = 0;  // of the last bundle written for that device
};
std::optional<Sent> sent(const ReplicaCore& core, const TransportKey& recipient, const PeerMemory::LogKey& log);
/// Seq of the last control record that this device is known to hold; 0: nothing is known.
Seq control_held(const ReplicaCore& core, const TransportKey& peer);

// inside ReplicaCore::write
void note_written(ReplicaCore& core, const TransportKey& recipient, std::uint64_t number);
void note_sent(ReplicaCore& core, const TransportKey& recipient, const PeerMemory::LogKey& log, const PeerMemory::Mark& mark);
/// True if this bundle is younger than the one that was last read of its sender, by number and by time. One that is not may
/// still be the last: of a sender that was put back from a backup, where it counted less, or whose clock was set.
bool note_read(ReplicaCore& core, const BundleOpening& opening);

/// True if one with that number or a larger one, not made earlier, was read of its sender.
bool was_read(const ReplicaCore& core, const BundleOpening& opening);

}  // namespace kiz::bundle_memory

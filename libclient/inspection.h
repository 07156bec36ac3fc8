// What a replica tells of itself: figures, history, and whether everything it holds is whole.
#pragma once

#include "libclient/replica_core.h"

namespace kiz::inspect {

Author author_of(const ReplicaCore& core, const LogId& log);
std::string actor_of(const ReplicaCore& core, const EntryHash& entry);
std::vector<HistoryStep> history(const ReplicaCore& core, const Space& space, const RecordId& record);
std::vector<SpaceStatus> spaces(const ReplicaCore& core);
Hash state_hash(const ReplicaCore& core);
StoreFigures figures(const ReplicaCore& core);
/// Walks every entry: links, hashes, signatures; and every record: what is stored against what follows from the entries.
Verification verify(const ReplicaCore& core, bool rebuild, const Watch& watch = {});

}  // namespace kiz::inspect

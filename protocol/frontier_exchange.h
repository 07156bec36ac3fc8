// What follows from the peer's frontier of a space: what it lacks, and where a fork has to be searched for.
// Rules: SPEC.md "Frontiers" and "Forks". Nothing here has a state of its own.
#pragma once

#include <set>
#include <vector>

#include "protocol/message.h"
#include "protocol/outbox.h"
#include "protocol/sync_source.h"

namespace kiz {

struct FrontierPlan {
  std::vector<Advance> wants;    // what the peer lacks
  std::vector<Samples> samples;  // questions about logs of which both hold what the other does not
  std::set<LogId> undecided;     // logs about which the peer's heads say too little; what is wanted of them already stays
  bool covers = true;            // everything the peer named is held here
};

/// theirs  the peer's heads of the space, ascending, of any log: nothing is believed but that the peer holds them
/// outbox  runs under way count as arrived
FrontierPlan plan_space(const SyncSource& source, const Space& space, const std::vector<Head>& theirs, const Outbox& outbox);

/// The whole space, for a peer that holds nothing of it.
std::vector<Advance> whole_space(const SyncSource& source, const Space& space);

/// What is to be sent of a forked log when the peer holds these points.
std::vector<Advance> plan_fork(const SyncSource& source, const Space& space, const LogId& log,
                               const std::vector<Point>& theirs, const Outbox& outbox);

/// Points in answer to the peer's: the last common one that is known, and some between it and the first that differs.
std::vector<Point> narrow(const SyncSource& source, const Space& space, const LogId& log, const std::vector<Point>& theirs);

}  // namespace kiz

// Whether two replicas that hold the same entries compute the same from them. Rules: SPEC.md §10.11, §12.5.
//
// They must: the state of a space is a function of its entries and of the control log. Where it is not so one of the two has
// derived wrongly, and it may have been this one: the space is evaluated anew, and what still differs is told to a person.
#pragma once

#include <vector>

#include "libclient/replica_core.h"

namespace kiz::agreement {

enum class Verdict : std::uint8_t {
  same,
  mended,   // this replica had derived wrongly, and no longer does
  differs,  // though it was evaluated anew
};

/// Counters of an extension are known to those programs alone that registered it.
inline bool is_comparable(const Space& space) { return static_cast<std::uint32_t>(space.collection) < 1000; }

/// Compares with what a peer computes that stands at the same heads and control position. Evaluates anew where it differs.
/// errors: no_space, io_error, damaged
Result<Verdict> compare(ReplicaCore& core, SpaceSlot& slot, const Hash& told);

/// Keeps what came out for a person to see; `same` takes back that this peer computes something else.
/// errors: no_space, io_error
Result<void> note(ReplicaCore& core, const Space& space, Verdict verdict, const TransportKey& peer);

struct Noted {
  Space space;
  Verdict verdict = Verdict::same;
  std::uint64_t at_ms = 0;
  TransportKey peer;
};
std::vector<Noted> noted(const ReplicaCore& core);

/// Over the fields that this program knows as counters: `counters` of the message.
ShortDigest counters_known();

}  // namespace kiz::agreement

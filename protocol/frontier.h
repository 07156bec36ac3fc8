// What a replica has of a space: the head of each log, several where a log forked. Rules: SPEC.md "Merge", "Frontier".
// Ends at every cut in force: a frontier never names an entry that a cut has taken out.
#pragma once

#include <vector>

#include "kiz/ids.h"
#include "protocol/history.h"

namespace kiz {

struct Frontier {
  std::vector<Head> heads;  // ascending, no twins; at most limits::heads_max

  bool operator==(const Frontier&) const = default;

  /// Equal digests mean equal frontiers.
  Hash digest() const;
  bool names(const Head& head) const;

  template <class Archive>
  void serialize(Archive& ar);  // frontier_fields.h
};

/// Which entries a frontier reaches.
enum class Reach : std::uint8_t {
  applied,  // applied and void ones: what `seen` is made of, and what an acknowledgement means by applied
  held,     // waiting ones too: what a peer need not send again
};

Frontier frontier_of(const History& history, Reach reach);

/// Heads that only one side names.
struct FrontierDifference {
  std::vector<Head> only_ours;
  std::vector<Head> only_theirs;

  bool none() const { return only_ours.empty() && only_theirs.empty(); }
};
FrontierDifference difference(const Frontier& ours, const Frontier& theirs);

/// A stretch of one branch of a log: the entries after number `after`, up to and including `head`.
struct Stretch {
  Seq after = 0;
  Head head;

  bool operator==(const Stretch&) const = default;
};

/// What we hold and a peer with this frontier lacks, log by log. Where it names a head that we do not hold, its entries up
/// to that seq are taken for the same as ours; should they be another branch, the link between runs shows it.
std::vector<Stretch> missing_from(const History& history, const Frontier& ours, const Frontier& theirs);

}  // namespace kiz

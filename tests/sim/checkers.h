// What must hold when the network is whole again, whatever went wrong before. Rules of rights and sums are spelled out here
// a second time, plainly, so that a mistake in the product is not repeated by its judge.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kiz/replica.h"
#include "tests/support/memory_vfs.h"

namespace kiz::sim {

/// Stands in every text that offices enter; must be found in no file and on no wire.
inline constexpr std::string_view plaintext_marker = "KLARTEXT-MARKE";

struct Holder {
  std::string name;
  MemberId member;
  Replica& replica;
  const test::MemoryDisk& disk;
};

/// A commit that returned: nothing may lose it any more.
struct Promise {
  Space space;
  EntryHash entry;
  std::size_t by = 0;         // number of the machine
  std::int64_t delta = 0;     // what it adds to the tally of its space
  bool author_lost = false;   // its author's machine has lost it, with its disk
  bool excused = false;       // and nobody else had it then
};

/// A counter: deltas that were acknowledged, and with those that a power cut left open.
struct TallyBounds {
  Space space;
  RecordId record;
  std::int64_t most = 0;  // the least are the deltas of the promises
};

struct Verdict {
  std::uint64_t lost = 0;             // promises broken, each counted once
  std::vector<std::string> findings;  // sentences; empty: all is well
};

/// Counts are read by their town and the Kreis, offers by all but the Land, consents by all.
bool may_read(const MemberId& member, const Space& space);
bool holds(Replica& replica, const Promise& promise);

Verdict judge(std::span<const Holder> holders, std::span<const Promise> promises, std::span<const TallyBounds> tallies,
              bool locked_out);
/// What each holder shows, against the model of what its entries mean; `stamps`: clocks were right, stamps must be, too.
void judge_data(std::span<const Holder> holders, bool stamps, Verdict& out);
/// Both signed heads of each log of which two stories were acknowledged, and the alarm; `clocks_were_right`: it is not over yet.
void judge_forks(std::span<const Holder> holders, std::span<const Promise> promises, bool clocks_were_right, Verdict& out);

}  // namespace kiz::sim

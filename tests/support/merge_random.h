// Random worlds for the merge: four replicas write, meet, lose their memory and are cut off; a hostile one also lies.
// Each of them merges with the code under test and writes with its author's side (seen.h).
#pragma once

#include <random>

#include "tests/support/merge_world.h"

namespace kiz::test {

struct WorldTraits {
  bool forks = false;    // machines are set back unnoticed
  bool cuts = false;     // the control log ends logs, takes rights and gives them back
  bool hostile = false;  // false heads, control positions and cell names
  int steps = 60;
};

/// Same seed and traits, same world. It lists what somebody still holds at the end; heads and cuts may name what was lost.
std::unique_ptr<World> random_world(std::uint64_t seed, const WorldTraits& traits);

/// An order of delivery: entries after the one before them in their log, control records in order, anywhere between.
std::vector<Step> random_order(const World& world, std::mt19937_64& rng);

}  // namespace kiz::test

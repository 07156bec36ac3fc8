// Laws of the merge on random worlds: order, repetition and grouping of arrivals do not matter, and the records kept up to
// date step by step are those evaluated from nothing. KIZ_WORLDS=n draws n worlds of each class, KIZ_SEED=n begins at n.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/support/merge_random.h"

using namespace kiz;
using namespace kiz::test;

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

void for_each_world(const WorldTraits& traits, const std::function<void(const World&, std::mt19937_64&)>& check) {
  const std::uint64_t first = setting("KIZ_SEED", 1), count = setting("KIZ_WORLDS", 60);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    const auto world = random_world(seed, traits);
    std::mt19937_64 rng{seed};
    check(*world, rng);
  }
}

const std::vector<WorldTraits> classes{{false, false, false, 60}, {true, false, false, 60}, {false, true, false, 60},
                                       {true, true, false, 60},   {true, true, true, 50}};

}  // namespace

TEST_CASE("merge: at every step the records kept are those evaluated from nothing") {
  for (const WorldTraits& traits : classes) {
    for_each_world(traits, [](const World& world, std::mt19937_64& rng) {
      WorldReplica replica{world};
      for (const Step& step : random_order(world, rng)) {
        replica.take(step);
        if (const auto* name = std::get_if<std::string>(&step)) CAPTURE(*name);
        REQUIRE(replica.canonical() == rebuilt(world, replica)->canonical());
      }
    });
  }
}

TEST_CASE("merge: whatever the order, the bytes of all records are the same in the end") {
  for (const WorldTraits& traits : classes) {
    for_each_world(traits, [](const World& world, std::mt19937_64& rng) {
      Json first;
      for (int round = 0; round < 4; ++round) {
        WorldReplica replica{world};
        for (const Step& step : random_order(world, rng)) {
          replica.take(step);
          if (rng() % 8 == 0) replica.take(step);  // what comes twice changes nothing
        }
        if (round == 0) first = replica.canonical();
        REQUIRE(replica.canonical() == first);
      }
    });
  }
}

// merge_worlds SEED COUNT: prints random worlds with the outcome that the merge gives them, as JSON, for an independent
// model to judge (judge_worlds.py).
#include <cstdlib>
#include <iostream>

#include "tests/support/merge_random.h"

using namespace kiz::test;

namespace {

Json steps_to_json(const std::vector<Step>& steps) {
  Json out = Json::array();
  for (const Step& step : steps) std::visit([&out](const auto& s) { out.push_back(s); }, step);
  return out;
}

Json outcome(const World& world, const std::vector<Step>& steps, std::size_t after) {
  WorldReplica replica{world};
  for (std::size_t at = 0; at < after; ++at) replica.take(steps[at]);
  return replica.outcome();
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100;
  Json worlds = Json::array();
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const auto world = random_world(seed, {seed % 2 == 1, seed % 3 != 0, seed % 5 == 0, 30 + static_cast<int>(seed % 40)});
    std::mt19937_64 rng{seed};
    Json out = world_to_json(*world);
    const auto order = random_order(*world, rng);
    const std::size_t after = order.empty() ? 0 : rng() % order.size();
    out["orders"] = {steps_to_json(order)};
    out["expected"] = outcome(*world, order, order.size());
    out["middle"] = {{"order", 0}, {"after", after}, {"expected", outcome(*world, order, after)}};
    worlds.push_back(out);
  }
  std::cout << worlds.dump() << "\n";
}

// Pruning below checkpoints on random worlds: whatever comes afterwards, no state differs from that of a replica that has
// dropped nothing, but for values that nobody reads. KIZ_WORLDS=n draws n worlds of each class, KIZ_SEED=n begins at n.
#include "protocol/checkpoint_world.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <set>

#include "protocol/frontier.h"
#include "tests/support/merge_random.h"

using namespace kiz;
using namespace kiz::test;

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

const Space offers{{}, "05554004", Collection::offers, {}};  // kinds of random worlds go in it

/// The frontier, if it may become a checkpoint: one head for each log.
std::vector<CheckpointHead> heads_of(WorldReplica& replica) {
  std::vector<CheckpointHead> out;
  for (const Head& head : frontier_of(replica.history(), Reach::applied).heads) {
    if (!out.empty() && out.back().head.log == head.log) return {};
    out.push_back({head, replica.logs().log(replica.logs().find_log(head.log)).author});
  }
  return out;
}

/// A replica's state without its values.
Hash state_of(const WorldReplica& replica) {
  StateHasher hasher;
  for (const auto& [id, state] : replica.records().all()) {
    if (!state.empty()) hasher.add(id, record_digest(id, state));
  }
  return hasher.finish();
}

/// Cells with their values, by name; hidden ones and sums included.
std::map<std::pair<RecordId, CellName>, std::optional<Value>> values_of(const WorldReplica& replica) {
  std::map<std::pair<RecordId, CellName>, std::optional<Value>> out;
  for (const auto& [id, state] : replica.records().all()) {
    for (const Cell& cell : state.cells) {
      if (cell.field != field_existence) out[{id, state.name_of(cell)}] = cell.value;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("checkpoint world: pruned replicas go on like those that keep everything") {
  const std::uint64_t first = setting("KIZ_SEED", 1), count = setting("KIZ_WORLDS", 60);
  std::size_t pruned_worlds = 0, pruned_values = 0, unknown = 0;
  for (const WorldTraits& traits : {WorldTraits{false, false, false, 60}, WorldTraits{true, false, false, 60},
                                    WorldTraits{false, true, false, 60}, WorldTraits{true, true, false, 60}, WorldTraits{true, true, true, 50}}) {
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
      CAPTURE(seed);
      const auto world = random_world(seed, traits);
      std::mt19937_64 rng{seed};
      const auto order = random_order(*world, rng);
      const std::size_t at = order.size() / 4 + rng() % (order.size() / 2 + 1);
      WorldReplica whole{*world}, pruned{*world};
      std::set<CellName> gone;
      std::vector<CheckpointHead> heads;
      Hash claimed;
      WorldRulings then{*world};
      for (std::size_t i = 0; i < order.size(); ++i) {
        whole.take(order[i]);
        pruned.take(order[i]);
        if (i != at) continue;
        heads = heads_of(pruned);
        if (heads.empty()) break;
        then.hold(pruned.position());
        CheckpointWorld below{then, *world};
        REQUIRE(below.fill(pruned.logs(), heads, [&](EntryRef ref) { return world->entry(world->entry_name(pruned.logs().meta(ref).hash)).body; }));
        claimed = below.state();
        for (const auto& [entry, ops] : below.superseded(offers)) {
          for (const std::uint32_t op : ops) {
            pruned.logs().set_value({entry, op}, {});
            gone.insert({entry, op});
          }
        }
        pruned.rebuild();
      }
      if (heads.empty()) continue;
      ++pruned_worlds;
      pruned_values += gone.size();
      // Whoever comes later evaluates the same there, whatever has happened above.
      CheckpointWorld later{then, *world};
      REQUIRE(later.fill(whole.logs(), heads, [&](EntryRef ref) { return world->entry(world->entry_name(whole.logs().meta(ref).hash)).body; }));
      CHECK(later.state() == claimed);
      REQUIRE(state_of(pruned) == state_of(whole));
      const auto with = values_of(whole), without = values_of(pruned);
      REQUIRE(with.size() == without.size());
      for (const auto& [cell, value] : with) {
        const auto& held = without.at(cell);
        if (held == value) continue;
        // Only a cut below the checkpoint, which the control log refuses, or a lie lets a dropped value live again: unknown.
        CHECK(gone.contains(cell.second));
        CHECK_FALSE(held);
        ++unknown;
        if (!traits.cuts && !traits.hostile && !traits.forks) FAIL_CHECK("a dropped value lives");
      }
    }
  }
  MESSAGE(pruned_worlds << " worlds pruned, " << pruned_values << " values dropped, " << unknown << " of them live again by cuts below");
  CHECK(pruned_worlds > 100);
  CHECK(pruned_values > 300);
}

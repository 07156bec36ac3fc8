// storm: a node's daemon starts again. All its towns were in sync with it, each has made 50 edits in the meantime, and all
// come back at once: how long until everybody holds the same.
#include <atomic>

#include "tests/bench/crowd.h"
#include "tests/bench/many_towns.h"
#include "tests/bench/workloads.h"

namespace kiz::bench {
namespace {

constexpr int edits_each = 50;

enum Step : int { making, first_exchange, away, storm, over };

struct Progress {
  Steps steps;
  Shared<std::atomic<std::int64_t>> last_ns;
};

void note_last(std::atomic<std::int64_t>& last_ns) {
  const std::int64_t now = now_ns();
  for (std::int64_t last = last_ns; last < now && !last_ns.compare_exchange_weak(last, now);) {
  }
}

// `collection`: one that the Kreis alone reads besides, so that nothing is passed on, or one that all towns read.
void edit_away(LightTown& town, std::uint32_t seed, Collection collection) {
  OfferGenerator generator{seed};
  const Space space{town.realm(), town.member(), collection, {}};
  for (int i = 0; i < edits_each; ++i) {
    town.edit(space, {{record_id(generator.next()), status, Mode::replace, {}, {}, Value{std::string{"away"}}}});
  }
}

nlohmann::json play(const Part& part, Collection collection, Progress& progress) {
  allow_many_files();
  PlayedPart played{part};
  Fleet& fleet = played.fleet;
  progress.steps.done_then_wait_for(first_exchange);
  fleet.lose_lines();
  fleet.until_in_sync();
  progress.steps.done_then_wait_for(away);
  fleet.lose_lines();
  for (std::size_t i = 0; i < fleet.size(); ++i) edit_away(fleet.town(i), static_cast<std::uint32_t>(part.seed + part.first + i + 1), collection);
  progress.steps.done_then_wait_for(storm);
  fleet.lose_lines();
  const ProcessorWatch processor;
  fleet.until_in_sync();
  note_last(*progress.last_ns);
  const double used = processor.seconds();
  progress.steps.done_then_wait_for(over);
  return {{"wire", fleet.wire_bytes()}, {"failed_calls", fleet.failed_calls()}, {"cpu", used}, {"rss", peak_rss_bytes()}};
}

}  // namespace

Report run_storm(const Options& o) {
  const WorkFolder folder{o.folder};
  const Stopwatch founding;
  const std::vector<Part> parts = found_many_towns(folder.path(), o.peers, o.seed);
  Report out{.workload = "storm", .n = o.peers, .seed = o.seed};
  out.extra.emplace_back("founding_seconds", founding.seconds());

  Progress progress;
  std::vector<std::unique_ptr<Child>> children;
  const Collection collection = o.shared ? Collection::offers : Collection::extension;
  for (const Part& part : parts) {
    children.push_back(std::make_unique<Child>([&part, collection, &progress] { return play(part, collection, progress); }));
  }
  progress.steps.ask(making, children);
  {
    const auto before = start_node(parts.front());
    const Stopwatch watch;
    progress.steps.ask(first_exchange, children);
    out.extra.emplace_back("first_exchange_seconds", watch.seconds());
  }
  progress.steps.ask(away, children);
  const auto after = start_node(parts.front());
  const std::int64_t began = now_ns();
  const double cpu = after->cpu_seconds();
  progress.steps.ask(storm, children);
  out.seconds = static_cast<double>(*progress.last_ns - began) / 1e9;
  out.peak_rss_bytes = {after->peak_rss_bytes()};
  out.cpu_seconds = {after->cpu_seconds() - cpu, 0};
  progress.steps.ask_only(over);
  std::uint64_t wire = 0;
  double failed_calls = 0, rss = 0;
  for (const auto& child : children) {
    const auto said = child->wait();
    wire += said["wire"].get<std::uint64_t>();
    failed_calls += said["failed_calls"].get<double>();
    out.cpu_seconds[1] += said["cpu"].get<double>();
    rss += said["rss"].get<double>();
  }
  out.wire_bytes = wire;
  out.peak_rss_bytes.push_back(static_cast<std::uint64_t>(rss));
  out.extra.emplace_back("calls_turned_away", failed_calls);
  out.extra.emplace_back("edits_each", edits_each);
  return out;
}

}  // namespace kiz::bench

// hub: a Kreis node with --peers towns on the line for --minutes and an edit of its own every second, which goes to each of
// them. The node is kizd, which is asked at its control socket; the towns are light ones. What counts is the node's memory over
// time and its processor for each push.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "libclient/control_client.h"
#include "tests/bench/crowd.h"
#include "tests/bench/many_towns.h"
#include "tests/bench/workloads.h"

namespace kiz::bench {
namespace {

constexpr double idle_seconds = 10;
constexpr double patience_seconds = 60;

enum Step : int { making, connecting, live, over };

struct Counts {
  std::atomic<Seq> edits{0};             // that were asked for
  std::atomic<std::size_t> arrived{0};   // towns that hold all of them
  std::atomic<std::int64_t> last_ns{0};  // when the last of them did
};

struct Progress {
  Steps steps;
  Shared<Counts> counts;
};

nlohmann::json play(const Part& part, Progress& progress) {
  allow_many_files();
  PlayedPart played{part};
  Fleet& fleet = played.fleet;
  Counts& counts = *progress.counts;
  progress.steps.done_then_wait_for(connecting);
  fleet.lose_lines();
  fleet.until_in_sync();
  const Seq before = fleet.town(0).offers_of_node();
  std::vector<Seq> has(fleet.size());
  progress.steps.done();
  fleet.until([&] { return progress.steps.asked() >= over; }, [&](std::size_t i) {
    const Seq now = fleet.town(i).offers_of_node() - before;
    if (now == has[i]) return;
    has[i] = now;
    if (now != counts.edits) return;
    counts.last_ns = now_ns();
    ++counts.arrived;
  });
  return {{"wire", fleet.wire_bytes()}, {"failed_calls", fleet.failed_calls()}, {"rss", peak_rss_bytes()}};
}

// kizd, as somebody at its machine asks it.
class Node {
 public:
  explicit Node(const Part& part) : process_(start_node(part)) {
    auto client = ControlClient::connect(store_of_node(part) / "control.sock");
    if (!client) throw std::runtime_error{"no line to kizd"};
    client_.emplace(std::move(*client));
  }
  const Process& process() const { return *process_; }

  Json ask(const char* what, Json args) {
    const Json request{{"v", 1}, {"request", what}, {"args", std::move(args)}, {"lang", "en"}, {"dry_run", false}, {"progress", false}};
    auto reply = client_->ask(request, std::chrono::seconds{60});
    if (!reply || !reply->value("ok", false)) throw std::runtime_error{std::string{"kizd refused "} + what};
    return (*reply)["data"];
  }

 private:
  std::unique_ptr<Process> process_;
  std::optional<ControlClient> client_;
};

Json field(const char* name, std::string text) { return {{"field", name}, {"op", "="}, {"text", std::move(text)}}; }

// One edit until all hold it; how long that took.
double push(Node& node, const std::string& ref, Counts& counts, std::size_t peers) {
  const Seq number = counts.edits + 1;
  counts.arrived = 0;
  counts.edits = number;
  const std::int64_t began = now_ns();
  node.ask("offer.edit", {{"ref", ref}, {"fields", Json::array({field("title", "live-" + std::to_string(number))})}});
  for (const Stopwatch watch; counts.arrived < peers;) {
    ::usleep(200);
    if (watch.seconds() > patience_seconds) throw std::runtime_error{"an edit does not arrive"};
  }
  return static_cast<double>(counts.last_ns - began) / 1e6;
}

}  // namespace

Report run_hub(const Options& o) {
  const WorkFolder folder{o.folder};
  const std::vector<Part> parts = found_many_towns(folder.path(), o.peers, o.seed);
  Progress progress;
  std::vector<std::unique_ptr<Child>> children;
  for (const Part& part : parts) children.push_back(std::make_unique<Child>([&part, &progress] { return play(part, progress); }));
  progress.steps.ask(making, children);

  Node node{parts.front()};
  const std::string ref = node.ask("offer.new", {{"fields", Json::array({field("title", "live"), field("provider", "Kreis"),
                                                                         {{"field", "kind"}, {"op", "+="}, {"text", "counselling"}}})}})["ref"];
  const double alone = static_cast<double>(node.process().resident_bytes());
  progress.steps.ask(connecting, children);
  const double together = static_cast<double>(node.process().resident_bytes());

  double cpu = node.process().cpu_seconds();
  ::sleep(static_cast<unsigned>(idle_seconds));
  const double idle = (node.process().cpu_seconds() - cpu) / idle_seconds;

  progress.steps.ask_only(live);
  cpu = node.process().cpu_seconds();
  std::vector<double> last_ms;
  double largest = 0;
  for (const Stopwatch busy; busy.seconds() < o.minutes * 60;) {
    const Stopwatch second;
    last_ms.push_back(push(node, ref, *progress.counts, o.peers));
    largest = std::max(largest, static_cast<double>(node.process().resident_bytes()));
    if (second.seconds() < 1) ::usleep(static_cast<useconds_t>((1 - second.seconds()) * 1e6));
  }
  const double busy_cpu = node.process().cpu_seconds() - cpu;
  const auto pushes = static_cast<double>(last_ms.size() * o.peers);
  const double at_the_end = static_cast<double>(node.process().resident_bytes());
  progress.steps.ask_only(over);
  double failed_calls = 0;
  for (const auto& child : children) failed_calls += child->wait()["failed_calls"].get<double>();

  std::ranges::sort(last_ms);
  Report out{.workload = "hub", .n = o.peers, .seed = o.seed, .seconds = last_ms[last_ms.size() / 2] / 1000};
  out.peak_rss_bytes = {node.process().peak_rss_bytes()};
  out.extra = {{"edits", static_cast<double>(last_ms.size())},
               {"node_rss_mib_alone", alone / 1048576},
               {"node_rss_mib_connected", together / 1048576},
               {"node_rss_mib_at_most", largest / 1048576},
               {"node_rss_mib_at_the_end", at_the_end / 1048576},
               {"node_kib_per_peer", (together - alone) / 1024 / o.peers},
               {"idle_cpu_percent", idle * 100},
               {"node_cpu_us_per_peer_and_push", busy_cpu / pushes * 1e6},
               {"last_of_all_ms", last_ms[last_ms.size() / 2]},
               {"last_of_all_ms_at_most", last_ms.back()},
               {"calls_lost", failed_calls}};
  return out;
}

}  // namespace kiz::bench

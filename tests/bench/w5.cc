// W5: what 400 connected replicas cost the hub, all of them whole ones with a store on the disk: memory, an idle while, then
// one edit until the last has it. The idle while is the bench's own loop, which wakes five times a second and asks every socket;
// what kizd itself uses, and many more peers: hub.cc.
#include <atomic>
#include <fstream>

#include "tests/bench/child.h"
#include "tests/bench/crowd.h"
#include "tests/bench/shared.h"
#include "tests/bench/workloads.h"

namespace kiz::bench {
namespace {

constexpr std::size_t peers = 400;
constexpr int fan_outs = 5;
constexpr double idle_seconds = 5;

struct Steps {
  std::atomic<int> phase{0};      // the crowd: 1 connected and in sync; the hub: 9 has measured all; the crowd: 10 is done
  std::atomic<int> edits{0};      // the hub: fan-outs begun
  std::atomic<int> arrived{0};    // the crowd: fan-outs that all of it shows
  std::atomic<std::int64_t> begun_ns{0}, last_ns{0};
};

std::uint64_t resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  std::uint64_t pages = 0;
  file >> pages >> pages;
  return pages * 4096;
}

std::string status_of(const Replica& replica, const RecordId& id) {
  const auto record = replica.read(replica.space(kreis_id, Collection::offers), id);
  return record ? record->text(status) : std::string{};
}

void set_status(Replica& replica, const Space& space, const RecordId& id, const std::string& value) {
  Edit edit = replica.begin();
  edit.set(space, id, status, value);
  commit(replica, edit);
}

nlohmann::json play_hub(const std::filesystem::path& folder, const Options& o, const Loopback& loopback, Shared<Steps>& steps) {
  allow_many_files();
  const auto replica = open_replica(folder);
  const RecordId first = record_id(OfferGenerator{o.seed}.next());
  const std::uint64_t alone = resident_bytes();
  Hub hub{*replica, loopback};
  while (hub.connected() < peers || hub.in_sync() < peers || steps->phase < 1) hub.turn(20);
  const std::uint64_t together = resident_bytes();
  nlohmann::json out{{"rss_alone", alone}, {"rss_connected", together}};

  const ProcessorWatch since_connected;
  for (const Stopwatch watch; watch.seconds() < idle_seconds;) hub.turn(200);
  out["idle_cpu"] = since_connected.seconds() / idle_seconds;

  const ProcessorWatch pushing;
  std::vector<double> last_ms;
  for (int i = 0; i < fan_outs; ++i) {
    steps->begun_ns = now_ns();
    set_status(*replica, replica->space(kreis_id, Collection::offers), first, "live-" + std::to_string(i));
    steps->edits = i + 1;
    hub.tell_commits();
    while (steps->arrived <= i) hub.turn(1);
    last_ms.push_back(static_cast<double>(steps->last_ns - steps->begun_ns) / 1e6);
  }
  std::ranges::sort(last_ms);
  out["last_ms"] = last_ms[last_ms.size() / 2];
  out["push_us_per_peer"] = pushing.seconds() / fan_outs / peers * 1e6;
  out["cpu"] = since_connected.seconds();
  out["rss"] = peak_rss_bytes();
  steps->phase = 9;
  while (steps->phase < 10) hub.turn(20);
  return out;
}

nlohmann::json play_crowd(const std::vector<std::filesystem::path>& folders, const Options& o, const Loopback& loopback, Shared<Steps>& steps) {
  allow_many_files();
  Crowd crowd{folders, loopback};
  const RecordId first = record_id(OfferGenerator{o.seed}.next());
  crowd.connect();
  crowd.until_in_sync();
  const ProcessorWatch since_connected;
  steps->phase = 1;
  for (int wanted = 0; steps->phase < 9;) {
    std::size_t showing = 0;
    const std::string value = "live-" + std::to_string(wanted);
    std::vector<bool> shows(crowd.size());
    while (showing < crowd.size() && steps->phase < 9) {
      for (const std::size_t i : crowd.turn(50)) {
        if (shows[i] || status_of(crowd.replica(i), first) != value) continue;
        shows[i] = true;
        ++showing;
      }
    }
    steps->last_ns = now_ns();
    steps->arrived = ++wanted;
  }
  steps->phase = 10;
  return {{"rss", peak_rss_bytes()}, {"cpu", since_connected.seconds()}};
}

}  // namespace

Report run_w5(const Options& o) {
  const WorkFolder folder{o.folder};
  allow_many_files();
  std::vector<std::filesystem::path> folders;
  (void)Child{[&] {
    const auto made = found_many(folder.path(), town_ids(peers));
    fill_for_all(*open_replica(made[0]), o.seed);
    return nlohmann::json{};
  }}.wait();
  for (std::size_t i = 1; i <= peers; ++i) folders.push_back(folder.path() / ("device-" + std::to_string(i)));
  const Loopback loopback;
  Shared<Steps> steps;
  Child hub{[&] { return play_hub(folder.path() / "kreis", o, loopback, steps); }};
  Child crowd{[&] { return play_crowd(folders, o, loopback, steps); }};
  const auto there = hub.wait();
  const auto others = crowd.wait();
  const double alone = there["rss_alone"], together = there["rss_connected"];
  Report out{.workload = "W5", .n = peers, .seed = o.seed, .seconds = there["last_ms"].get<double>() / 1000};
  out.peak_rss_bytes = {there["rss"], others["rss"]};
  out.cpu_seconds = {there["cpu"], others["cpu"]};  // idle and pushes
  out.extra = {{"hub_kib_per_peer", (together - alone) / 1024 / peers},
               {"hub_rss_mib_connected", together / 1048576},
               {"bench_idle_cpu_percent", there["idle_cpu"].get<double>() * 100},
               {"hub_cpu_us_per_peer_and_push", there["push_us_per_peer"]},
               {"last_of_all_ms", there["last_ms"]}};
  return out;
}

}  // namespace kiz::bench

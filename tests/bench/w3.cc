// W3: what a change costs once both hold everything. Live: from before the commit on A until B shows the value.
// Processor time is that of the live edits from the second on: what both do until they hold everything is W2.
// Reconnect: from connect() on B until what changed meanwhile is readable there and flushed; bytes with the handshake.
#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>

#include "tests/bench/bench_realm.h"
#include "tests/bench/child.h"
#include "tests/bench/conversation.h"
#include "tests/bench/limits.h"
#include "tests/bench/shared.h"
#include "tests/bench/workloads.h"

namespace kiz::bench {
namespace {

constexpr int live_edits = 200;
constexpr std::array<std::uint64_t, 3> reconnects = {0, 1, 1000};

// What both processes see: who is at which step, and when B saw an edit.
struct Steps {
  std::atomic<int> asked{0};     // B: reconnects that A is to prepare
  std::atomic<int> prepared{0};  // A: those that it has
  std::atomic<std::int64_t> seen_ns[live_edits] = {};
};

void set_status(Replica& replica, const std::vector<RecordId>& records, std::size_t count, const std::string& value) {
  Edit edit = replica.begin();
  const Space space = bench_space(replica);
  for (std::size_t i = 0; i < count; ++i) edit.set(space, records[i], status, value);
  if (count > 0) commit(replica, edit);
}

std::vector<RecordId> first_records(std::uint64_t n, std::uint32_t seed) {
  OfferGenerator generator{seed};
  std::vector<RecordId> out;
  for (std::uint64_t i = 0; i < std::min(n, reconnects.back()); ++i) out.push_back(record_id(generator.next()));
  return out;
}

// A: 200 edits one after the other, each waited for; then prepares each reconnect before it is asked to accept.
nlohmann::json kreis_side(const Options& o, const Folders& folders, const Loopback& loopback, Shared<Steps>& shared) {
  const auto replica = open_replica(folders.kreis);
  const auto records = first_records(o.n, o.seed);
  std::vector<double> milliseconds;
  double used = 0;
  {
    Conversation conversation{*replica, Side::responder, loopback.accept()};
    conversation.until_in_sync();
    std::optional<ProcessorWatch> processor;
    for (int i = 0; i < live_edits; ++i) {
      const auto begun = now_ns();
      set_status(*replica, records, 1, "live-" + std::to_string(i));
      conversation.tell_commits();
      while (shared->seen_ns[i].load(std::memory_order_acquire) == 0) conversation.turn(1);
      milliseconds.push_back(static_cast<double>(shared->seen_ns[i] - begun) / 1e6);
      conversation.until_in_sync();
      if (!processor) processor.emplace();
    }
    used = processor->seconds();
    while (conversation.turn(100)) {
    }
  }
  for (std::size_t step = 0; step < reconnects.size(); ++step) {
    while (shared->asked.load() <= static_cast<int>(step)) ::usleep(1000);
    set_status(*replica, records, std::min<std::size_t>(reconnects[step], records.size()),
               "again-" + std::to_string(step));
    replica->core().take_advances();
    shared->prepared = static_cast<int>(step) + 1;
    Conversation conversation{*replica, Side::responder, loopback.accept()};
    while (conversation.turn(100)) {
    }
  }
  std::ranges::sort(milliseconds);
  return {{"p50", milliseconds[live_edits / 2]},
          {"p99", milliseconds[live_edits * 99 / 100]},
          {"cpu", used},
          {"rss", peak_rss_bytes()}};
}

nlohmann::json town_side(const Options& o, const Folders& folders, const Loopback& loopback, Shared<Steps>& shared) {
  const auto replica = open_replica(folders.town);
  const auto records = first_records(o.n, o.seed);
  const Space space = bench_space(*replica);
  const auto shown = [&](std::size_t i) {
    const auto record = replica->read(space, records[i]);
    return record ? record->text(status) : std::string{};
  };
  nlohmann::json out;
  {
    Conversation conversation{*replica, Side::initiator, loopback.connect()};
    std::optional<ProcessorWatch> processor;
    for (int i = 0; i < live_edits;) {
      if (!conversation.turn(1000)) throw std::runtime_error{"A went away"};
      if (shown(0) != "live-" + std::to_string(i)) continue;
      shared->seen_ns[i++].store(now_ns(), std::memory_order_release);
      if (!processor) processor.emplace();
    }
    conversation.until_in_sync();
    out["cpu"] = processor->seconds();
  }
  for (std::size_t step = 0; step < reconnects.size(); ++step) {
    shared->asked = static_cast<int>(step) + 1;
    while (shared->prepared.load() <= static_cast<int>(step)) ::usleep(1000);
    const Stopwatch watch;
    Conversation conversation{*replica, Side::initiator, loopback.connect()};
    conversation.until_in_sync();
    const double seconds = watch.seconds();
    conversation.until_quiet();
    for (std::size_t i = 0; i < std::min<std::size_t>(reconnects[step], records.size()); ++i) {
      if (shown(i) != "again-" + std::to_string(step)) throw std::runtime_error{"a change did not arrive"};
    }
    const std::string name = "reconnect_" + std::to_string(reconnects[step]);
    out[name + "_ms"] = seconds * 1000;
    out[name + "_bytes"] = conversation.wire_bytes();
  }
  out["rss"] = peak_rss_bytes();
  return out;
}

}  // namespace

Report run_w3(const Options& o) {
  constexpr std::uint64_t records_per_edit = 4096;
  const WorkFolder folder{o.folder};
  const Folders folders = found_two(folder.path());
  const Loopback loopback;
  Shared<Steps> shared;
  (void)Child{[&] {
    const auto replica = open_replica(folders.kreis);
    fill(*replica, o.n, o.seed, records_per_edit);
    return nlohmann::json{};
  }}.wait();
  Child kreis{[&] { return kreis_side(o, folders, loopback, shared); }};
  Child town{[&] { return town_side(o, folders, loopback, shared); }};
  const auto seen = town.wait();
  const auto done = kreis.wait();

  Report out{.workload = "W3", .n = live_edits, .seed = o.seed, .limit = limit_two_syncs_and_hop(o)};
  out.seconds = done["p50"].get<double>() / 1000 * live_edits;
  out.peak_rss_bytes = {done["rss"], seen["rss"]};
  out.cpu_seconds = {done["cpu"], seen["cpu"]};
  out.extra = {{"records", static_cast<double>(o.n)}, {"p50_ms", done["p50"]}, {"p99_ms", done["p99"]}};
  for (const auto& [name, value] : seen.items()) {
    if (name.starts_with("reconnect_")) out.extra.emplace_back(name, value.get<double>());
  }
  return out;
}

}  // namespace kiz::bench

// W2: first sync. A holds n records and was restarted from disk, B has joined and is empty; from connect() on B until B
// can read all and both know that all of it is durable.
#include "tests/bench/bench_realm.h"
#include "tests/bench/child.h"
#include "tests/bench/conversation.h"
#include "tests/bench/limits.h"
#include "tests/bench/workloads.h"

namespace kiz::bench {

Report run_w2(const Options& o) {
  constexpr std::uint64_t records_per_edit = 4096;
  const Limit limit = limit_receive(o, Pages::encrypted);
  const WorkFolder folder{o.folder};
  const Folders folders = found_two(folder.path());
  (void)Child{[&] {
    const auto replica = open_replica(folders.kreis);
    fill(*replica, o.n, o.seed, records_per_edit);
    return nlohmann::json{};
  }}.wait();

  const Loopback loopback;
  Child kreis{[&] {
    const auto replica = open_replica(folders.kreis);
    Conversation conversation{*replica, Side::responder, loopback.accept()};
    const ProcessorWatch processor;
    while (conversation.turn(1000)) {
    }
    return nlohmann::json{{"cpu", processor.seconds()}, {"rss", peak_rss_bytes()}};
  }};
  Child town{[&] {
    const auto replica = open_replica(folders.town);
    const auto syncs = syncs_so_far();
    const ProcessorWatch processor;
    const Stopwatch watch;
    nlohmann::json out;
    {
      Conversation conversation{*replica, Side::initiator, loopback.connect()};
      conversation.until_in_sync();
      out["seconds"] = watch.seconds();
      conversation.until_quiet();
      out["cpu"] = processor.seconds();
      out["wire"] = conversation.wire_bytes();
    }
    out["fsyncs"] = syncs_so_far() - syncs;
    out["rss"] = peak_rss_bytes();
    check_some(*replica, o.n, o.seed);
    return out;
  }};
  const auto received = town.wait();
  const auto sent = kreis.wait();

  Report out{.workload = "W2", .n = o.n, .seed = o.seed, .seconds = received["seconds"], .limit = limit};
  out.peak_rss_bytes = {sent["rss"], received["rss"]};
  out.cpu_seconds = {sent["cpu"], received["cpu"]};
  out.wire_bytes = received["wire"];
  out.disk_bytes = disk_bytes(folders.town);
  out.extra = {{"fsyncs", received["fsyncs"].get<double>()}};
  return out;
}

}  // namespace kiz::bench

// W4: two devices of one member have edited the same records apart. Both hold n, A sets the status of the first n/10, B that
// of as many, half of them the same; from connect() on B until both know that both hold everything. The half that overlaps
// is conflicts, and all of them can be listed on both sides.
#include <atomic>
#include <stdexcept>

#include "tests/bench/bench_realm.h"
#include "tests/bench/child.h"
#include "tests/bench/conversation.h"
#include "tests/bench/limits.h"
#include "tests/bench/shared.h"
#include "tests/bench/workloads.h"

namespace kiz::bench {
namespace {

struct Steps {
  std::atomic<bool> edited{false};  // A has, and accepts again
};

std::uint64_t edits_each(const Options& o) { return o.n < 50'000 ? o.n / 5 : 10'000; }

void set_status(Replica& replica, const Options& o, std::uint64_t first, std::uint64_t count, const std::string& value) {
  OfferGenerator generator{o.seed};
  const Space space = bench_space(replica);
  Edit edit = replica.begin();
  for (std::uint64_t i = 0; i < first + count; ++i) {
    const RecordId id = record_id(generator.next());
    if (i >= first) edit.set(space, id, status, value);
  }
  commit(replica, edit);
}

/// Counts what both sides must show alike: conflicts, and edits of one side alone.
nlohmann::json shown(const Replica& replica, const Options& o) {
  const std::uint64_t each = edits_each(o);
  OfferGenerator generator{o.seed};
  std::uint64_t alone = 0;
  for (std::uint64_t i = 0; i < each + each / 2; ++i) {
    const auto record = replica.read(bench_space(replica), record_id(generator.next()));
    const bool by_a = i < each / 2, by_b = i >= each;
    if (record && ((by_a && record->text(status) == "edit-A") || (by_b && record->text(status) == "edit-B"))) ++alone;
  }
  return {{"conflicts", replica.conflicts().size()}, {"alone", alone}, {"rss", peak_rss_bytes()}, {"cpu", cpu_seconds()}};
}

}  // namespace

Report run_w4(const Options& o) {
  constexpr std::uint64_t records_per_edit = 4096;
  const std::uint64_t each = edits_each(o);
  const Limit limit = limit_receive(o, Pages::encrypted);
  const WorkFolder folder{o.folder};
  const auto folders = found_many(folder.path(), {MemberId{kreis_id}});
  (void)Child{[&] {
    fill(*open_replica(folders[0]), o.n, o.seed, records_per_edit);
    return nlohmann::json{};
  }}.wait();
  const Loopback loopback;
  Shared<Steps> steps;
  Child a{[&] {
    const auto replica = open_replica(folders[0]);
    {
      Conversation first{*replica, Side::responder, loopback.accept()};
      while (first.turn(1000)) {
      }
    }
    set_status(*replica, o, 0, each, "edit-A");
    replica->core().take_advances();
    steps->edited = true;
    Conversation again{*replica, Side::responder, loopback.accept()};
    while (again.turn(1000)) {
    }
    return shown(*replica, o);
  }};
  Child b{[&] {
    const auto replica = open_replica(folders[1]);
    Conversation{*replica, Side::initiator, loopback.connect()}.until_in_sync();
    set_status(*replica, o, each / 2, each, "edit-B");
    replica->core().take_advances();
    while (!steps->edited) ::usleep(1000);
    const Stopwatch watch;
    nlohmann::json out;
    {
      Conversation again{*replica, Side::initiator, loopback.connect()};
      again.until_in_sync();
      out["seconds"] = watch.seconds();
      out["wire"] = again.wire_bytes();
    }
    out.update(shown(*replica, o));
    return out;
  }};
  const auto seen_b = b.wait();
  const auto seen_a = a.wait();
  for (const auto& seen : {seen_a, seen_b}) {
    if (seen["alone"] != each || seen["conflicts"] != each / 2) throw std::runtime_error{"W4: " + seen.dump()};
  }
  Report out{.workload = "W4", .n = 2 * each, .seed = o.seed, .seconds = seen_b["seconds"], .limit = limit};
  out.peak_rss_bytes = {seen_a["rss"], seen_b["rss"]};
  out.cpu_seconds = {seen_a["cpu"], seen_b["cpu"]};
  out.wire_bytes = seen_b["wire"];
  out.extra = {{"records", static_cast<double>(o.n)}, {"conflicts_listed", seen_b["conflicts"].get<double>()}};
  return out;
}

}  // namespace kiz::bench

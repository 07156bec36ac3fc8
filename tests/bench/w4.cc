// W4: two devices of one member have edited the same records apart. Both hold n, A sets the status of the first n/10, B that
// of as many, half of them the same; from connect() on B until both know that both hold everything. n is what each side
// receives. Of the half that overlaps nobody wins: both sides show both values of each, and list it as a conflict.
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

std::vector<Value> statuses(const Replica& replica, const RecordId& id) {
  std::vector<Value> out;
  const auto record = replica.read(bench_space(replica), id);
  const FieldView* field = record ? record->field(status) : nullptr;
  for (const CellView& cell : field != nullptr ? field->cells : std::vector<CellView>{}) out.push_back(cell.value.value_or(Value{}));
  return out;
}

/// What both sides must show alike: all edits of one side alone, and each that overlaps with whose value is visible.
nlohmann::json shown(const Replica& replica, const Options& o) {
  const std::uint64_t each = edits_each(o);
  const std::vector<Value> by_a{Value{"edit-A"}}, by_b{Value{"edit-B"}}, by_both{Value{"edit-A"}, Value{"edit-B"}};
  OfferGenerator generator{o.seed};
  std::uint64_t alone = 0, a_won = 0, b_won = 0, both = 0;
  for (std::uint64_t i = 0; i < each + each / 2; ++i) {
    const auto visible = statuses(replica, record_id(generator.next()));
    const bool overlaps = i >= each / 2 && i < each;
    if (!overlaps) {
      alone += visible == (i < each ? by_a : by_b);
    } else {
      a_won += visible == by_a;
      b_won += visible == by_b;
      both += visible == by_both;
    }
  }
  return {{"conflicts_listed", replica.conflicts().size()}, {"alone", alone}, {"a_won", a_won}, {"b_won", b_won}, {"both_shown", both}};
}

}  // namespace

Report run_w4(const Options& o) {
  constexpr std::uint64_t records_per_edit = 4096;
  const std::uint64_t each = edits_each(o);
  const Limit limit = limit_receive_changes(o, each, Pages::encrypted);
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
    nlohmann::json out;
    {
      Conversation again{*replica, Side::responder, loopback.accept()};
      const ProcessorWatch processor;
      while (again.turn(1000)) {
      }
      out = {{"cpu", processor.seconds()}, {"rss", peak_rss_bytes()}};
    }
    out["shown"] = shown(*replica, o);
    return out;
  }};
  Child b{[&] {
    const auto replica = open_replica(folders[1]);
    Conversation{*replica, Side::initiator, loopback.connect()}.until_in_sync();
    set_status(*replica, o, each / 2, each, "edit-B");
    replica->core().take_advances();
    while (!steps->edited) ::usleep(1000);
    const ProcessorWatch processor;
    const Stopwatch watch;
    nlohmann::json out;
    {
      Conversation again{*replica, Side::initiator, loopback.connect()};
      again.until_in_sync();
      out["seconds"] = watch.seconds();
      again.until_quiet();
      out["cpu"] = processor.seconds();
      out["rss"] = peak_rss_bytes();
      out["wire"] = again.wire_bytes();
    }
    out["shown"] = shown(*replica, o);
    return out;
  }};
  const auto seen_b = b.wait();
  const auto seen_a = a.wait();
  const nlohmann::json wanted{{"conflicts_listed", each / 2}, {"alone", each}, {"a_won", 0}, {"b_won", 0}, {"both_shown", each / 2}};
  for (const auto& side : {seen_a, seen_b}) {
    if (side["shown"] != wanted) throw std::runtime_error{"W4: " + side["shown"].dump()};
  }
  Report out{.workload = "W4", .n = each, .seed = o.seed, .seconds = seen_b["seconds"], .limit = limit};
  out.peak_rss_bytes = {seen_a["rss"], seen_b["rss"]};
  out.cpu_seconds = {seen_a["cpu"], seen_b["cpu"]};
  out.wire_bytes = seen_b["wire"];
  out.extra = {{"records", static_cast<double>(o.n)}};
  for (const auto& [name, value] : wanted.items()) out.extra.emplace_back(name, value.get<double>());
  return out;
}

}  // namespace kiz::bench

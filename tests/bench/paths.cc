#include "tests/bench/paths.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/bench/bench_realm.h"

namespace kiz::bench {

// Not inlined and not static: callgrind names them.
[[gnu::noinline]] std::uint64_t path_edit(Replica& replica, OfferGenerator& offers, int count) {
  for (int i = 0; i < count; ++i) {
    Edit edit = replica.begin();
    put(edit, bench_space(replica), offers.next());
    commit(replica, edit);
  }
  return 0;
}

[[gnu::noinline]] std::uint64_t path_bulk(Replica& replica, OfferGenerator& offers, int count) {
  Edit edit = replica.begin();
  for (int i = 0; i < count; ++i) put(edit, bench_space(replica), offers.next());
  commit(replica, edit);
  return 0;
}

[[gnu::noinline]] std::uint64_t path_receive(Replica& kreis, Replica& town) { return talk(kreis, town); }
[[gnu::noinline]] std::uint64_t path_reconnect(Replica& kreis, Replica& town) { return talk(kreis, town); }

[[gnu::noinline]] std::uint64_t path_read(const Replica& replica, int count) {
  std::uint64_t seen = 0;
  replica.scan(offer_kind, [&](const RecordView& view) {
    if (view.exists()) ++seen;
    return true;
  });
  if (seen != static_cast<std::uint64_t>(count)) throw std::runtime_error{"a scan does not see all records"};
  return 0;
}

int run_paths(const Options& o) {
  constexpr int singles = 50, bulk = 200;  // less than what a second thread is begun for
  const WorkFolder folder{o.folder};
  const auto folders = found_many(folder.path(), {MemberId{town_id}});
  const auto kreis = open_replica(folders[0]), town = open_replica(folders[1]);
  OfferGenerator offers{o.seed};
  (void)talk(*kreis, *town);

  nlohmann::ordered_json out;
  const auto measure = [&](const char* name, int n, auto path) {
    const std::uint64_t before = allocations_so_far();
    const std::uint64_t bytes = path();
    out[name] = {{"n", n}, {"allocations", allocations_so_far() - before}};
    if (bytes > 0) out[name]["bytes"] = bytes;
  };
  measure("edit", singles, [&] { return path_edit(*kreis, offers, singles); });
  measure("bulk", bulk, [&] { return path_bulk(*kreis, offers, bulk); });
  kreis->core().take_advances();
  measure("receive", singles + bulk, [&] { return path_receive(*kreis, *town); });
  measure("reconnect", 1, [&] { return path_reconnect(*kreis, *town); });
  measure("read", singles + bulk, [&] { return path_read(*town, singles + bulk); });
  fmt::print("{}\n", nlohmann::ordered_json{{"schema", "kiz.bench/1"}, {"workload", "paths"}, {"paths", out}}.dump());
  return 0;
}

}  // namespace kiz::bench

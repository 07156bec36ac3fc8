// How cost grows with what a store holds: records in one log, then towns with a log each. For each size: opening, an edit,
// reconnecting after nothing and after one change, memory of whoever edits and of whoever calls, bytes on the disk.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>

#include "tests/bench/bench_realm.h"
#include "tests/bench/child.h"
#include "tests/bench/conversation.h"
#include "tests/bench/growth.h"
#include "tests/bench/plot.h"
#include "tests/bench/town_talk.h"

namespace kiz::bench {
namespace {

using Json = nlohmann::json;
constexpr std::uint64_t records_per_town = 20;

std::vector<std::uint64_t> steps_upto(std::uint64_t first, std::uint64_t factor, std::uint64_t last) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t n = first; n < last; n *= factor) out.push_back(n);
  out.push_back(last);
  return out;
}

void meet(const std::filesystem::path& kreis, const std::filesystem::path& device, Json& out, const std::string& name) {
  const Loopback loopback;
  int opened[2];  // a byte goes through when the Kreis's store is open: its opening is told elsewhere
  if (::pipe2(opened, O_CLOEXEC) != 0) throw std::runtime_error{"pipe"};
  Child answering{[&] {
    const auto replica = open_replica(kreis);
    if (::write(opened[1], "", 1) != 1) throw std::runtime_error{"pipe"};
    Conversation conversation{*replica, Side::responder, loopback.accept()};
    while (conversation.turn(1000)) {
    }
    return Json{};
  }};
  ::close(opened[1]);
  const auto seen = Child{[&] {
    const auto replica = open_replica(device);
    char byte = 0;
    if (::read(opened[0], &byte, 1) != 1) throw std::runtime_error{"pipe"};
    const Stopwatch watch;
    Conversation conversation{*replica, Side::initiator, loopback.connect()};
    conversation.until_in_sync();
    const double seconds = watch.seconds();
    conversation.until_quiet();
    return Json{{"ms", seconds * 1000}, {"bytes", conversation.wire_bytes()}, {"rss", peak_rss_bytes()}};
  }}.wait();
  answering.wait();
  ::close(opened[0]);
  out[name + "_ms"] = seen["ms"];
  out[name + "_bytes"] = seen["bytes"];
  out[name + "_rss_bytes"] = seen["rss"];
}

// Opens the store anew in a process of its own and edits one record.
Json look_at(const std::filesystem::path& folder, const Options& o) {
  constexpr int edits = 21;
  return Child{[&] {
    const Stopwatch opening;
    const auto replica = open_replica(folder);
    Json out{{"open_ms", opening.seconds() * 1000}, {"store_bytes", disk_bytes(folder)}};
    const RecordId first = record_id(OfferGenerator{o.seed}.next());
    std::vector<double> milliseconds;
    for (int i = 0; i < edits; ++i) {
      Edit edit = replica->begin();
      edit.set(bench_space(*replica), first, status, "edit-" + std::to_string(i));
      const Stopwatch watch;
      commit(*replica, edit);
      milliseconds.push_back(watch.seconds() * 1000);
    }
    std::ranges::sort(milliseconds);
    out["edit_ms"] = milliseconds[edits / 2];
    out["peak_rss_bytes"] = peak_rss_bytes();
    return out;
  }}.wait();
}

// In a process of its own: what founding takes would be counted for everybody who is forked afterwards.
std::vector<std::filesystem::path> found_aside(const std::filesystem::path& parent, const std::vector<MemberId>& devices) {
  const Json made = Child{[&] {
    Json out = Json::array();
    for (const auto& folder : found_many(parent, devices)) out.push_back(folder.string());
    return out;
  }}.wait();
  std::vector<std::filesystem::path> out;
  for (const Json& folder : made) out.emplace_back(folder.get<std::string>());
  return out;
}

Json records_row(const Options& o, std::uint64_t n) {
  const WorkFolder folder{o.folder};
  const auto folders = found_aside(folder.path(), {MemberId{town_id}});
  (void)Child{[&] {
    fill(*open_replica(folders[0]), n, o.seed, 4096);
    return Json{};
  }}.wait();
  Json first;
  meet(folders[0], folders[1], first, "first_sync");
  Json out = look_at(folders[0], o);
  meet(folders[0], folders[1], first, "catching_up");
  meet(folders[0], folders[1], out, "reconnect_0");
  (void)look_at(folders[0], o);
  meet(folders[0], folders[1], out, "reconnect_21");
  out["records"] = n;
  return out;
}

// The Kreis and its first town are whole; the other towns are light ones, which bring their records and take all the others'.
Json towns_row(const Options& o, std::uint64_t towns) {
  const WorkFolder folder{o.folder};
  const auto ids = town_ids(static_cast<unsigned>(towns));
  const auto kreis_folder = folder.path() / "kreis", town_folder = folder.path() / "device-1";
  (void)Child{[&] {
    const auto kreis = found_kreis(folder.path(), ids);
    const TransportKey node = keys_of(*kreis).transport;
    const auto first = make_device(town_folder, node);
    std::vector<std::pair<MemberId, DeviceKeys>> asking{{ids[0], keys_of(*first)}};
    for (std::size_t i = 1; i < ids.size(); ++i) asking.emplace_back(ids[i], TownKeys{o.seed, i}.open());
    admit_all(*kreis, asking);
    const auto records = control_records(*kreis);
    take_control(*first, records);
    OfferGenerator own{o.seed};
    Edit edit = first->begin();
    for (const auto collection : {Collection::offers, Collection::extension}) {
      for (std::uint64_t r = 0; r < records_per_town; ++r) put(edit, first->space(ids[0], collection), own.next());
    }
    commit(*first, edit);
    CommonGround common{records, node};
    for (std::size_t i = 1; i < ids.size(); ++i) {
      LightTown town{common, ids[i], TownKeys{o.seed, i}};
      OfferGenerator generator{static_cast<std::uint32_t>(o.seed + i)};
      for (const auto collection : {Collection::offers, Collection::extension}) {
        std::vector<Op> ops;
        for (std::uint64_t r = 0; r < records_per_town; ++r) std::ranges::move(ops_of(generator.next()), std::back_inserter(ops));
        town.edit({town.realm(), ids[i], collection, {}}, std::move(ops));
      }
      TownTalk caller{town, SteadyTime{}};
      (void)talk(*kreis, caller);
    }
    return Json{};
  }}.wait();
  Json first;
  meet(kreis_folder, town_folder, first, "first_sync");
  Json out = look_at(kreis_folder, o);
  meet(kreis_folder, town_folder, first, "catching_up");
  meet(kreis_folder, town_folder, out, "reconnect_0");
  out["towns"] = towns;
  out["logs"] = 2 * towns + 1;
  return out;
}

void plot(const std::filesystem::path& file, const std::string& title, const std::string& axis, const char* by, const std::vector<Json>& rows) {
  std::vector<Series> all;
  for (const auto& [key, name, scale] : {std::tuple{"open_ms", "opening, ms", 1.0},
                                         {"edit_ms", "an edit, ms", 1.0},
                                         {"reconnect_0_bytes", "reconnect, nothing new, B", 1.0},
                                         {"peak_rss_bytes", "memory, editing, MiB", 1.0 / 1048576},
                                         {"reconnect_0_rss_bytes", "memory, calling, MiB", 1.0 / 1048576},
                                         {"store_bytes", "store, MiB", 1.0 / 1048576}}) {
    Series series{name, {}};
    for (const Json& row : rows) series.points.emplace_back(row[by].get<double>(), row[key].get<double>() * scale);
    all.push_back(std::move(series));
  }
  write_plot(file, title, axis, all);
}

}  // namespace

int run_growth(const Options& o, bool json) {
  std::filesystem::create_directories(o.plots);
  const auto table = [&](const char* by, const std::vector<std::uint64_t>& sizes, Json (*row_of)(const Options&, std::uint64_t)) {
    std::vector<Json> rows;
    if (!json) fmt::print("| {} | opening ms | an edit ms | reconnect B | ms | MiB, editing | MiB, calling | store MiB |\n|{}\n", by, "---|---|---|---|---|---|---|---|");
    for (const std::uint64_t size : sizes) {
      const Json row = rows.emplace_back(row_of(o, size));
      if (json) {
        Json line{{"schema", "kiz.bench/1"}, {"workload", "growth"}, {"seed", o.seed}};
        line.update(row);
        fmt::print("{}\n", line.dump());
      } else {
        const auto mib = [&](const char* name) { return row[name].get<double>() / 1048576; };
        fmt::print("| {} | {:.1f} | {:.2f} | {} | {:.2f} | {:.1f} | {:.1f} | {:.2f} |\n", size, row["open_ms"].get<double>(),
                   row["edit_ms"].get<double>(), row["reconnect_0_bytes"].get<std::uint64_t>(), row["reconnect_0_ms"].get<double>(),
                   mib("peak_rss_bytes"), mib("reconnect_0_rss_bytes"), mib("store_bytes"));
      }
      std::fflush(stdout);
    }
    if (!json) fmt::print("\n");
    plot(o.plots / fmt::format("growth-{}.svg", by), fmt::format("Growth with {}", by), by, by, rows);
  };
  table("records", steps_upto(1000, 10, o.n), records_row);
  table("towns", steps_upto(1, 5, o.towns), towns_row);
  return 0;
}

}  // namespace kiz::bench

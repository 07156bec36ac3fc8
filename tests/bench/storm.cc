// storm: a node's daemon starts again. All its towns were in sync with it, each has made 50 edits in the meantime, and all
// come back at once: how long until everybody holds the same.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <stdexcept>

#include "protocol/wire.h"
#include "tests/bench/child.h"
#include "tests/bench/crowd.h"
#include "tests/bench/fleet.h"
#include "tests/bench/process.h"
#include "tests/bench/shared.h"
#include "tests/bench/workloads.h"

namespace kiz::bench {
namespace {

constexpr int edits_each = 50;
constexpr std::size_t fleets = 2;  // processes that play the towns
constexpr int cache_kib_each = 64;  // thousands of replicas in one process: what is measured is the node

enum class Step { making, joining, first_exchange, away, storm, over };

struct Progress {
  std::atomic<Step> step{Step::making};
  std::atomic<std::size_t> done{0};  // fleets that have done what this step asks for
  std::atomic<std::int64_t> last_ns{0};
};

void wait_for_step(Shared<Progress>& progress, Step step) {
  while (progress->step < step) ::usleep(1000);
}

void wait_for_fleets(Shared<Progress>& progress, const std::vector<std::unique_ptr<Child>>& children) {
  while (progress->done < fleets) {
    ::usleep(1000);
    for (const auto& child : children) {
      if (child->has_ended()) child->wait();  // throws what went wrong there
    }
  }
}

void do_step(Shared<Progress>& progress, Step step, const std::vector<std::unique_ptr<Child>>& children) {
  progress->done = 0;
  progress->step = step;
  wait_for_fleets(progress, children);
}

// Of a kind that the Kreis alone reads besides: else each of the towns would get what all the others wrote.
void edit_alone(Replica& replica, const MemberId& town, std::uint32_t seed) {
  OfferGenerator generator{seed};
  for (int i = 0; i < edits_each; ++i) {
    Edit edit = replica.begin();
    edit.set(replica.space(town, Collection::extension), record_id(generator.next()), status, std::string{"away"});
    commit(replica, edit);
  }
  replica.core().take_advances();
}

/// One process that plays towns first..end of all.
struct Part {
  std::filesystem::path folder;  // of all
  std::vector<MemberId> towns;
  std::size_t first = 0;
  std::uint16_t port = 0;
  std::uint32_t seed = 0;

  std::filesystem::path keys_file() const { return folder / ("keys-" + std::to_string(first)); }
};

void write_whole(const std::filesystem::path& file, ByteView bytes) {
  std::ofstream{file, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

Bytes read_whole(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return Bytes{std::istreambuf_iterator<char>{in}, {}};
}

// Each behind its length: what the towns take in when they join.
void write_records(const std::filesystem::path& file, const std::vector<Bytes>& records) {
  wire::Writer out;
  for (const Bytes& record : records) {
    out.varint(record.size());
    out.raw(record);
  }
  write_whole(file, out.bytes());
}

std::vector<Bytes> read_records(const std::filesystem::path& file) {
  const Bytes bytes = read_whole(file);
  std::vector<Bytes> out;
  for (wire::Reader in{bytes}; in.left() > 0;) {
    const ByteView record = in.raw(static_cast<std::size_t>(in.varint()));
    out.emplace_back(record.begin(), record.end());
  }
  return out;
}

std::vector<std::unique_ptr<Replica>> make_towns(const Part& part) {
  const auto kreis = TransportKey::from(read_whole(part.folder / "kreis-key"));
  std::vector<std::unique_ptr<Replica>> out;
  Bytes keys;
  for (std::size_t i = 0; i < part.towns.size(); ++i) {
    out.push_back(make_device(part.folder / ("device-" + std::to_string(part.first + i + 1)), kreis, cache_kib_each));
    const DeviceKeys own = keys_of(*out.back());
    keys.insert(keys.end(), own.author.bytes.begin(), own.author.bytes.end());
    keys.insert(keys.end(), own.transport.bytes.begin(), own.transport.bytes.end());
  }
  write_whole(part.keys_file(), keys);
  return out;
}

void admit_part(Replica& kreis, const Part& part) {
  const Bytes keys = read_whole(part.keys_file());
  constexpr std::size_t each = AuthorKey::size_bytes + TransportKey::size_bytes;
  std::vector<std::pair<MemberId, DeviceKeys>> devices;
  for (std::size_t i = 0; i < part.towns.size(); ++i) {
    const ByteView own = ByteView{keys}.subspan(i * each, each);
    devices.emplace_back(part.towns[i], DeviceKeys{AuthorKey::from(own), TransportKey::from(own.subspan(AuthorKey::size_bytes))});
  }
  admit_all(kreis, devices);
}

nlohmann::json play_fleet(const Part& part, Shared<Progress>& progress) {
  allow_many_files();
  auto towns = make_towns(part);
  ++progress->done;
  wait_for_step(progress, Step::joining);
  for (const auto records = read_records(part.folder / "control"); const auto& town : towns) take_control(*town, records);
  Fleet fleet{std::move(towns), part.first, part.port};
  ++progress->done;
  wait_for_step(progress, Step::first_exchange);
  fleet.lose_lines();
  fleet.until_in_sync();
  ++progress->done;
  wait_for_step(progress, Step::away);
  fleet.lose_lines();
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    edit_alone(fleet.replica(i), part.towns[i], static_cast<std::uint32_t>(part.seed + part.first + i + 1));
  }
  ++progress->done;
  wait_for_step(progress, Step::storm);
  fleet.lose_lines();
  const double cpu = cpu_seconds();
  fleet.until_in_sync();
  for (std::int64_t now = now_ns(), last = progress->last_ns; last < now && !progress->last_ns.compare_exchange_weak(last, now);) {
  }
  const double used = cpu_seconds() - cpu;
  ++progress->done;
  wait_for_step(progress, Step::over);
  return {{"wire", fleet.wire_bytes()}, {"failed_calls", fleet.failed_calls()}, {"cpu", used}, {"rss", peak_rss_bytes()}};
}

}  // namespace

Report run_storm(const Options& o) {
  const WorkFolder folder{o.folder};
  const std::filesystem::path node = folder.path() / "kreis";
  const auto ids = town_ids(o.peers);
  const std::uint16_t port = free_port();
  (void)Child{[&] {
    write_whole(folder.path() / "kreis-key", keys_of(*found_kreis(folder.path(), ids)).transport);
    return nlohmann::json{};
  }}.wait();

  Shared<Progress> progress;
  std::vector<Part> parts;
  std::vector<std::unique_ptr<Child>> children;
  for (std::size_t n = 0, first = 0; n < fleets; ++n) {
    const std::size_t end = o.peers * (n + 1) / fleets;
    const auto at = [&](std::size_t i) { return ids.begin() + static_cast<std::ptrdiff_t>(i); };
    parts.push_back({folder.path(), {at(first), at(end)}, first, port, o.seed});
    children.push_back(std::make_unique<Child>([part = parts.back(), &progress] { return play_fleet(part, progress); }));
    first = end;
  }
  wait_for_fleets(progress, children);
  (void)Child{[&] {
    const auto kreis = open_replica(node);
    for (const Part& part : parts) admit_part(*kreis, part);
    fill_for_all(*kreis, o.seed);
    write_records(folder.path() / "control", control_records(*kreis));
    return nlohmann::json{};
  }}.wait();
  do_step(progress, Step::joining, children);

  std::ofstream{folder.path() / "kizd.toml"} << "peers_max = 10000\n";
  allow_many_files();  // the daemon's, too
  const std::vector<std::string> daemon{program("kizd"), "--foreground", "--config", folder.path() / "kizd.toml", "--store", node,
                                        "--listen", "127.0.0.1:" + std::to_string(port)};
  Report out{.workload = "storm", .n = o.peers, .seed = o.seed};
  {
    const Process before{daemon};
    wait_for(node);
    const Stopwatch watch;
    do_step(progress, Step::first_exchange, children);
    out.extra.emplace_back("first_exchange_seconds", watch.seconds());
  }
  do_step(progress, Step::away, children);
  const Process after{daemon};
  wait_for(node);
  const std::int64_t began = now_ns();
  const double cpu = after.cpu_seconds();
  do_step(progress, Step::storm, children);
  out.seconds = static_cast<double>(progress->last_ns - began) / 1e9;
  out.peak_rss_bytes = {after.peak_rss_bytes()};
  out.cpu_seconds = {after.cpu_seconds() - cpu, 0};
  progress->step = Step::over;
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

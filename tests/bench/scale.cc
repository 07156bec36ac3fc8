// A country in memory, level by level: what a node of each level holds, sends and computes.
//
// All towns of a Kreis meet its node twice, one after the other: in the first round each brings what it wrote, in the second
// it gets what those after it brought. Bytes and processor of a node are those of both rounds. Everybody holds the whole
// control log beforehand, as after joining; its bytes stand in a column of their own.
//
// In every twentieth Kreis each replica checks every signature itself, and its processor is measured; in the others it is
// enough that one has. What is held and sent is the same.
#include "tests/bench/scale.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "protocol/sync_session.h"
#include "tests/bench/child.h"
#include "tests/bench/shared.h"
#include "tests/support/memory_replica.h"

namespace kiz::bench {
namespace {

using test::CheckedRuns;
using test::MemoryReplica;
using test::MemorySource;
using test::TestRealm;

constexpr unsigned municipalities = 10'753, kreise = 400, laender = 16;
constexpr std::size_t text_bytes = 400;    // of an entry: an offer changed in a few fields; dots, which nothing here compresses
constexpr unsigned private_share = 4;      // one entry of so many is a count, which only the Kreis reads besides its town
constexpr unsigned reports_each = 12;      // a Kreis and year, read by its Land
constexpr unsigned timed_one_in = 20;      // Kreise
constexpr unsigned processes = 2;

/// What a node of one level has, summed up over all of that level.
struct Level {
  std::uint64_t nodes = 0, entries = 0, memory = 0, control = 0, wire = 0, idle_wire = 0, largest_memory = 0;
  std::uint64_t timed = 0;  // nodes that used these seconds of processor, the other ends of their sessions not counted
  double seconds = 0;

  void take(std::uint64_t held, std::uint64_t bytes) {
    ++nodes;
    entries += held;
    memory += bytes;
    largest_memory = std::max(largest_memory, bytes);
  }
  void add(const Level& other) {
    nodes += other.nodes;
    entries += other.entries;
    memory += other.memory;
    control += other.control;
    wire += other.wire;
    idle_wire += other.idle_wire;
    largest_memory = std::max(largest_memory, other.largest_memory);
    timed += other.timed;
    seconds += other.seconds;
  }
};

struct End {
  End(MemoryReplica& own, const MemoryReplica& peer, Side side)
      : replica(own), peer_key(peer.author()), source(own, peer.member(), peer.author()), session(source, side, {}, SteadyTime{0}) {}

  MemoryReplica& replica;
  AuthorKey peer_key;
  MemorySource source;
  SyncSession session;
  std::uint64_t bytes = 0;  // that it sent, framing apart
  double seconds = 0;       // of processor

  /// Hands over what it has to say. False: nothing.
  bool say_to(End& other) {
    const ProcessorWatch speaking;
    auto message = session.next_outgoing(SteadyTime{0});
    seconds += speaking.seconds();
    if (!message) return false;
    bytes += message->body.size() + 3;
    other.hear(std::move(*message));
    return true;
  }

  void hear(Message message) {
    const ProcessorWatch hearing;
    if (!session.receive(std::move(message), SteadyTime{0})) throw std::runtime_error{"a session of the simulation failed"};
    while (const auto run = session.next_run()) {
      std::vector<Advance> grown;
      session.report(run->number, replica.ingest(run->bytes, grown));
      for (const Advance& advance : grown) session.on_commit(advance);
    }
    while (const auto event = session.next_event()) {
    }
    seconds += hearing.seconds();
  }
};

/// What a meeting cost: the bytes of both directions, and the processor of each end.
struct Met {
  std::uint64_t bytes = 0;
  double caller_seconds = 0, node_seconds = 0;

  void add(const Met& other) {
    bytes += other.bytes;
    caller_seconds += other.caller_seconds;
    node_seconds += other.node_seconds;
  }
};

/// Two replicas meet until neither has anything to say.
Met meet(MemoryReplica& caller, MemoryReplica& node) {
  End a{caller, node, Side::initiator}, b{node, caller, Side::responder};
  for (bool moved = true; moved;) {
    moved = a.say_to(b);
    moved = b.say_to(a) || moved;
  }
  if (!a.session.in_sync() || !b.session.in_sync()) throw std::runtime_error{"two nodes of the simulation do not agree"};
  return {a.bytes + b.bytes, a.seconds, b.seconds};
}

std::uint64_t control_bytes(const TestRealm& realm) {
  std::uint64_t out = 0;
  for (const auto& record : realm.control().records()) out += encode_control_record(record).size();
  return out;
}

std::uint64_t heap_bytes() { return ::mallinfo2().uordblks; }

struct Country {
  Level town, kreis, land;
  struct Land {  // of all its Kreise
    std::uint64_t entries = 0, memory = 0;
  };
  std::array<Land, laender> by_land;
};

// One Kreis with its towns and its Land, a year of entries, everybody in sync with the Kreis node.
void play(Country& country, unsigned number, unsigned towns, std::uint64_t entries_each) {
  constexpr std::uint8_t kreis_device = 250, land_device = 251;
  const MemberId land_id = "05";
  const bool is_timed = number % timed_one_in == 0;
  CheckedRuns checked;
  CheckedRuns* const by_others = is_timed ? nullptr : &checked;
  TestRealm realm;
  std::vector<MemberId> ids;
  for (unsigned i = 0; i < towns; ++i) {
    ids.push_back(fmt::format("{:08}", 6'000'000 + i));
    realm.add(MemberNamed{ids[i], "Ort", MemberRole::municipality});
    realm.grant(ids[i], static_cast<std::uint8_t>(i + 1));
  }
  realm.add(MemberNamed{land_id, "Land", MemberRole::land});
  realm.grant(test::borken, kreis_device);
  realm.grant(land_id, land_device);

  MemoryReplica node{realm, test::borken, kreis_device};
  node.checked_by_others = by_others;
  std::vector<MemoryReplica> offices;
  offices.reserve(towns);
  for (unsigned i = 0; i < towns; ++i) {
    MemoryReplica& office = offices.emplace_back(realm, ids[i], static_cast<std::uint8_t>(i + 1));
    office.checked_by_others = by_others;
    const std::uint64_t counts = entries_each / private_share;
    office.write_many(office.space(Collection::offers), entries_each - counts, text_bytes);
    office.write_many(office.space(Collection::counts), counts, text_bytes);
  }
  node.write_many(node.space(Collection::reports), reports_each, text_bytes);

  Met towns_met;
  for (int round = 0; round < 2; ++round) {
    for (auto& office : offices) towns_met.add(meet(office, node));
  }
  const std::uint64_t before = heap_bytes();
  MemoryReplica above{realm, land_id, land_device};
  const Met land_met = meet(above, node);

  country.town.wire += towns_met.bytes;
  country.kreis.wire += towns_met.bytes + land_met.bytes;
  country.land.wire += land_met.bytes;
  if (is_timed) {
    country.town.timed += towns;
    country.town.seconds += towns_met.caller_seconds;
    country.kreis.timed += 1;
    country.kreis.seconds += towns_met.node_seconds + land_met.node_seconds;
    country.land.timed += 1;
    country.land.seconds += land_met.caller_seconds;
  }
  const std::uint64_t towns_idle = towns * meet(offices.front(), node).bytes;  // the others cost the same
  const std::uint64_t land_idle = meet(above, node).bytes;
  country.town.idle_wire += towns_idle;
  country.kreis.idle_wire += towns_idle + land_idle;
  country.land.idle_wire += land_idle;
  const std::uint64_t control = control_bytes(realm);
  country.town.control += towns * control;
  country.kreis.control += control;
  country.land.control += control;

  Country::Land& land = country.by_land[number % laender];
  land.entries += above.entry_count();
  land.memory += heap_bytes() - before;

  const MemoryReplica* largest = &offices.front();
  const std::uint64_t with_both = heap_bytes();
  const std::uint64_t a_copy = [&] {
    const MemoryReplica twin = largest->copy();
    return heap_bytes() - with_both;
  }();
  for (const auto& office : offices) country.town.take(office.entry_count(), a_copy);
  const MemoryReplica twin = node.copy();
  country.kreis.take(node.entry_count(), heap_bytes() - with_both);
}

}  // namespace

int run_scale(const Options& o, bool json) {
  const std::uint64_t entries_each = std::min<std::uint64_t>(o.n, 10'000);
  Shared<std::array<Country, processes>> parts;
  std::vector<std::unique_ptr<Child>> children;
  for (unsigned part = 0; part < processes; ++part) {
    children.push_back(std::make_unique<Child>([&parts, part, entries_each] {
      const auto placed_before = [](unsigned number) { return static_cast<unsigned>(std::uint64_t{municipalities} * number / kreise); };
      for (unsigned number = kreise * part / processes; number < kreise * (part + 1) / processes; ++number) {
        play((*parts)[part], number, placed_before(number + 1) - placed_before(number), entries_each);
      }
      return nlohmann::json{};
    }));
  }
  for (const auto& child : children) child->wait();
  Country country;
  for (const Country& part : *parts) {
    country.town.add(part.town);
    country.kreis.add(part.kreis);
    country.land.add(part.land);
    for (unsigned i = 0; i < laender; ++i) {
      country.by_land[i].entries += part.by_land[i].entries;
      country.by_land[i].memory += part.by_land[i].memory;
    }
  }
  for (const Country::Land& land : country.by_land) country.land.take(land.entries, land.memory);
  country.land.seconds *= double{kreise} / laender;  // what was measured is one Kreis, of the many that a Land has

  if (!json) fmt::print("| a node of | nodes | entries held | all of it in memory, KiB | control log, KiB | both ways, KiB | nothing new, B | processor, ms |\n|{}\n",
                        "---|---|---|---|---|---|---|---|");
  const auto tell = [&](const char* name, const Level& level) {
    const auto each = [&](double sum) { return sum / static_cast<double>(level.nodes); };
    const double entries = each(double(level.entries)), memory = each(double(level.memory)), control = each(double(level.control)),
                 wire = each(double(level.wire)), idle = each(double(level.idle_wire)), ms = level.seconds * 1000 / static_cast<double>(level.timed);
    if (json) {
      fmt::print("{}\n", nlohmann::ordered_json{{"schema", "kiz.bench/1"}, {"workload", "scale"}, {"level", name}, {"nodes", level.nodes},
                                                {"entries_per_municipality", entries_each}, {"entries", entries}, {"memory_bytes", memory},
                                                {"largest_memory_bytes", level.largest_memory}, {"control_log_bytes", control}, {"wire_bytes", wire},
                                                {"idle_wire_bytes", idle}, {"processor_milliseconds", ms}}.dump());
    } else {
      fmt::print("| a {} | {} | {:.0f} | {:.0f} | {:.0f} | {:.0f} | {:.0f} | {:.1f} |\n", name, level.nodes, entries, memory / 1024, control / 1024,
                 wire / 1024, idle, ms);
    }
  };
  tell("municipality", country.town);
  tell("Kreis", country.kreis);
  tell("Land", country.land);
  return 0;
}

}  // namespace kiz::bench

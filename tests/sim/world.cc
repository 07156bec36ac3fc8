#include "tests/sim/world.h"

#include <algorithm>

#include "libclient/sqlite.h"
#include "protocol/crypto.h"
#include "protocol/registry.h"

namespace kiz::sim {
namespace {

constexpr std::uint64_t clocks_apart_ms = 2 * 60 * 1000;

constexpr Fault once[] = {Fault::backup, Fault::clone, Fault::revoke, Fault::expiry, Fault::hub_old, Fault::hub_lost};

}  // namespace

RecordId sim_record(std::uint32_t kind, std::uint64_t number) {
  RecordId out{kind, {}};
  out.key.bytes.fill(static_cast<std::uint8_t>(number + 1));
  return out;
}

void Outcome::add(const Outcome& other) {
  faults += other.faults;
  acknowledged += other.acknowledged;
  lost += other.lost;
  hours += other.hours;
  dropped += other.dropped;
  epochs += other.epochs;
  growth = std::max(growth, other.growth);
}

std::string last_line(std::uint64_t seeds, const Outcome& sum) {
  return "seeds " + std::to_string(seeds) + ", faults " + std::to_string(sum.faults) + ", acknowledged " +
         std::to_string(sum.acknowledged) + ", lost " + std::to_string(sum.lost);
}

World::World(const Founding& founding, std::uint64_t seed, const Plan& plan)
    : founding_(founding), plan_(plan), random_(seed) {
  outcome_.seed = seed;
  seed_process(random_.next());
  if (plan_.offices == 0) plan_.offices = static_cast<unsigned>(random_.below(4) == 0 ? 9 + random_.below(16) : 3 + random_.below(6));
  if (plan_.edits == 0) plan_.edits = static_cast<unsigned>(500 + random_.below(random_.below(5) == 0 ? 2501 : 501));
  plan_.offices = std::min(plan_.offices, static_cast<unsigned>(founding.places() - first_office));
  draw_dials();
  const std::size_t places = first_office + plan_.offices;
  folder_ = founding.lay_out(places);
  for (std::size_t i = 0; i < places; ++i) {
    const Founding::Place place = founding.place(i, places);
    Node& node = *nodes_.emplace_back(std::make_unique<Node>(i, place, folder_ / place.name, random_.next()));
    node.disk.faults.sync_lies = plan.disks_lie;
    node.options.clock_ms = [this, &node] { return wall_ms(node); };
    if (is_on(Fault::clock)) {
      node.drift_ppm = static_cast<std::int64_t>(random_.below(20'001)) - 10'000;
    } else if (i != hub_place) {  // minutes apart, as clocks are that nothing is wrong with
      node.clock_off_ms = static_cast<std::int64_t>(random_.below(2 * clocks_apart_ms)) - static_cast<std::int64_t>(clocks_apart_ms);
    }
    if (is_on(Fault::hostile) && random_.below(3) == 0) {  // it takes little of anybody at once
      node.options.author_burst_bytes = 2u << 10;
      node.options.author_daily_bytes = 1u << 20;
    }
    node.offline = is_on(Fault::bundles) && i >= first_office && i % 3 == 0;
    if (is_on(Fault::versions) && random_.below(3) == 0) node.program.capabilities = 0;
    open(node);
  }
  for (const auto& node : nodes_) {
    if (!node->replica) continue;
    const Space space = node->replica->space(node->member, Collection::counts);
    const bool known = std::any_of(tallies_.begin(), tallies_.end(), [&](const auto& tally) { return tally.space == space; });
    if (!known) tallies_.push_back({space, sim_record(registry::kinds::count, 0)});
  }
  take_images();  // whatever breaks later, there is something to put back
}

World::~World() {
  calls_.clear();
  slow_lines_.clear();
}

// Every fault at once hides what each of them finds: a seed has some of them.
void World::draw_dials() {
  dials_ = plan_.dials;
  if (!plan_.drawn) return;
  for (std::size_t i = 0; i < fault_count; ++i) {
    const bool whole_machine = std::find(std::begin(once), std::end(once), static_cast<Fault>(i)) != std::end(once);
    const std::uint64_t of = whole_machine || static_cast<Fault>(i) == Fault::bundles ? 6 : 2;
    dials_[i] = random_.below(of) == 0 ? 1 + static_cast<unsigned>(random_.below(3)) : 0;
  }
}

bool World::chance(Fault fault, unsigned per_mille) {
  return random_.below(1000) < std::uint64_t{per_mille} * dials_[static_cast<std::size_t>(fault)];
}

Outcome World::run() {
  try {
    while (edits_ < plan_.edits && outcome_.findings.empty()) step();
    if (outcome_.findings.empty()) heal();
    if (outcome_.findings.empty()) judge_all();
  } catch (const SqlFailure& failure) {
    find(std::string{"a failure that nothing explains: "} + std::string{name(failure.error().code)} + " " + failure.error().context);
  }
  return finish();
}

Outcome World::finish() {
  outcome_.acknowledged = promises_.size();
  outcome_.hours = static_cast<std::uint64_t>(now_.count()) / 3'600'000;
  outcome_.trace = to_hex(trace_).substr(0, 32);
  return outcome_;
}

void World::step() {
  now_ += SteadyTime{random_.below(50)};
  const std::uint64_t choice = random_.below(100);
  if (choice < 25) {
    edit(somebody());
  } else if (choice < 40) {
    dial_somebody();
  } else if (choice < 84) {
    if (!calls_.empty()) transmit(calls_[random_.below(calls_.size())], 1 + random_.below(40));
  } else if (choice < 88) {
    pass_long_time();
  } else if (choice < 89) {
    now_ += SteadyTime{random_.below(120'000)};
    on_time();
  } else if (Node& node = somebody(); !node.replica) {
    open(node);
  }
  drip();
  if (outcome_.findings.empty()) go_wrong();
  if (outcome_.findings.empty()) break_machine();
}

std::uint64_t World::wall_ms(const Node& node) const {
  const std::int64_t since = now_.count();
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(start_ms) + since + since / 1'000'000 * node.drift_ppm + node.clock_off_ms);
}

Node* World::some_office(bool running) {
  std::vector<Node*> all;
  for (const auto& node : nodes_) {
    const bool fit = node->number >= first_office && !node->locked_out && !node->offline;
    if (fit && (!running || node->replica)) all.push_back(node.get());
  }
  return all.empty() ? nullptr : all[random_.below(all.size())];
}

void World::judge_all() {
  std::vector<Holder> holders;
  for (const auto& node : nodes_) {
    if (node->locked_out) continue;
    holders.push_back({node->name, node->member, *node->replica, node->disk});
  }
  Verdict verdict = judge(holders, promises_, tallies_, is_on(Fault::revoke));
  for (const auto& node : nodes_) {
    if (!node->locked_out || !node->replica) continue;
    for (std::size_t i = node->locked_at; i < promises_.size(); ++i) {
      if (promises_[i].by != node->number && holds(*node->replica, promises_[i])) find(node->name + " was given an entry after it was locked out");
    }
  }
  for (const Holder& holder : holders) {
    if (!may_fork_ && !holder.replica.verify(false).forks.empty()) find(holder.name + " has a forked log, though no machine was copied");
  }
  judge_data(holders, !is_on(Fault::clock), verdict);
  judge_forks(holders, promises_, !is_on(Fault::clock), verdict);
  outcome_.lost += verdict.lost;
  for (const std::string& finding : verdict.findings) find(finding);
  for (const Holder& holder : holders) note("state", holder.replica.state_hash());
}

// ---- what is kept of it

void World::hit(Fault fault, const Node& node) {
  ++outcome_.faults;
  note(std::string{fault_names[static_cast<std::size_t>(fault)]} + " " + node.name);
}

void World::note(std::string_view what, ByteView bytes) {
  static const bool loud = std::getenv("KIZ_SIM_LOG") != nullptr;
  if (loud) std::fprintf(stderr, "%9lld %.*s %zu\n", static_cast<long long>(now_.count() / 1000), static_cast<int>(what.size()), what.data(), bytes.size());
  Bytes all(trace_.bytes.begin(), trace_.bytes.end());
  all.insert(all.end(), what.begin(), what.end());
  all.insert(all.end(), bytes.begin(), bytes.end());
  trace_ = crypto::hash("kiz-sim trace v1", all);
}

void World::find(std::string sentence) {
  if (outcome_.findings.size() < 20) outcome_.findings.push_back(std::move(sentence));
}

}  // namespace kiz::sim

#include "tests/sim/world.h"

#include <algorithm>

#include "protocol/crypto.h"
#include "protocol/registry.h"

namespace kiz::sim {
namespace {

constexpr std::int64_t day_ms = 24ll * 60 * 60 * 1000;
constexpr int talks_to_heal = 3;  // rounds in which every office talks to the hub once
constexpr std::size_t under_way_rounds_max = 100'000;

RecordId record(std::uint32_t kind, std::uint64_t number) {
  RecordId out{kind, {}};
  out.key.bytes.fill(static_cast<std::uint8_t>(number + 1));
  return out;
}

}  // namespace

struct World::Node {
  Node(std::size_t at, const Founding::Place& place, std::uint64_t seed)
      : number{at}, name{place.name}, member{place.member}, disk{vfs_name(place.name), seed}, random{seed ^ 0x72616e646f6d} {
    disk.restore(place.files);
  }

  static std::string vfs_name(const std::string& place) {
    static unsigned made = 0;
    return "sim-" + std::to_string(++made) + "-" + place;
  }

  std::size_t number;
  std::string name;
  MemberId member;
  test::MemoryDisk disk;
  test::SeededRandom random;
  std::int64_t clock_off_ms = 0;
  bool power_cut_planned = false;
  ReplicaOptions options;
  std::unique_ptr<Replica> replica;  // none: it lies there without power
  ControlPosition control_seen;
};

World::World(const Founding& founding, std::uint64_t seed, const Plan& plan) : plan_(plan), random_(seed) {
  outcome_.seed = seed;
  seed_process(random_.next());
  const auto folder = founding.lay_out();
  for (const Founding::Place& place : founding.places()) {
    Node& node = *nodes_.emplace_back(std::make_unique<Node>(nodes_.size(), place, random_.next()));
    node.disk.faults.sync_lies = plan.disks_lie;
    node.options.directory = folder / place.name;
    node.options.base_vfs = node.disk.vfs_name();
    node.options.rename = node.disk.page_vfs_options().rename;
    node.options.cache_kib = 256;  // spills
    node.options.random = [&node](std::span<std::uint8_t> out) { node.random.fill(out); };
    node.options.clock_ms = [this, &node] {
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(start_ms) + now_.count() + node.clock_off_ms);
    };
    open(node);
  }
  connections_.resize(nodes_.size());
  for (const auto& node : nodes_) {
    if (!node->replica) continue;
    const Space space = node->replica->space(node->member, Collection::counts);
    const bool known = std::any_of(tallies_.begin(), tallies_.end(), [&](const auto& tally) { return tally.space == space; });
    if (!known) tallies_.push_back({space, record(registry::kinds::count, 0)});
  }
}

World::~World() { connections_.clear(); }

Outcome World::run() {
  while (edits_ < plan_.edits && outcome_.findings.empty()) step();
  heal();
  if (outcome_.findings.empty()) {
    std::vector<Holder> holders;
    for (const auto& node : nodes_) holders.push_back({node->name, node->member, *node->replica, node->disk});
    const Verdict verdict = judge(holders, nodes_.front()->member, promises_, tallies_);
    outcome_.lost += verdict.lost;
    for (const std::string& finding : verdict.findings) find(finding);
    for (const auto& node : nodes_) note("state", node->replica->state_hash());
  }
  outcome_.acknowledged = promises_.size();
  outcome_.trace = to_hex(trace_).substr(0, 32);
  return outcome_;
}

void World::step() {
  now_ += SteadyTime{random_.below(50)};
  Node& node = *nodes_[random_.below(nodes_.size())];
  const std::size_t office = 1 + random_.below(nodes_.size() - 1);
  const std::uint64_t choice = random_.below(100);
  if (choice < 25) return edit(node);
  if (choice < 37) return dial(office);
  if (choice < 80) return transmit(office, 1 + random_.below(40));
  if (choice < 85) return cut(office);
  if (choice < 89) return crash(node);
  if (choice < 91) return jump(node);
  if (choice < 92) return pass_time();
  if (!node.replica) open(node);
}

// ---- what offices do

void World::edit(Node& node) {
  ++edits_;
  if (!node.replica) return;
  Edit edit = node.replica->begin();
  std::int64_t delta = 0;
  for (std::uint64_t n = 1 + random_.below(4); n > 0; --n) add_steps(node, edit, delta);
  TallyBounds& tally = *std::find_if(tallies_.begin(), tallies_.end(), [&](const auto& t) { return t.space.owner == node.member; });
  tally.most += delta;  // after a power cut it may be there or not
  const auto committed = node.replica->commit(edit, {"Frau Beispiel"});
  note("edit " + node.name);
  if (power_lost(node)) return lose_power(node);
  if (!committed) return find(node.name + " cannot commit: " + std::string{name(committed.error().code)} + " " + committed.error().context);
  tally.least += delta;
  const auto& steps = edit.steps();
  for (const EntryHash& entry : committed->entries) {
    note("entry", entry);
    const auto in = std::find_if(steps.begin(), steps.end(), [&](const Edit::Step& step) {
      return holds(*node.replica, {step.space, entry, {}});
    });
    if (in == steps.end()) return find(node.name + " does not hold what it has just committed");
    promises_.push_back({in->space, entry, node.name});
  }
  settle(0, node);
}

void World::add_steps(Node& node, Edit& edit, std::int64_t& delta) {
  namespace offer = registry::fields::offer;
  static const char* const languages[] = {"ara", "ukr", "tur", "fas", "kmr"};
  const Space offers = node.replica->space(node.member, Collection::offers);
  const RecordId which = record(registry::kinds::offer, random_.below(6));
  switch (random_.below(8)) {
    case 0:
    case 1:
      return edit.set(offers, which, offer::title, Value{std::string{plaintext_marker} + " " + std::to_string(random_.below(1000))});
    case 2:
      return edit.set(offers, which, offer::status, Value{static_cast<std::int64_t>(1 + random_.below(4))});
    case 3: return edit.add(offers, which, offer::languages, Value{std::string{languages[random_.below(5)]}});
    case 4: return edit.remove(offers, which, offer::languages, Value{std::string{languages[random_.below(5)]}});
    case 5: return random_.below(2) == 0 ? edit.del(offers, which) : edit.undo(offers, which);
    default: {
      const auto more = static_cast<std::int64_t>(1 + random_.below(9));
      const Space counts = node.replica->space(node.member, Collection::counts);
      edit.add(counts, record(registry::kinds::count, 0), registry::fields::count::tally, Value{more});
      delta += more;
    }
  }
}

// ---- the network

bool World::is_hub(const Node& node) const { return &node == nodes_.front().get(); }

void World::dial(std::size_t office) {
  Node& caller = *nodes_[office];
  Node& hub = *nodes_.front();
  if (connections_[office] || !caller.replica || !hub.replica) return;
  connections_[office] = Connection::dial(caller.replica->core(), hub.replica->core(), *this, now_);
  if (!connections_[office]) return find(caller.name + " does not know whom to dial");
  note("dial " + caller.name);
  transmit(office, 1);
}

void World::transmit(std::size_t office, std::size_t pieces) {
  constexpr std::size_t sizes[] = {16, 300, 5000, 70'000};
  const std::size_t size = sizes[random_.below(4)];
  for (; pieces > 0 && connections_[office]; --pieces) {
    connections_[office]->collect(now_);
    settle_link(office);
    if (!connections_[office]) return;
    const auto to = random_.below(2) == 0 ? Connection::End::office : Connection::End::hub;
    connections_[office]->deliver(to, size, random_, now_);
    settle_link(office);
  }
}

void World::cut(std::size_t office) {
  if (!connections_[office]) return;
  connections_[office].reset();
  ++outcome_.faults;
  note("cut " + nodes_[office]->name);
}

void World::settle_link(std::size_t office) {
  for (Node* node : {nodes_[office].get(), nodes_.front().get()}) {
    if (power_lost(*node)) lose_power(*node);
    if (node->replica) settle(office, *node);
  }
  if (connections_[office] && connections_[office]->finished()) {
    connections_[office].reset();
    note("hang up " + nodes_[office]->name);
  }
}

// Tells the other talks of this node what came in by one of them (`from`, an office; 0: an edit here).
void World::settle(std::size_t from, Node& node) {
  const auto advances = node.replica->core().take_advances();
  const ControlPosition position = node.replica->control().position();
  const bool control_changed = position != node.control_seen;
  node.control_seen = position;
  if (advances.empty() && !control_changed) return;
  for (std::size_t office = 1; office < nodes_.size(); ++office) {
    if (!connections_[office] || office == from) continue;
    if (!is_hub(node) && office != node.number) continue;
    PeerTalk& talk = connections_[office]->talk(is_hub(node) ? Connection::End::hub : Connection::End::office);
    if (control_changed) talk.on_control_changed();
    if (!advances.empty()) talk.on_commit(advances);
  }
}

// ---- what goes wrong

// At once, or at one of the next changes of the disk: in the middle of a commit, or while the store opens.
void World::crash(Node& node) {
  if (!node.replica || random_.below(3) != 0) {
    node.disk.faults.power_cut_at = node.disk.counts().changes + 1 + random_.below(60);
    node.power_cut_planned = true;
    return;
  }
  node.disk.crash();
  lose_power(node);
}

bool World::power_lost(Node& node) { return node.power_cut_planned && !node.disk.faults.power_cut_at; }

void World::lose_power(Node& node) {
  for (std::size_t office = 1; office < nodes_.size(); ++office) {
    if (is_hub(node) || office == node.number) connections_[office].reset();
  }
  node.replica.reset();
  node.power_cut_planned = false;
  node.disk.faults.power_cut_at.reset();
  ++outcome_.faults;
  note("no power " + node.name);
}

void World::open(Node& node) {
  auto opened = Replica::open(node.options);
  note("open " + node.name);
  if (power_lost(node)) {
    if (opened) node.replica = std::move(*opened);
    return lose_power(node);
  }
  if (!opened) return find(node.name + " does not open: " + std::string{name(opened.error().code)} + " " + opened.error().context);
  node.replica = std::move(*opened);
  node.control_seen = node.replica->control().position();
  for (const Promise& promise : promises_) {
    if (promise.by != node.name || holds(*node.replica, promise)) continue;
    ++outcome_.lost;
    find(node.name + " has lost an acknowledged entry of its own");
  }
}

// A clock that is wrong by months, within what admissions allow.
void World::jump(Node& node) {
  node.clock_off_ms = static_cast<std::int64_t>(random_.below(400)) * day_ms - 200 * day_ms;
  ++outcome_.faults;
  note("clock " + node.name);
}

void World::pass_time() {
  now_ += SteadyTime{random_.below(120'000)};
  for (std::size_t office = 1; office < nodes_.size(); ++office) {
    if (!connections_[office]) continue;
    connections_[office]->on_time(now_);
    settle_link(office);
  }
}

// ---- and is healed

void World::heal() {
  note("heal");
  for (auto& connection : connections_) connection.reset();
  for (const auto& node : nodes_) {
    node->disk.faults.power_cut_at.reset();
    node->power_cut_planned = false;
    node->clock_off_ms = 0;
    if (!node->replica && outcome_.findings.empty()) open(*node);
  }
  for (int round = 1; round <= talks_to_heal; ++round) {
    for (std::size_t office = 1; office < nodes_.size() && outcome_.findings.empty(); ++office) {
      talk_to_the_end(office, round == talks_to_heal);
    }
  }
}

void World::talk_to_the_end(std::size_t office, bool last) {
  dial(office);
  std::size_t rounds = 0;
  while (connections_[office]) {
    Connection& connection = *connections_[office];
    connection.collect(now_);
    if (connection.silent()) break;
    if (++rounds > under_way_rounds_max) return find(nodes_[office]->name + " and the hub do not come to an end");
    connection.deliver(Connection::End::hub, SIZE_MAX, random_, now_);
    connection.deliver(Connection::End::office, SIZE_MAX, random_, now_);
    settle_link(office);
  }
  if (!connections_[office]) return find(nodes_[office]->name + " loses the hub on a sound network");
  if (last && !connections_[office]->in_sync()) find(nodes_[office]->name + " and the hub are not in sync");
  connections_[office].reset();
  now_ += std::chrono::minutes{15};
}

// ---- what is kept of it

void World::sent(ByteView bytes) {
  note("sent", bytes);
  if (test::contains(bytes, plaintext_marker)) find("plaintext on the wire");
}

void World::note(std::string_view what, ByteView bytes) {
  Bytes all(trace_.bytes.begin(), trace_.bytes.end());
  all.insert(all.end(), what.begin(), what.end());
  all.insert(all.end(), bytes.begin(), bytes.end());
  trace_ = crypto::hash("kiz-sim trace v1", all);
}

void World::find(std::string sentence) {
  if (outcome_.findings.size() < 20) outcome_.findings.push_back(std::move(sentence));
}

}  // namespace kiz::sim

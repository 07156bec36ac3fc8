#include <algorithm>

#include "libclient/enrolment.h"
#include "tests/sim/guard.h"

namespace kiz::sim {
namespace {

constexpr std::size_t images_kept = 6;

}  // namespace

void World::go_wrong() {
  if (!outcome_.findings.empty()) return;
  if (!calls_.empty() && chance(Fault::cut, 40)) {
    const Call& call = calls_[random_.below(calls_.size())];
    hit(Fault::cut, *call.caller);
    calls_.erase(calls_.begin() + (&call - calls_.data()));
  }
  if (chance(Fault::power, 30)) crash(somebody());
  if (chance(Fault::pause, 5)) {
    Node& node = somebody();
    node.asleep_until_ms = now_.count() + static_cast<std::int64_t>(random_.below(random_.below(2) == 0 ? 30'000 : 18'000'000));
    hit(Fault::pause, node);
  }
  if (chance(Fault::partition, 4)) part();
  if (chance(Fault::io, 15)) fail_io(somebody());
  if (chance(Fault::full, 5)) fill_disk(somebody());
  if (chance(Fault::rot, 1)) rot(somebody());
  if (chance(Fault::misdirect, 1)) {
    Node& node = somebody();
    node.disk.faults.misdirect_write_at = node.disk.counts().writes + 1 + random_.below(30);
    node.disk_rots = node.forgot = true;
    hit(Fault::misdirect, node);
  }
  if (chance(Fault::clock, 15)) jump(somebody());
}

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
  hang_up(node);
  node.replica.reset();
  node.power_cut_planned = false;
  node.disk.faults.power_cut_at.reset();
  hit(Fault::power, node);
}

void World::fail_io(Node& node) {
  const std::uint64_t later = 1 + random_.below(40);
  auto& faults = node.disk.faults;
  switch (random_.below(3)) {
    case 0: faults.fail_read_at = node.disk.counts().reads + later; break;
    case 1: faults.fail_write_at = node.disk.counts().writes + later; break;
    default: faults.fail_sync_at = node.disk.counts().syncs + later;
  }
  node.disk_fails = true;
  hit(Fault::io, node);
}

void World::fill_disk(Node& node) {
  auto& faults = node.disk.faults;
  if (faults.capacity_bytes) {
    faults.capacity_bytes.reset();
    return note("room again " + node.name);
  }
  std::uint64_t used = 0;
  for (const std::string& name : node.disk.names()) used += node.disk.read(name).size();
  faults.capacity_bytes = used + random_.below(60'000);
  node.disk_fails = true;
  hit(Fault::full, node);
}

void World::rot(Node& node) {
  std::vector<std::string> names = node.disk.names();
  std::erase_if(names, [&](const std::string& name) { return node.disk.read(name).empty(); });
  if (names.empty()) return;
  node.disk.flip_random_bit(names[random_.below(names.size())]);
  node.disk_rots = node.forgot = true;
  hit(Fault::rot, node);
}

// Mostly by months, within what admissions allow; now and then by up to ten years.
void World::jump(Node& node) {
  const std::int64_t days = random_.below(5) == 0 ? 3650 : 200;
  node.clock_off_ms = (static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(2 * days))) - days) * day_ms;
  hit(Fault::clock, node);
}

void World::part() {
  const bool parted = std::any_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->side != 0 || node->deaf; });
  for (const auto& node : nodes_) {
    node->side = 0;
    node->deaf = false;
  }
  if (parted) return note("together again");
  switch (random_.below(3)) {
    case 0:
      for (const auto& node : nodes_) node->side = static_cast<unsigned>(random_.below(2));
      break;
    case 1: somebody().side = 1; break;
    default: somebody().deaf = true;
  }
  hit(Fault::partition, hub());
}

// Hours in which nobody works: all gaps of a run together make its days.
void World::pass_long_time() {
  const std::uint64_t gaps = std::max(1u, plan_.edits * 4 / 25);
  now_ += SteadyTime{random_.below(2 * plan_.days * static_cast<std::uint64_t>(day_ms) / gaps)};
  on_time();
  take_images();
}

void World::take_images() {
  const bool needed = is_on(Fault::rot) || is_on(Fault::misdirect) || is_on(Fault::backup) || is_on(Fault::hub_old);
  if (!needed || now_.count() - last_image_ms_ < day_ms) return;
  last_image_ms_ = now_.count();
  for (const auto& node : nodes_) {
    if (node->disk_rots) continue;
    node->images.push_back(node->image(now_.count()));
    if (node->images.size() > images_kept) node->images.erase(node->images.begin() + 1);
  }
}

}  // namespace kiz::sim

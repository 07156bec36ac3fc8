#include <algorithm>

#include "libclient/enrolment.h"
#include "libclient/recovery.h"
#include "tests/sim/guard.h"

namespace kiz::sim {
namespace {

constexpr int talks_to_heal = 3;  // rounds in which every office talks to the hub once
constexpr std::size_t under_way_rounds_max = 100'000;

bool sound(const Node& node) {
  try {
    return node.replica->verify(true).ok;
  } catch (const SqlFailure&) {
    return false;
  }
}

// What cannot be read is not held.
bool surely_holds(Replica& replica, const Promise& promise) {
  try {
    return holds(replica, promise);
  } catch (const SqlFailure&) {
    return false;
  }
}

}  // namespace

void World::open(Node& node) {
  auto opened = Replica::open(node.options);
  note("open " + node.name);
  if (power_lost(node)) {
    if (opened) node.replica = std::move(*opened);
    return lose_power(node);
  }
  if (!opened) {
    const Errc code = opened.error().code;
    if (node.disk_rots && (code == Errc::damaged || code == Errc::wrong_key || code == Errc::io_error)) return mend(node);
    if (node.disk_fails && (code == Errc::io_error || code == Errc::no_space)) return;  // and is tried again
    return find(node.name + " does not open: " + std::string{name(code)} + " " + opened.error().context);
  }
  node.replica = std::move(*opened);
  node.control_seen = node.replica->control().position();
  if (node.disk_rots) return reckon_losses(node);
  try {
    for (const Promise& promise : promises_) {
      if (promise.by != node.number || promise.author_lost || holds(*node.replica, promise)) continue;
      ++outcome_.lost;
      find(node.name + " has lost an acknowledged entry of its own");
    }
  } catch (const SqlFailure&) {
    if (!node.disk_fails) throw;  // else it is asked at the next opening
  }
}

// What an action has left behind.
bool World::unharmed(Node& node) {
  if (power_lost(node)) {
    lose_power(node);
    return false;
  }
  if (!node.replica || !node.replica->core().needs_opening_anew()) return true;
  reopen(node);
  return false;
}

void World::reopen(Node& node) {
  hang_up(node);
  node.replica.reset();
  if (power_lost(node)) return lose_power(node);
  on(node, "opening", [&] { open(node); });
}

// What a person does with a store that is damaged: puts the last good backup back.
void World::mend(Node& node) {
  note("mend " + node.name);
  hang_up(node);
  node.replica.reset();
  node.disk.faults = {};
  node.disk.faults.sync_lies = plan_.disks_lie;
  node.power_cut_planned = node.disk_rots = node.disk_fails = false;
  const bool whole_disk = random_.below(2) == 0;
  may_fork_ |= whole_disk;
  node.put_back(node.images.back(), whole_disk);
  auto opened = Replica::open(node.options);
  if (!opened) return find(node.name + " does not open from its backup: " + std::string{name(opened.error().code)} + " " + opened.error().context);
  node.replica = std::move(*opened);
  node.control_seen = node.replica->control().position();
  reckon_losses(node);
}

// Part of what this machine held is gone with its disk. A promise that nobody else had been given yet is gone with it, and
// no software could have kept it; every other one still holds.
void World::reckon_losses(Node& node) {
  for (Promise& promise : promises_) {
    if (promise.by == node.number && (!node.replica || !surely_holds(*node.replica, promise))) promise.author_lost = true;
    if (!promise.author_lost || promise.excused) continue;
    promise.excused = std::none_of(nodes_.begin(), nodes_.end(), [&](const auto& other) {
      return other->replica && !other->locked_out && surely_holds(*other->replica, promise);
    });
  }
}

void World::heal() {
  note("heal");
  calls_.clear();
  for (const auto& node : nodes_) {
    node->disk.faults = {};
    node->disk.faults.sync_lies = plan_.disks_lie;
    node->power_cut_planned = node->disk_fails = node->deaf = false;
    node->clock_off_ms = node->drift_ppm = node->asleep_until_ms = 0;
    node->side = 0;
    take_all_there_is(*node);
    if (node->replica && node->replica->core().needs_opening_anew()) {
      hang_up(*node);
      node->replica.reset();
    }
    if (!node->replica && outcome_.findings.empty()) open(*node);
  }
  for (const auto& node : nodes_) {
    if (!node->disk_rots || !node->replica || !outcome_.findings.empty()) continue;
    if (!sound(*node)) mend(*node);
    node->disk_rots = false;
  }
  if (hub().replica && is_restoring(*hub().replica)) {
    for (const auto& node : nodes_) {  // whoever calls shows it the control log; the longest one counts
      if (node.get() != &hub() && !node->offline && !node->locked_out && outcome_.findings.empty()) (void)talk(*node, hub(), false);
    }
    if (outcome_.findings.empty()) take_over_authority();
    if (hub().replica && is_restoring(*hub().replica)) find("no member could help the Kreis to a new epoch");
  }
  for (const auto& node : nodes_) {
    if (node->admitted_until_ms != 0 && outcome_.findings.empty()) {
      // Not before the Kreis has learnt from a member what it may have forgotten.
      for (const auto& other : nodes_) {
        if (other.get() != &hub() && other->number >= first_office && !other->offline && !other->locked_out && other->admitted_until_ms == 0 && outcome_.findings.empty()) talk_to_the_end(*other, hub(), false);
      }
      const auto renewed = renew_admission(*hub().replica, node->replica->identity().author, 730);
      node->admitted_until_ms = 0;
      if (!renewed) find(std::string{"the Kreis cannot renew an admission: "} + std::string{name(renewed.error().code)});
    }
  }
  for (int round = 1; round <= talks_to_heal; ++round) {
    // Asked for in the first round and acknowledged, signed in the second, known to nearly all in the third.
    if (is_on(Fault::prune) && outcome_.findings.empty()) see_to_checkpoints();
    if (outcome_.findings.empty()) heed_two_logs();
    for (const auto& node : nodes_) {
      if (node.get() == &hub() || node->locked_out || !outcome_.findings.empty()) continue;
      if (!node->offline) {
        talk_to_the_end(*node, hub(), round == talks_to_heal);
        continue;
      }
      sticks_.clear();
      carry_bundle(*node, hub());
      sticks_.clear();
      carry_bundle(hub(), *node);
    }
  }
  on_time();  // whoever dawdled has been hung up on meanwhile
}

// Somebody raises the bound of what is taken of one author.
void World::take_all_there_is(Node& node) {
  if (!node.options.author_burst_bytes) return;
  node.options.author_burst_bytes.reset();
  node.options.author_daily_bytes.reset();
  if (!node.replica) return;
  for (const auto& [author, account] : node.replica->core().intake_budget().accounts()) {
    if (account.put_off_ms != 0) note("put off by " + node.name, author);
  }
  hang_up(node);
  node.replica.reset();
}

// False: the connection ended. Nobody is told why.
bool World::talk(Node& caller, Node& answerer, bool to_be_in_sync) {
  dial(caller, answerer);
  if (calls_.empty()) {
    find(caller.name + " cannot dial " + answerer.name + " on a sound network");
    return false;
  }
  for (std::size_t rounds = 0; !calls_.empty(); ++rounds) {
    Link& link = *calls_.front().link;
    link.delay = SteadyTime{0};
    link.collect(Link::End::caller, now_);
    link.collect(Link::End::answerer, now_);
    if (link.silent()) break;
    if (rounds > under_way_rounds_max) {
      find(caller.name + " and " + answerer.name + " do not come to an end");
      return false;
    }
    now_ += SteadyTime{1};
    link.deliver(Link::End::answerer, SIZE_MAX, random_, now_);
    link.deliver(Link::End::caller, SIZE_MAX, random_, now_);
    settle(calls_.front());
  }
  const bool lasts = !calls_.empty();
  if (lasts && to_be_in_sync && !calls_.front().link->in_sync()) find(caller.name + " and " + answerer.name + " are not in sync");
  calls_.clear();
  now_ += std::chrono::minutes{15};
  return lasts;
}

void World::talk_to_the_end(Node& caller, Node& answerer, bool last) {
  if (!talk(caller, answerer, last)) find(caller.name + " loses " + answerer.name + " on a sound network");
}

}  // namespace kiz::sim

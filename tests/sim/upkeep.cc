// What the Kreis and its people see to: checkpoints and what they let go; a new Kreis node after a fire.
#include <algorithm>

#include "libclient/alarms.h"
#include "libclient/checkpoints.h"
#include "libclient/recovery.h"
#include "tests/sim/guard.h"

namespace kiz::sim {

void World::see_to_checkpoints() {
  Node& kreis = hub();
  heed_two_logs();
  if (kreis.replica && !is_restoring(*kreis.replica)) {
    on(kreis, "planning checkpoints", [&] {
      const auto planned = checkpoints::plan(kreis.replica->core(), {.every_ms = static_cast<std::uint64_t>(day_ms), .entries_min = 4});
      const auto issued = planned ? checkpoints::issue_own(kreis.replica->core()) : planned;
      const bool trouble = kreis.in_trouble();
      // After a backup it decides nothing before a member has shown what was decided.
      if (issued || trouble || issued.error().code == Errc::control_unconfirmed) return;
      find(kreis.name + " cannot issue a checkpoint: " + std::string{name(issued.error().code)} + " " + issued.error().context);
    });
    if (power_lost(kreis)) lose_power(kreis);
    if (kreis.replica) tell_others(nullptr, kreis);
    note("checkpoints");
  }
  for (const auto& node : nodes_) {
    if (random_.below(2) == 0) carry_out(*node);
  }
}

void World::carry_out(Node& node) {
  if (!node.replica || node.program.capabilities == 0) return;  // the program before this one does not know how
  on(node, "dropping values", [&] {
    const auto done = checkpoints::carry_out(node.replica->core());
    const bool trouble = node.in_trouble();
    if (!done && !trouble) find(node.name + " cannot drop values: " + std::string{name(done.error().code)});
    if (done) note("dropped " + node.name + " " + std::to_string(done->values));
    outcome_.dropped += done ? done->values : 0;
  });
  unharmed(node);
}

// Machine and disk are gone; a new one stands in its place with nothing but the sheet.
void World::lose_hub() {
  Node& kreis = hub();
  if (kreis.disk_rots || kreis.disk_fails) return;
  // An office without network of which nobody else has heard would have to be admitted anew.
  const auto known = [&](bool offline) {
    Seq out = 0;
    for (const auto& node : nodes_) {
      if (node.get() != &kreis && node->replica && node->offline == offline && !node->locked_out) out = std::max(out, node->replica->control().last_seq());
    }
    return out;
  };
  if (known(true) > known(false)) return;
  done_[static_cast<std::size_t>(Fault::hub_lost)] = true;
  hang_up(kreis);
  kreis.replica.reset();
  kreis.disk.faults = {};
  kreis.disk.faults.sync_lies = plan_.disks_lie;
  kreis.power_cut_planned = false;
  kreis.disk.restore({});
  kreis.empty_folder();
  auto begun = begin_restore(kreis.options, founding_.sheet(), {"hub", {"127.0.0.1:7411"}, {}});
  if (!begun) return find(std::string{"the Kreis node cannot be rebuilt: "} + std::string{name(begun.error().code)});
  kreis.replica = std::move(*begun);
  kreis.images.clear();
  kreis.images.push_back(kreis.image(now_.count()));
  reckon_losses(kreis);
  hit(Fault::hub_lost, kreis);
}

// Once all have called whom one can ask, and so the longest control log is here.
void World::take_over_authority() {
  Node& kreis = hub();
  const Seq here = kreis.replica->control().last_seq();
  const bool somebody_knows_more = std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& node) {
    return !node->offline && !node->locked_out && (!node->replica || node->replica->control().last_seq() > here);
  });
  if (here == 0 || somebody_knows_more) return;
  open_epoch();
}

// The member that showed the Kreis what it had forgotten had not heard all of it either, and so the Kreis went on
// beside what another member had heard. It is told, and its emergency sheet decides.
void World::heed_two_logs() {
  Node& kreis = hub();
  if (!kreis.replica || is_restoring(*kreis.replica)) return;
  bool told = false;
  on(kreis, "reading the alarms", [&] {
    const auto all = alarms(*kreis.replica);
    told = std::any_of(all.begin(), all.end(), [](const Alarm& alarm) { return alarm.code == "W_CONTROL_FORKED"; });
  });
  if (!told) return;
  if (!kreis.forgot) return find(kreis.name + " tells of two control logs, though it never forgot anything");
  open_epoch();
}

void World::open_epoch() {
  Node& kreis = hub();
  on(kreis, "opening an epoch", [&] {
    const auto opened = open_new_epoch(*kreis.replica, founding_.sheet());
    const bool trouble = kreis.in_trouble();
    if (!opened && !trouble) find(std::string{"the Kreis cannot open an epoch: "} + std::string{name(opened.error().code)} + " " + opened.error().context);
    note(opened ? "epoch" : "no epoch");
    outcome_.epochs += opened ? 1u : 0u;
  });
  if (unharmed(kreis) && kreis.replica) tell_others(nullptr, kreis);
}

}  // namespace kiz::sim

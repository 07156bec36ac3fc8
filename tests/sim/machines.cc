// What befalls whole machines and memberships: old backups, copies, lock-outs, expiry; offices without network; liars.
#include <algorithm>

#include "libclient/bundle_file.h"
#include "libclient/enrolment.h"
#include "libclient/recovery.h"
#include "tests/sim/guard.h"

namespace kiz::sim {

void World::break_machine() {
  const auto now_once = [&](Fault fault) {
    return !done_[static_cast<std::size_t>(fault)] && edits_ > plan_.edits / 4 && chance(fault, 4);
  };
  if (now_once(Fault::backup)) {
    if (Node* node = some_office(true)) put_back(*node, random_.below(3) == 0, 1 + static_cast<std::int64_t>(random_.below(5)));
  }
  // What the Kreis had decided since is gone with its node, if the only machine that heard of it is the one it was about:
  // nobody can know. So a run has decisions or an old Kreis node.
  const auto done = [&](Fault fault) { return done_[static_cast<std::size_t>(fault)]; };
  const bool decided = done(Fault::revoke) || done(Fault::expiry);
  if (!decided && !done(Fault::hub_lost) && now_once(Fault::hub_old) && hub().replica) put_back(hub(), random_.below(3) == 0, 3);
  if (!decided && !done(Fault::hub_old) && now_once(Fault::hub_lost)) lose_hub();
  if (now_once(Fault::clone)) {
    if (Node* node = some_office(true)) copy_machine(*node);
  }
  const bool hub_forgets = done(Fault::hub_old) || done(Fault::hub_lost);
  if (!hub_forgets && now_once(Fault::revoke) && hub().replica) {
    if (Node* node = some_office(false)) lock_out(*node);
  }
  if (!hub_forgets && now_once(Fault::expiry) && hub().replica) {
    if (Node* node = some_office(false)) end_admission(*node);
  }
  if (chance(Fault::bundles, 15)) {
    std::vector<Node*> away;
    for (const auto& node : nodes_) {
      if (node->offline && node->replica) away.push_back(node.get());
    }
    if (!away.empty() && hub().replica) {
      Node& node = *away[random_.below(away.size())];
      if (random_.below(2) == 0) {
        carry_bundle(node, hub());
      } else {
        carry_bundle(hub(), node);
      }
    }
  }
  if (chance(Fault::hostile, 20)) {
    switch (random_.below(7)) {
      case 0: garble(); break;
      case 1: say_two_things(somebody()); break;
      case 2: dawdle(); break;
      case 3: exceed(somebody()); break;
      case 4:
        if (random_.below(4) == 0) say_too_many_things(somebody());
        break;
      default: lie_to(somebody());
    }
  }
  if (chance(Fault::prune, 10)) see_to_checkpoints();
  if (hub().replica && is_restoring(*hub().replica) && random_.below(100) == 0) take_over_authority();
}

// `whole_disk`: the copy of a virtual disk, which nothing on the machine can tell from the disk itself.
void World::put_back(Node& node, bool whole_disk, std::int64_t days) {
  const auto image = std::find_if(node.images.rbegin(), node.images.rend(), [&](const Image& each) {
    return each.at_ms <= now_.count() - days * day_ms;
  });
  if (image == node.images.rend() || node.disk_rots || node.copied) return;
  const Fault fault = &node == &hub() ? Fault::hub_old : Fault::backup;
  done_[static_cast<std::size_t>(fault)] = true;
  hang_up(node);
  node.replica.reset();
  if (power_lost(node)) lose_power(node);
  node.disk.faults.power_cut_at.reset();
  node.power_cut_planned = false;
  node.put_back(*image, whole_disk);
  may_fork_ |= whole_disk;
  auto opened = Replica::open(node.options);
  if (opened) node.replica = std::move(*opened);
  reckon_losses(node);
  hit(fault, node);
}

// Both go on with the same keys. What one of them writes the other must get, too.
void World::copy_machine(Node& node) {
  if (node.disk_rots || node.disk_fails) return;
  done_[static_cast<std::size_t>(Fault::clone)] = true;
  const Founding::Place place{node.name + "-copy", node.member, node.transport, {}};
  const auto folder = folder_ / place.name;
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  Node& copy = *nodes_.emplace_back(std::make_unique<Node>(nodes_.size(), place, folder, random_.next()));
  copy.options.clock_ms = [this, &copy] { return wall_ms(copy); };
  const Image image = node.image(now_.count());
  copy.put_back(image, true);
  copy.images.push_back(image);
  node.copied = copy.copied = may_fork_ = true;
  open(copy);
  hit(Fault::clone, copy);
}

// Lost: what the Kreis holds of it stays. In bad hands: the last entries of one log go as well.
void World::lock_out(Node& node) {
  if (node.copied || hub().power_cut_planned) return;  // else nobody here knows whether it was decided
  const AuthorKey* author = nullptr;
  for (const Device& device : hub().replica->membership().devices()) {
    if (device.transport == node.transport) author = &device.author;
  }
  std::vector<DeviceLog> ends;
  if (author == nullptr) return;
  const auto logs = logs_of(*hub().replica, *author);
  if (!logs.empty() && random_.below(2) == 0) {
    ends.push_back(logs[random_.below(logs.size())]);
    ends.back().seq -= random_.below(ends.back().seq + 1);
  }
  bool revoked = false;
  on(hub(), "locking out", [&] { revoked = static_cast<bool>(revoke_device(*hub().replica, *author, ends)); });
  if (power_lost(hub())) return lose_power(hub());
  if (!revoked || !hub().replica) return;  // refused: not confirmed after a backup, or a disk that fails
  done_[static_cast<std::size_t>(Fault::revoke)] = true;
  node.locked_out = true;
  node.locked_at = promises_.size();
  for (Promise& promise : promises_) {
    if (promise.by != node.number) continue;
    promise.author_lost = true;
    promise.excused = promise.excused || !holds(*hub().replica, promise) || !ends.empty();
  }
  hit(Fault::revoke, node);
  // A town that has not heard of it yet may go on giving; only what is given by who knows is a finding.
  std::erase_if(calls_, [&](const Call& call) {
    return (call.caller == &node || call.answerer == &node) && call.caller != &hub() && call.answerer != &hub();
  });
  tell_others(nullptr, hub());
}

void World::end_admission(Node& node) {
  const Identity identity = node.replica ? node.replica->identity() : Identity{};
  if (!node.replica || node.copied || hub().power_cut_planned || hub().clock_off_ms != 0 || is_on(Fault::clock)) return;
  bool ended = false;
  const std::uint64_t last = wall_ms(hub()) + 1000;
  on(hub(), "ending an admission", [&] {
    ended = static_cast<bool>(hub().replica->core().issue(AdmissionRenewed{identity.author, last}));
  });
  if (power_lost(hub())) return lose_power(hub());
  if (!ended || !hub().replica) return;
  done_[static_cast<std::size_t>(Fault::expiry)] = true;
  node.admitted_until_ms = last;
  hit(Fault::expiry, node);
  tell_others(nullptr, hub());
}

// A file from one machine to another: it may be lost, come twice, or late.
void World::carry_bundle(Node& from, Node& to) {
  Bytes file;
  bool written = false;
  on(from, "writing a bundle", [&] {
    const BundleOrder order{{to.transport}, false, false};
    written = static_cast<bool>(write_bundle(from.replica->core(), order, [&](ByteView bytes) -> Result<void> {
      file.insert(file.end(), bytes.begin(), bytes.end());
      return {};
    }));
  });
  if (!unharmed(from) || !written) return;
  note("bundle " + from.name + " " + to.name, file);
  if (test::contains(file, plaintext_marker)) find("plaintext in a bundle");
  sticks_.emplace_back(&to, std::move(file));
  if (sticks_.size() > 8) sticks_.erase(sticks_.begin());
  const std::size_t which = random_.below(sticks_.size());  // an older one as well, or one read before
  read_stick(*sticks_[which].first, sticks_[which].second);
  ++outcome_.faults;
}

void World::read_stick(Node& to, const Bytes& bytes) {
  if (!to.replica || to.locked_out || is_restoring(*to.replica)) return;
  on(to, "reading a bundle", [&] {
    const auto input = bundle_in_memory(bytes);
    const auto taken = read_bundle(to.replica->core(), *input);
    const bool trouble = to.in_trouble() || is_on(Fault::revoke);
    if (!taken && !trouble) find(to.name + " refuses a bundle: " + std::string{name(taken.error().code)} + " " + taken.error().context);
  });
  if (unharmed(to) && to.replica) tell_others(nullptr, to);
}

}  // namespace kiz::sim

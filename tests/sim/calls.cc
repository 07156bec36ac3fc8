#include <algorithm>

#include "tests/sim/guard.h"

namespace kiz::sim {

bool World::connected(const Node& a, const Node& b) const {
  return std::any_of(calls_.begin(), calls_.end(), [&](const Call& call) {
    return (call.caller == &a && call.answerer == &b) || (call.caller == &b && call.answerer == &a);
  });
}

// Towns call the Kreis; now and then one calls another device past it.
void World::dial_somebody() {
  Node& caller = *nodes_[1 + random_.below(nodes_.size() - 1)];
  Node& other = random_.below(6) == 0 ? *nodes_[1 + random_.below(nodes_.size() - 1)] : hub();
  if (&other == &caller || caller.offline || other.offline) return;
  if (&other != &hub() && (caller.locked_out || other.locked_out)) return;
  dial(caller, other);
}

void World::dial(Node& caller, Node& answerer) {
  const std::int64_t now_ms = now_.count();
  if (!caller.replica || !answerer.replica || connected(caller, answerer)) return;
  if (caller.transport == answerer.transport) return;
  if (caller.asleep_until_ms > now_ms || answerer.asleep_until_ms > now_ms || caller.side != answerer.side) return;
  std::unique_ptr<Link> link;
  on(caller, "a call", [&] {
    const Programs programs{caller.program, answerer.program};
    link = &answerer == &hub()
               ? Link::dial(caller.replica->core(), answerer.replica->core(), *this, now_, programs)
               : Link::dial_member(caller.replica->core(), answerer.replica->core(), answerer.transport, *this, now_, programs);
  });
  if (!link && &answerer == &hub() && outcome_.findings.empty()) find(caller.name + " does not know whom to dial");
  if (!link) return;
  if (is_on(Fault::delay)) link->delay = SteadyTime{random_.below(random_.below(2) == 0 ? 200 : 20'000)};
  note("dial " + caller.name + " " + answerer.name);
  const bool expired = caller.admitted_until_ms != 0 && wall_ms(hub()) > caller.admitted_until_ms;
  calls_.push_back({&caller, &answerer, std::move(link), expired});
  transmit(calls_.back(), 1);
}

bool World::hears(const Node& to, const Node& from) const {
  return to.side == from.side && !to.deaf && to.asleep_until_ms <= now_.count() && from.asleep_until_ms <= now_.count();
}

// The call may be gone afterwards.
void World::transmit(Call& call, std::size_t pieces) {
  constexpr std::size_t sizes[] = {16, 300, 5000, 70'000};
  const std::size_t size = sizes[random_.below(4)];
  Link* const link = call.link.get();
  Node& caller = *call.caller;
  Node& answerer = *call.answerer;
  const auto alive = [&] {
    return std::any_of(calls_.begin(), calls_.end(), [&](const Call& each) { return each.link.get() == link; });
  };
  for (; pieces > 0 && alive(); --pieces) {
    for (const auto end : {Link::End::caller, Link::End::answerer}) {
      Node& speaker = end == Link::End::caller ? caller : answerer;
      if (!alive() || speaker.asleep_until_ms > now_.count()) continue;
      if (!on(speaker, "speaking", [&] { link->collect(end, now_); })) return;
      if (power_lost(speaker)) return lose_power(speaker);
    }
    const bool to_caller = random_.below(2) == 0;
    Node& to = to_caller ? caller : answerer;
    if (!hears(to, to_caller ? answerer : caller)) continue;
    if (!on(to, "listening", [&] { link->deliver(to_caller ? Link::End::caller : Link::End::answerer, size, random_, now_); })) return;
    const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const Call& each) { return each.link.get() == link; });
    if (found != calls_.end()) settle(*found);
  }
}

// A disk that loses what it has confirmed takes the decision with it, unless somebody else has heard of it.
bool World::may_know_of_end(const Node& caller) const {
  if (!is_on(Fault::rot) && !is_on(Fault::misdirect)) return true;
  for (const Device& device : hub().replica->membership().devices()) {
    if (device.transport == caller.transport) return device.admitted_until_ms == caller.admitted_until_ms;
  }
  return true;
}

// After something has happened on a call: power, news for others, its end.
void World::settle(Call& call) {
  const Link* const link = call.link.get();
  Node* const ends[] = {call.caller, call.answerer};
  // Who is locked out is let in whatever its admission says: to hand in.
  if (call.caller_has_expired && !call.caller->locked_out && call.answerer == &hub() && call.link->talk(Link::End::answerer).established() &&
      may_know_of_end(*call.caller)) {
    find(call.caller->name + " is let in after its admission has ended");
  }
  for (Node* node : ends) {
    if (!unharmed(*node)) return;
  }
  for (Node* node : ends) {
    const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const Call& each) { return each.link.get() == link; });
    if (found != calls_.end() && node->replica) tell_others(&*found, *node);
  }
  drop_finished();
}

void World::drop_finished() {
  std::erase_if(calls_, [&](const Call& call) {
    if (!call.link->finished()) return false;
    for (const auto end : {Link::End::caller, Link::End::answerer}) {
      const auto& failure = call.link->talk(end).failure();
      if (failure) note(std::string{"ended "} + std::string{name(failure->code)});
    }
    note("hang up " + call.caller->name + " " + call.answerer->name);
    return true;
  });
}

// Tells the other talks of this node what came in by one of them, or by an edit here.
void World::tell_others(const Call* from, Node& node) {
  const Link* const source = from == nullptr ? nullptr : from->link.get();
  const auto advances = node.replica->core().take_advances();
  const ControlPosition position = node.replica->control().position();
  const bool control_changed = position != node.control_seen;
  node.control_seen = position;
  if (advances.empty() && !control_changed) return;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    Call& call = calls_[i];
    if (call.link.get() == source || (call.caller != &node && call.answerer != &node)) continue;
    PeerTalk& talk = call.link->talk(call.caller == &node ? Link::End::caller : Link::End::answerer);
    if (!on(node, "telling", [&] {
          if (control_changed) talk.on_control_changed();
          if (!advances.empty()) talk.on_commit(advances);
        })) {
      return;
    }
  }
  for (std::size_t i = 0; i < slow_lines_.size(); ++i) {
    if (slow_lines_[i].victim != &node) continue;
    PeerTalk& talk = *slow_lines_[i].talk;
    if (!on(node, "telling", [&] {
          if (control_changed) talk.on_control_changed();
          if (!advances.empty()) talk.on_commit(advances);
        })) {
      return;
    }
  }
}

void World::hang_up(const Node& node) {
  std::erase_if(calls_, [&](const Call& call) { return call.caller == &node || call.answerer == &node; });
  std::erase_if(slow_lines_, [&](const SlowLine& line) { return line.victim == &node; });
}

void World::on_time() {
  for (const auto& node : nodes_) {
    if (!node->replica || node->asleep_until_ms > now_.count()) continue;
    on(*node, "the time", [&] {
      for (Call& call : calls_) {
        if (call.caller == node.get()) call.link->talk(Link::End::caller).on_time(now_);
        if (call.answerer == node.get()) call.link->talk(Link::End::answerer).on_time(now_);
      }
      for (SlowLine& line : slow_lines_) {
        if (line.victim == node.get()) line.talk->on_time(now_);
      }
    });
    judge_slow_lines(*node);
    if (power_lost(*node)) lose_power(*node);
  }
  drop_finished();
}

void World::sent(ByteView bytes) {
  note("sent", bytes);
  wire_bytes_ += bytes.size();
  if (test::contains(bytes, plaintext_marker)) find("plaintext on the wire");
}

}  // namespace kiz::sim

#include "tests/sim/network.h"

#include <algorithm>

namespace kiz::sim {
namespace {

void take(PeerTalk& talk, Bytes& under_way, Wire& wire, SteadyTime now) {
  const Bytes out = talk.take_output(now);
  if (out.empty()) return;
  wire.sent(out);
  under_way.insert(under_way.end(), out.begin(), out.end());
}

}  // namespace

std::unique_ptr<Connection> Connection::dial(ReplicaCore& office, ReplicaCore& hub, Wire& wire, SteadyTime now) {
  auto caller = PeerTalk::call(office, now);
  if (!caller) return nullptr;
  return std::unique_ptr<Connection>{new Connection{std::move(*caller), PeerTalk::answer(hub, now), wire}};
}

void Connection::collect(SteadyTime now) {
  take(*office_, to_hub_, wire_, now);
  take(*hub_, to_office_, wire_, now);
}

bool Connection::deliver(End to, std::size_t max, test::SeededRandom& random, SteadyTime now) {
  Bytes& under_way = to == End::office ? to_office_ : to_hub_;
  if (under_way.empty()) return false;
  const std::size_t n = 1 + random.below(std::min(max, under_way.size()));
  const Bytes piece(under_way.begin(), under_way.begin() + static_cast<std::ptrdiff_t>(n));
  under_way.erase(under_way.begin(), under_way.begin() + static_cast<std::ptrdiff_t>(n));
  talk(to).feed(piece, now);
  return true;
}

void Connection::on_time(SteadyTime now) {
  office_->on_time(now);
  hub_->on_time(now);
}

}  // namespace kiz::sim

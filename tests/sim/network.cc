#include "tests/sim/network.h"

#include <algorithm>

namespace kiz::sim {

std::unique_ptr<Link> Link::dial(ReplicaCore& caller, ReplicaCore& hub, Wire& wire, SteadyTime now, const Programs& programs) {
  auto talk = PeerTalk::call(caller, now, programs.caller);
  if (!talk) return nullptr;
  return std::unique_ptr<Link>{new Link{std::move(*talk), PeerTalk::answer(hub, now, programs.answerer), wire}};
}

std::unique_ptr<Link> Link::dial_member(ReplicaCore& caller, ReplicaCore& member, const TransportKey& key, Wire& wire,
                                        SteadyTime now, const Programs& programs) {
  auto talk = PeerTalk::call_member(caller, key, 0, now, programs.caller);
  if (!talk) return nullptr;
  return std::unique_ptr<Link>{new Link{std::move(*talk), PeerTalk::answer(member, now, programs.answerer), wire}};
}

void Link::collect(End from, SteadyTime now) {
  Bytes out = talk(from).take_output(now);
  if (out.empty()) return;
  wire_.sent(out);
  way_[from == End::caller ? 1 : 0].push_back({std::move(out), 0, now + delay});
}

bool Link::deliver(End to, std::size_t max, test::SeededRandom& random, SteadyTime now) {
  auto& way = way_[to == End::caller ? 0 : 1];
  if (way.empty() || way.front().due > now) return false;
  Parcel& parcel = way.front();
  const std::size_t n = 1 + random.below(std::min(max, parcel.bytes.size() - parcel.taken));
  const Bytes piece(parcel.bytes.begin() + static_cast<std::ptrdiff_t>(parcel.taken),
                    parcel.bytes.begin() + static_cast<std::ptrdiff_t>(parcel.taken + n));
  parcel.taken += n;
  if (parcel.taken == parcel.bytes.size()) way.pop_front();
  talk(to).feed(piece, now);
  return true;
}

bool Link::garble(test::SeededRandom& random) {
  auto& way = way_[random.below(2)];
  if (way.empty()) return false;
  Parcel& parcel = way.front();
  if (random.below(2) == 0) {
    const std::size_t at = parcel.taken + random.below(parcel.bytes.size() - parcel.taken);
    parcel.bytes[at] ^= static_cast<std::uint8_t>(1u << random.below(8));
  } else {
    Bytes others(1 + random.below(random.below(4) == 0 ? 1u << 20 : 200u));
    random.fill(others);
    parcel.bytes.insert(parcel.bytes.begin() + static_cast<std::ptrdiff_t>(parcel.taken), others.begin(), others.end());
  }
  return true;
}

void Link::exchange_all(test::SeededRandom& random, SteadyTime now) {
  for (;;) {
    collect(End::caller, now);
    collect(End::answerer, now);
    if (silent()) return;
    deliver(End::caller, SIZE_MAX, random, now);
    deliver(End::answerer, SIZE_MAX, random, now);
  }
}

}  // namespace kiz::sim

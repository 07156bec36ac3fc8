// Everything that a connection brings, up to the messages. Keys are fixed, so that the seeds are whole conversations and
// mutations reach what lies behind the handshake. The first byte says who reads: 0 the responder, 1 the initiator.
#include "protocol/secure_link.h"

#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

namespace {

SecretKey32 key(std::uint8_t seed) { return SecretKey32{Bytes(32, seed)}; }

SecureLink caller() {
  auto link = SecureLink::initiate({}, {key(1), key(2)}, noise::public_key(key(3)), key(5));
  KIZ_ASSERT(link);
  return *std::move(link);
}

SecureLink answerer() { return SecureLink::respond({}, {}, {key(3), key(4)}); }

void offer(SecureLink& link) {
  std::vector<SecretKey32> candidates;
  candidates.push_back(key(9));
  candidates.push_back(key(5));
  (void)link.offer_psks(candidates);
}

}  // namespace

int one(ByteView in) {
  if (in.empty()) return 0;
  SecureLink link = in[0] == 0 ? answerer() : caller();
  // In two pieces, so that waiting for more is part of it.
  const ByteView bytes = in.subspan(1);
  for (const ByteView piece : {bytes.first(bytes.size() / 2), bytes.subspan(bytes.size() / 2)}) {
    (void)link.feed(piece);
    (void)link.take_output();
    if (link.state() == LinkState::needs_psk) offer(link);
    while (link.state() == LinkState::established) {
      const auto message = link.next();
      if (!message || !*message) break;
    }
  }
  if (link.state() == LinkState::failed) {
    const Errc code = link.error().code;
    KIZ_ASSERT(!link.feed(bytes) && link.error().code == code);  // it stays failed, for the same reason
  }
  return 0;
}

std::vector<Bytes> seeds() {
  SecureLink a = caller();
  SecureLink b = answerer();
  Bytes to_b{0};
  Bytes to_a{1};
  const auto carry = [](SecureLink& from, SecureLink& to, Bytes& all) {
    const Bytes bytes = from.take_output();
    all.insert(all.end(), bytes.begin(), bytes.end());
    KIZ_ASSERT(to.feed(bytes));
  };
  carry(a, b, to_b);
  carry(b, a, to_a);
  KIZ_ASSERT(a.send(1, Bytes(1000, 'x')));
  carry(a, b, to_b);
  offer(b);
  KIZ_ASSERT(b.send(2, Bytes{1, 2, 3}));
  carry(b, a, to_a);
  return {to_b, to_a, Bytes{1, 0, 0, 0, 23, 1, 2}};
}

}  // namespace kiz::fuzz

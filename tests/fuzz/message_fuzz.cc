// What a member says in a sync or enrolment session: the first byte chooses the message, the rest is its body.
#include "protocol/message.h"

#include <algorithm>
#include <iterator>

#include "kiz/assert.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {
namespace {

// Refused, or exactly these bytes again.
template <class T>
void round_trip(ByteView body) {
  if (const auto content = decode_message<T>(body)) {
    const Message again = encode_message(*content);
    KIZ_ASSERT(again.body.size() == body.size() && std::equal(body.begin(), body.end(), again.body.begin()));
  }
}

constexpr void (*kinds[])(ByteView) = {
    round_trip<Hello>,        round_trip<Position>,     round_trip<ControlRecords>,   round_trip<ControlProof>,
    round_trip<OwnHeads>,     round_trip<Digests>,      round_trip<FrontierPart>,     round_trip<Samples>,
    round_trip<Ack>,          round_trip<Quiet>,        round_trip<SpaceRefused>,     round_trip<Close>,
    round_trip<Ping>,         round_trip<JoinRequest>,  round_trip<JoinAccepted>,     round_trip<JoinRefused>,
    round_trip<JoinAcknowledged>, round_trip<RealmSecretHandedOver>, round_trip<Receipt>, round_trip<ValuesWanted>,
    round_trip<ValuesGiven>,  round_trip<CheckpointWanted>, round_trip<CheckpointSigned>};

template <class T>
Bytes seed(std::uint8_t choice, const T& content) {
  Bytes out = encode_message(content).body;
  out.insert(out.begin(), choice);
  return out;
}

}  // namespace

int one(ByteView in) {
  if (in.empty()) return 0;
  kinds[in[0] % std::size(kinds)](in.subspan(1));
  return 0;
}

std::vector<Bytes> seeds() {
  const SpaceName space{"05554004", Collection::offers, "05554"};
  const Head head{{}, 300, {}};
  return {seed(0, Hello{}),
          seed(2, ControlRecords{{Bytes(3, 1), Bytes(200, 2)}}),
          seed(4, OwnHeads{{{head, {}}}}),
          seed(5, Digests{{{space, {}}}}),
          seed(6, FrontierPart{space, true, true, false, {head}}),
          seed(7, Samples{space, {}, true, {{1, {}}, {300, {}}}}),
          seed(8, Ack{7, {{5, Errc::gap}, {6, Errc::ok}}}),
          seed(9, Quiet{3, 1, false, Hash{}}),
          seed(10, SpaceRefused{space, Errc::not_permitted}),
          seed(13, JoinRequest{1, {}, "Büro 1", {}}),
          seed(14, JoinAccepted{"05554004", {}, {}}),
          seed(18, Receipt{space, 300, {head}, {}, {}}),
          seed(19, ValuesWanted{space, {{{}, 2}, {{}, 300}}}),
          seed(20, ValuesGiven{space, true, {{{{}, 2}, true, {}, Value{std::string{"x"}}}, {{{}, 300}, false, {}, Value{std::int64_t{-5}}}}}),
          seed(21, CheckpointWanted{{space.in({}), 1, {}, {{head, {}}}}}),
          seed(22, CheckpointSigned{{{space.in({}), 1, {}, {{head, {}}}}, {}, {}}})};
}

}  // namespace kiz::fuzz

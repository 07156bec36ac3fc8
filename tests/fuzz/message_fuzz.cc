// What a member says in a sync or enrolment session: the first byte chooses the message, the rest is its body.
#include "protocol/message.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_kinds.h"

namespace kiz::fuzz {
namespace {

template <class T>
Bytes seed(std::uint8_t choice, const T& content) {
  Bytes out = encode_message(content).body;
  out.insert(out.begin(), choice);
  return out;
}

}  // namespace

int one(ByteView in) {
  if (in.empty()) return 0;
  (void)message_decoders[in[0] % message_decoders.size()].takes(in.subspan(1));
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

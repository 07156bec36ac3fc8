// The first bytes of a connection, from anyone who finds the port; and a refusal, from anyone on the line.
#include "protocol/preface.h"

#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

int one(ByteView in) {
  // All but the call tag, which mutations do not hit, comes back as it was.
  if (const auto preface = decode_preface(in)) {
    KIZ_ASSERT(may_be_preface(in));
    KIZ_ASSERT(std::ranges::equal(ByteView{encode_preface(*preface, {}, {})}.first(preface_bytes - 16), in.first(preface_bytes - 16)));
  }
  if (const auto cookie = decode_challenge(in)) KIZ_ASSERT(std::ranges::equal(encode_challenge(*cookie), in));
  if (const auto refusal = decode_refusal(in)) {
    const Bytes again = encode_refusal(*refusal);
    // An unknown code reads as bad_handshake; everything else comes back as it was.
    KIZ_ASSERT(refusal->code == Errc::bad_handshake || std::ranges::equal(again, in));
  }
  return 0;
}

std::vector<Bytes> seeds() {
  Preface preface{{1, 2}, {}, {}, {}};
  preface.realm.bytes.fill(0x11);
  preface.invite.bytes.fill(0x22);
  return {encode_preface(preface, {}, {}), encode_preface({}, {}, {}), encode_refusal({Errc::wrong_check, {1, 2}}),
          encode_challenge({})};
}

}  // namespace kiz::fuzz

// The first bytes of a connection, in clear: preface and refusal.
#include "protocol/preface.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

int one(ByteView in) {
  if (const auto preface = decode_preface(in)) {
    KIZ_ASSERT(std::ranges::equal(encode_preface(*preface), in));
    (void)common_version(preface->versions, {1, 1});
  }
  if (const auto refusal = decode_refusal(in)) KIZ_ASSERT(may_be_refused_with(refusal->code));
  return 0;
}

std::vector<Bytes> seeds() {
  return {encode_preface({}), encode_preface({{1, 3}, RealmHint::from(Bytes(8, 1)), InviteProof::from(Bytes(16, 2))}),
          encode_refusal({Errc::revoked, {1, 1}}), encode_refusal({Errc::version_refused, {2, 5}})};
}

}  // namespace kiz::fuzz

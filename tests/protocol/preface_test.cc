#include "protocol/preface.h"

#include <doctest/doctest.h>

#include "protocol/crypto.h"
#include "protocol/noise_suite.h"
#include "protocol/pre_shared_key.h"
#include "tests/support/noise_pair.h"

using namespace kiz;
using test::key_of;

namespace {
Preface sample() {
  Preface preface{{1, 3}, {}, {}, {}};
  preface.realm.bytes.fill(0xaa);
  preface.invite.bytes.fill(0xbb);
  preface.cookie.bytes.fill(0xcc);
  return preface;
}

const TransportKey& responder() {
  static const TransportKey key = noise::public_key(key_of(3));
  return key;
}
const TransportKey& ephemeral() {
  static const TransportKey key = noise::public_key(key_of(2));
  return key;
}
Bytes encoded(const Preface& preface) { return encode_preface(preface, responder(), ephemeral()); }
}  // namespace

TEST_CASE("preface: has these bytes") {
  const std::string tagged =
      "4b495a53594e4331" "01" "01" "03" "00" "aaaaaaaaaaaaaaaa" "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" "cccccccccccccccccccccccccccccccc";
  Bytes covered{responder().bytes.begin(), responder().bytes.end()};
  for (const auto& piece : {from_hex(tagged), Bytes{ephemeral().bytes.begin(), ephemeral().bytes.end()}}) {
    covered.insert(covered.end(), piece.begin(), piece.end());
  }
  CHECK(to_hex(encoded(sample())) == tagged + to_hex(crypto::hash("kiz-sync call v1", covered)).substr(0, 32));
  CHECK(*decode_preface(encoded(sample())) == sample());
}

TEST_CASE("preface: the call tag holds for these bytes, this responder and this ephemeral key alone") {
  const Bytes good = encoded(sample());
  CHECK(has_call_tag(good, responder(), ephemeral()));
  CHECK_FALSE(has_call_tag(good, ephemeral(), ephemeral()));
  CHECK_FALSE(has_call_tag(good, responder(), responder()));
  CHECK_FALSE(has_call_tag(ByteView{good}.first(67), responder(), ephemeral()));
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes changed = good;
    changed[i] ^= 1;
    CHECK_FALSE(has_call_tag(changed, responder(), ephemeral()));
  }
}

TEST_CASE("preface: other protocols are told from the first byte that differs") {
  for (const char* words : {"G", "S", "\x16\x03", "KIZSYNC2", "KIZSYMC1 and more", "\n"}) CHECK_FALSE(may_be_preface(view(words)));
  const Bytes good = encoded(sample());
  for (std::size_t n = 0; n <= good.size(); ++n) CHECK(may_be_preface(ByteView{good}.first(n)));
}

TEST_CASE("challenge: brings a cookie, and is no refusal") {
  Cookie cookie;
  cookie.bytes.fill(0xcc);
  const Bytes bytes = encode_challenge(cookie);
  CHECK(to_hex(bytes) == "0000ffffcccccccccccccccccccccccccccccccc");
  CHECK(*decode_challenge(bytes) == cookie);
  CHECK_FALSE(decode_challenge(ByteView{bytes}.first(19)));
  CHECK_FALSE(is_challenge(encode_refusal({Errc::revoked, {255, 255}})));
}

TEST_CASE("preface: every length but its own, another label, suite or reserved byte is refused") {
  const Bytes good = encoded(sample());
  for (std::size_t n = 0; n < good.size(); ++n) CHECK_FALSE(decode_preface(ByteView{good}.first(n)));
  Bytes longer = good;
  longer.push_back(0);
  CHECK_FALSE(decode_preface(longer));

  const auto error_with = [&](std::size_t at, std::uint8_t value) {
    Bytes bytes = good;
    bytes[at] = value;
    const auto decoded = decode_preface(bytes);
    return decoded ? Errc::ok : decoded.error().code;
  };
  for (std::size_t i = 0; i < 8; ++i) CHECK(error_with(i, static_cast<std::uint8_t>(good[i] ^ 1)) == Errc::malformed);
  CHECK(error_with(8, 2) == Errc::version_refused);
  CHECK(error_with(8, 0) == Errc::version_refused);
  CHECK(error_with(9, 0) == Errc::malformed);   // there is no version 0
  CHECK(error_with(9, 4) == Errc::malformed);   // min over max
  CHECK(error_with(9, 3) == Errc::ok);
  CHECK(error_with(11, 1) == Errc::malformed);
}

TEST_CASE("preface: any bytes are refused or are exactly what they decode to") {
  std::uint64_t seed = 1;
  const Bytes good = encoded(sample());
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = good;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    bytes[(seed >> 33) % bytes.size()] = static_cast<std::uint8_t>(seed >> 56);
    const auto decoded = decode_preface(bytes);
    if (decoded && has_call_tag(bytes, responder(), ephemeral())) CHECK(encoded(*decoded) == bytes);
  }
}

TEST_CASE("preface: the highest version in common is taken") {
  CHECK(*common_version({1, 3}, {2, 9}) == 3);
  CHECK(*common_version({1, 9}, {1, 1}) == 1);
  CHECK(common_version({1, 2}, {3, 4}).error().code == Errc::version_refused);
  CHECK(common_version({3, 4}, {1, 2}).error().code == Errc::version_refused);
}

TEST_CASE("refusal: says code and versions, and an unknown reason is still a refusal") {
  const ClearRefusal refusal{Errc::invite_expired, {1, 2}};
  CHECK(to_hex(encode_refusal(refusal)) == "0000001f0102");
  CHECK(*decode_refusal(encode_refusal(refusal)) == refusal);
  CHECK(decode_refusal(from_hex("0000fffe0102"))->code == Errc::bad_handshake);
  CHECK(decode_refusal(from_hex("0000003e0102"))->code == Errc::bad_handshake);  // io_error is nobody else's business
  CHECK_FALSE(decode_refusal(from_hex("0001001f0102")));
  CHECK_FALSE(decode_refusal(from_hex("0000001f01")));
}

TEST_CASE("preface: realm hint and invite proof are the labelled hashes of the specification") {
  RealmId realm;
  realm.bytes.fill(7);
  CHECK(to_hex(realm_hint(realm)) == to_hex(crypto::hash("kiz-sync realm hint v1", realm)).substr(0, 16));

  const Secret<16> secret{Bytes(16, 8)};
  const TransportKey ephemeral = noise::public_key(key_of(2));
  Bytes both(16, 8);
  both.insert(both.end(), ephemeral.bytes.begin(), ephemeral.bytes.end());
  CHECK(to_hex(invite_proof(secret, ephemeral)) == to_hex(crypto::hash("kiz-sync invite proof v1", both)).substr(0, 32));
  CHECK(invite_proof(secret, ephemeral) != invite_proof(secret, noise::public_key(key_of(3))));
}

TEST_CASE("pre-shared key: two members come to the same, other members and epochs to another") {
  const TransportKey a = noise::public_key(key_of(1));
  const TransportKey b = noise::public_key(key_of(2));
  const TransportKey c = noise::public_key(key_of(3));
  CHECK(member_psk(key_of(9), 1, a, b) == member_psk(key_of(9), 1, b, a));
  CHECK_FALSE(member_psk(key_of(9), 1, a, b) == member_psk(key_of(9), 1, a, c));
  CHECK_FALSE(member_psk(key_of(9), 1, a, b) == member_psk(key_of(9), 2, a, b));
  CHECK_FALSE(member_psk(key_of(9), 1, a, b) == member_psk(key_of(8), 1, a, b));

  Bytes all(32, 9);
  all.insert(all.end(), {0, 0, 0, 0, 0, 0, 1, 2});
  for (const auto& key : {std::min(a, b), std::max(a, b)}) all.insert(all.end(), key.bytes.begin(), key.bytes.end());
  CHECK(to_hex(member_psk(key_of(9), 258, a, b).view()) == to_hex(crypto::hash("kiz-sync member psk v1", all)));
}

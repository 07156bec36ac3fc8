#include "protocol/secure_link.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "protocol/pre_shared_key.h"
#include "tests/support/noise_pair.h"
#include "tests/support/source_dir.h"

using namespace kiz;
using test::key_of;

namespace {

RealmHint realm(std::uint8_t seed = 1) {
  RealmHint out;
  out.bytes.fill(seed);
  return out;
}

LinkKeys keys_of(std::uint8_t own, std::uint8_t ephemeral) { return {key_of(own), key_of(ephemeral)}; }

// Initiator: static 1, ephemeral 2; responder: static 3, ephemeral 4; psk 5.
SecureLink caller(VersionRange versions = {}, RealmHint to = realm()) {
  return *SecureLink::initiate({versions, to, {}, {}}, keys_of(1, 2), noise::public_key(key_of(3)), key_of(5));
}
SecureLink answerer(VersionRange versions = {}) { return SecureLink::respond(versions, realm(), keys_of(3, 4)); }

std::vector<SecretKey32> psks(std::initializer_list<std::uint8_t> seeds) {
  std::vector<SecretKey32> out;
  for (const auto seed : seeds) out.push_back(key_of(seed));
  return out;
}

// Carries bytes both ways until nobody has more to say.
void talk(SecureLink& a, SecureLink& b) {
  while (true) {
    const Bytes from_a = a.take_output();
    const Bytes from_b = b.take_output();
    if (from_a.empty() && from_b.empty()) return;
    (void)b.feed(from_a);
    (void)a.feed(from_b);
  }
}

std::string text_of(SecureLink& link) {
  auto message = link.next();
  REQUIRE(message);
  REQUIRE(message->has_value());
  return {(*message)->body.begin(), (*message)->body.end()};
}

struct Established {
  SecureLink a = caller();
  SecureLink b = answerer();
  Established() {
    talk(a, b);
    REQUIRE(b.state() == LinkState::needs_psk);
    REQUIRE(b.offer_psks(psks({9, 5})));
  }
};

}  // namespace

TEST_CASE("secure link: two sides meet, know each other, and talk") {
  SecureLink a = caller({1, 4});
  SecureLink b = answerer({2, 3});
  talk(a, b);
  CHECK(a.state() == LinkState::established);
  CHECK_FALSE(a.confirmed());
  REQUIRE(b.state() == LinkState::needs_psk);
  CHECK(b.remote_static() == noise::public_key(key_of(1)));
  CHECK(b.remote_ephemeral() == noise::public_key(key_of(2)));
  CHECK(b.preface()->versions == VersionRange{1, 4});
  CHECK(*b.version() == 3);

  CHECK(b.offer_psks(psks({9})).error().code == Errc::bad_handshake);
  CHECK(b.state() == LinkState::needs_psk);
  CHECK(*b.offer_psks(psks({8, 5})) == 1);
  CHECK(b.state() == LinkState::established);
  CHECK(a.handshake_hash() == b.handshake_hash());

  REQUIRE(a.send(1, view("from a")));
  REQUIRE(b.send(2, view("from b")));
  talk(a, b);
  CHECK(text_of(a) == "from b");
  CHECK(text_of(b) == "from a");
  CHECK(a.confirmed());
  CHECK(b.confirmed());
}

TEST_CASE("secure link: the bytes may come one by one, and frames may follow message 3 at once") {
  SecureLink a = caller();
  SecureLink b = answerer();
  const auto trickle = [](SecureLink& from, SecureLink& to) {
    for (const std::uint8_t byte : from.take_output()) REQUIRE(to.feed({&byte, 1}));
  };
  trickle(a, b);
  trickle(b, a);
  REQUIRE(a.state() == LinkState::established);
  REQUIRE(a.send(1, view("early")));  // before the responder has even chosen a key
  trickle(a, b);
  REQUIRE(b.state() == LinkState::needs_psk);
  REQUIRE(b.offer_psks(psks({5})));
  CHECK(text_of(b) == "early");
  REQUIRE(b.send(1, Bytes(300, 0)));
  trickle(b, a);
  CHECK(text_of(a).size() == 300);
}

TEST_CASE("secure link: the first frame may come in two pieces, the second beginning with zeros") {
  // Two zeros at the cut are what a refusal begins with; keys are fixed, so some body gives a frame that has them.
  for (std::uint8_t fill = 0; fill < 200; ++fill) {
    Established pair;
    Bytes body(3000);
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<std::uint8_t>(i * i * i >> 4 ^ i * fill);
    REQUIRE(pair.b.send(1, body));
    const Bytes frame = pair.b.take_output();
    const std::uint8_t zeros[] = {0, 0};
    const auto found = std::search(frame.begin() + 1, frame.end(), std::begin(zeros), std::end(zeros));
    if (found == frame.end()) continue;
    const auto cut = static_cast<std::size_t>(found - frame.begin());
    REQUIRE(pair.a.feed(ByteView{frame}.first(cut)));
    REQUIRE(pair.a.feed(ByteView{frame}.subspan(cut)));
    CHECK(text_of(pair.a).size() == body.size());
    return;
  }
  FAIL("no frame with two zeros");
}

TEST_CASE("secure link: another version, suite or realm is refused in words that the caller can read") {
  {
    SecureLink a = caller({3, 4});
    SecureLink b = answerer({1, 2});
    talk(a, b);
    CHECK(b.error().code == Errc::version_refused);
    CHECK(a.error().code == Errc::version_refused);
  }
  {
    SecureLink a = caller({}, realm(2));
    SecureLink b = answerer();
    talk(a, b);
    CHECK(b.error().code == Errc::foreign_realm);
    CHECK(a.error().code == Errc::foreign_realm);
  }
  {
    SecureLink a = caller();
    SecureLink b = answerer();
    Bytes hybrid = a.take_output();
    hybrid[8] = 2;
    CHECK(b.feed(hybrid).error().code == Errc::version_refused);
    CHECK(a.feed(b.take_output()).error().code == Errc::version_refused);
  }
}

TEST_CASE("secure link: who speaks something else gets no answer") {
  SecureLink b = answerer();
  CHECK(b.feed(view("GET / HTTP/1.1\r\nHost: kreis.example\r\n\r\n")).error().code == Errc::malformed);
  CHECK(b.take_output().empty());
  CHECK(b.feed(view("more")).error().code == Errc::malformed);
}

TEST_CASE("secure link: the responder computes nothing before preface and lengths are right") {
  SecureLink a = caller();
  const Bytes hello = a.take_output();
  REQUIRE(hello.size() == preface_bytes + 2 + 48);
  for (const std::uint8_t length : Bytes{0, 47, 49, 255}) {
    SecureLink b = answerer();
    Bytes changed = hello;
    changed[preface_bytes + 1] = length;
    CHECK(b.feed(ByteView{changed}.first(preface_bytes + 2)).error().code == Errc::bad_handshake);
    CHECK(b.take_output().empty());
  }
}

TEST_CASE("secure link: whoever does not know the responder's key makes it compute nothing") {
  SecureLink a = caller();
  Bytes hello = a.take_output();
  SecureLink b = answerer();
  hello[preface_bytes - 1] ^= 1;
  CHECK(b.feed(hello).error().code == Errc::bad_handshake);
  CHECK_FALSE(b.called_properly());
  CHECK(b.take_output().empty());
}

TEST_CASE("secure link: under load a caller is served who sends the cookie back, and a recording is not") {
  Cookie cookie;
  cookie.bytes.fill(0x77);
  const auto called_again = [&cookie](const Cookie& with) {
    return *SecureLink::initiate({{}, realm(), {}, with}, keys_of(1, 22), noise::public_key(key_of(3)), key_of(5));
  };
  SecureLink a = caller();
  const Bytes recorded = a.take_output();
  SecureLink b = answerer();
  b.demand_cookie(cookie);
  REQUIRE(b.feed(recorded));
  CHECK_FALSE(b.called_properly());
  const Bytes challenge = b.take_output();
  REQUIRE(challenge.size() == challenge_bytes);
  for (std::size_t i = 0; i + 1 < challenge.size(); ++i) REQUIRE(a.feed(ByteView{challenge}.subspan(i, 1)));
  CHECK(a.state() == LinkState::handshaking);
  REQUIRE(a.feed(ByteView{challenge}.last(1)));
  REQUIRE(a.state() == LinkState::challenged);
  SecureLink second = called_again(a.cookie());
  talk(second, b);
  REQUIRE(b.state() == LinkState::needs_psk);
  REQUIRE(b.offer_psks(psks({5})));
  CHECK(second.state() == LinkState::established);

  SecureLink busy = answerer();
  busy.demand_cookie(cookie);
  REQUIRE(busy.feed(recorded));
  CHECK(busy.feed(recorded).error().code == Errc::bad_handshake);  // once, then it hangs up

  // A caller begins anew once: whoever stands between cannot keep it busy.
  SecureLink again = called_again(cookie);
  CHECK(again.feed(challenge).error().code == Errc::bad_handshake);
}

TEST_CASE("secure link: a refusal after message 3 reaches the caller, who already believed in the link") {
  for (const Errc code : {Errc::wrong_check, Errc::invite_used, Errc::invite_void, Errc::invite_expired, Errc::revoked}) {
    SecureLink a = caller();
    SecureLink b = answerer();
    talk(a, b);
    CHECK(b.offer_psks(psks({6})).error().code == Errc::bad_handshake);
    b.refuse(code);
    CHECK(b.state() == LinkState::failed);
    const Bytes refusal = b.take_output();
    REQUIRE(refusal.size() == refusal_bytes);
    for (std::size_t i = 0; i + 1 < refusal.size(); ++i) {
      REQUIRE(a.feed(ByteView{refusal}.subspan(i, 1)));
      CHECK(a.state() == LinkState::established);
    }
    CHECK(a.feed(ByteView{refusal}.last(1)).error().code == code);
    CHECK(a.next().error().code == code);
  }
}

TEST_CASE("secure link: a refusal after the first frame is a forgery") {
  Established pair;
  REQUIRE(pair.b.send(1, view("x")));
  REQUIRE(pair.a.feed(pair.b.take_output()));
  CHECK(text_of(pair.a) == "x");
  REQUIRE(pair.a.feed(encode_refusal({Errc::revoked, {}})));
  CHECK(pair.a.next().error().code == Errc::malformed);
  CHECK(pair.a.state() == LinkState::failed);
}

TEST_CASE("secure link: any changed byte of the handshake keeps the link from being established") {
  const std::size_t sent_by_a = preface_bytes + 2 + 48 + 2 + 64;
  for (std::size_t at = 0; at < sent_by_a; ++at) {
    SecureLink a = caller();
    SecureLink b = answerer();
    std::size_t sent = 0;
    while (b.state() == LinkState::handshaking) {
      Bytes out = a.take_output();
      if (out.empty()) break;
      if (at >= sent && at < sent + out.size()) out[at - sent] ^= 1;
      sent += out.size();
      (void)b.feed(out);
      (void)a.feed(b.take_output());
    }
    if (b.state() == LinkState::needs_psk) (void)b.offer_psks(psks({5}));
    CAPTURE(at);
    CHECK(b.state() != LinkState::established);
  }
  for (std::size_t at = 0; at < 2 + 48; ++at) {
    SecureLink a = caller();
    SecureLink b = answerer();
    REQUIRE(b.feed(a.take_output()));
    Bytes out = b.take_output();
    REQUIRE(out.size() == 2 + 48);
    out[at] ^= 1;
    const auto fed = a.feed(out);
    CAPTURE(at);
    CHECK((!fed && a.state() == LinkState::failed));
    CHECK(a.take_output().empty());  // and message 3 with our identity stays here
  }
}

TEST_CASE("secure link: the caller's key never shows in what an observer sees") {
  SecureLink a = caller();
  SecureLink b = answerer();
  Bytes seen;
  const auto carry = [&seen](SecureLink& from, SecureLink& to) {
    const Bytes out = from.take_output();
    seen.insert(seen.end(), out.begin(), out.end());
    (void)to.feed(out);
  };
  carry(a, b);
  carry(b, a);
  REQUIRE(a.send(1, view("Grundschule am Wall")));
  carry(a, b);
  const auto contains = [&seen](ByteView what) {
    return std::search(seen.begin(), seen.end(), what.begin(), what.end()) != seen.end();
  };
  CHECK_FALSE(contains(noise::public_key(key_of(1))));
  CHECK_FALSE(contains(noise::public_key(key_of(3))));
  CHECK_FALSE(contains(view("Grundschule")));
  CHECK(contains(noise::public_key(key_of(2))));  // the test does see what is there
}

// What a quantum computer would have of a recording some day: every X25519 key of both sides. The psk is no such key.
TEST_CASE("secure link: a recording does not open to one who has broken every key agreement in it, but for the psk") {
  SecureLink a = caller();
  SecureLink b = answerer();
  Bytes recorded;  // what the caller sent
  const auto carry = [&] {
    const Bytes piece = a.take_output();
    recorded.insert(recorded.end(), piece.begin(), piece.end());
    (void)b.feed(piece);
    (void)a.feed(b.take_output());
  };
  for (int round = 0; round < 3; ++round) carry();
  REQUIRE(b.offer_psks(psks({5})));
  REQUIRE(a.send(1, Bytes{'s', 'e', 'c', 'r', 'e', 't'}));
  carry();
  CHECK(text_of(b) == "secret");

  // The responder's static and ephemeral keys give all four secrets of the handshake.
  SecureLink broken = answerer();
  REQUIRE(broken.feed(recorded));
  REQUIRE(broken.state() == LinkState::needs_psk);
  for (std::uint8_t guess = 6; guess < 16; ++guess) CHECK_FALSE(broken.offer_psks(psks({guess})));
  CHECK(broken.state() == LinkState::needs_psk);
  REQUIRE(broken.offer_psks(psks({5})));  // it was the psk, and nothing else, that kept it closed
  CHECK(text_of(broken) == "secret");
}

TEST_CASE("secure link: input that is not taken is bounded") {
  SecureLink a = caller();
  SecureLink b = answerer();
  talk(a, b);
  REQUIRE(b.state() == LinkState::needs_psk);
  REQUIRE(b.feed(Bytes(channel_backlog_bytes_max)));
  CHECK(b.feed(Bytes(1)).error().code == Errc::over_limit);
}

TEST_CASE("secure link: a caller that expects another Kreis is refused without learning anything") {
  SecureLink a = *SecureLink::initiate({{}, realm(), {}, {}}, keys_of(1, 2), noise::public_key(key_of(33)), key_of(5));
  SecureLink b = answerer();
  CHECK(b.feed(a.take_output()).error().code == Errc::bad_handshake);
  CHECK(b.take_output().empty());
  CHECK_FALSE(SecureLink::initiate({{}, realm(), {}, {}}, keys_of(1, 2), TransportKey{}, key_of(5)));
}

TEST_CASE("secure link: the bytes of a whole connection are those that the specification alone gives") {
  const auto vector = nlohmann::json::parse(std::ifstream{test::source_dir() / "tests/vectors/link/link.json"});
  const auto bytes = [&vector](const char* name) { return from_hex(vector.at(name).get<std::string>()); };
  const auto key = [&bytes](const char* name) { return SecretKey32{bytes(name)}; };
  const RekeyAfter rekey{vector.at("rekey_after_frames").get<std::uint64_t>(), UINT64_MAX};
  const RealmHint hint = realm_hint(RealmId::from(bytes("realm")));
  const auto proof = invite_proof(Secret<16>{bytes("invite_secret")}, noise::public_key(key("initiator_ephemeral")));

  auto a = *SecureLink::initiate({{1, 3}, hint, proof, {}}, {key("initiator_static"), key("initiator_ephemeral")},
                                 noise::public_key(key("responder_static")), key("psk"), rekey);
  auto b = SecureLink::respond({1, 1}, hint, {key("responder_static"), key("responder_ephemeral")}, rekey);
  const Bytes opening = a.take_output();
  CHECK(to_hex(opening) == to_hex(bytes("initiator_opens_with")));
  {
    auto busy = SecureLink::respond({1, 1}, hint, {key("responder_static"), key("responder_ephemeral")}, rekey);
    const Cookie cookie = Cookie::from(bytes("cookie"));
    busy.demand_cookie(cookie);
    REQUIRE(busy.feed(opening));
    CHECK(to_hex(busy.take_output()) == to_hex(bytes("responder_challenges")));
    const auto second = noise::public_key(key("second_ephemeral"));
    const Preface again{{1, 3}, hint, invite_proof(Secret<16>{bytes("invite_secret")}, second), cookie};
    CHECK(to_hex(encode_preface(again, noise::public_key(key("responder_static")), second)) ==
          to_hex(bytes("initiator_opens_again_with")));
  }
  REQUIRE(b.feed(opening));
  const Bytes answer = b.take_output();
  CHECK(to_hex(answer) == to_hex(bytes("responder_answers")));
  REQUIRE(a.feed(answer));
  const Bytes ending = a.take_output();
  CHECK(to_hex(ending) == to_hex(bytes("initiator_ends_with")));
  REQUIRE(b.feed(ending));
  std::vector<SecretKey32> candidates;
  candidates.push_back(key("psk"));
  REQUIRE(b.offer_psks(candidates));
  CHECK(to_hex(a.handshake_hash()) == to_hex(bytes("handshake_hash")));
  CHECK(to_hex(member_psk(key("psk"), 7, noise::public_key(key("initiator_static")),
                          noise::public_key(key("responder_static")))
                   .view()) == to_hex(bytes("member_psk_epoch_7")));

  for (const auto& frame : vector.at("frames")) {
    const bool from_a = frame.at("from") == "initiator";
    SecureLink& from = from_a ? a : b;
    SecureLink& to = from_a ? b : a;
    for (const auto& message : frame.at("messages")) {
      REQUIRE(from.send(message.at("kind").get<std::uint32_t>(), from_hex(message.at("body").get<std::string>())));
    }
    const Bytes sealed = from.take_output();
    CHECK(to_hex(sealed) == frame.at("frame").get<std::string>());
    REQUIRE(to.feed(sealed));
    for (const auto& message : frame.at("messages")) {
      const auto received = to.next();
      REQUIRE(received);
      REQUIRE(received->has_value());
      CHECK((*received)->kind == message.at("kind").get<std::uint32_t>());
      CHECK(to_hex((*received)->body) == message.at("body").get<std::string>());
    }
  }
}

#include "protocol/handshake.h"

#include <doctest/doctest.h>

#include "protocol/pre_shared_key.h"
#include "tests/support/noise_pair.h"

using namespace kiz;
using namespace kiz::noise;
using test::key_of;
using test::NoisePair;

namespace {

// Public keys whose X25519 result is zero for every private key, and two non-canonical spellings of such.
const char* const low_order_points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

Errc read_error(Handshake& reader, ByteView message) {
  auto read = reader.read(message);
  return read ? Errc::ok : read.error().code;
}

}  // namespace

TEST_CASE("noise suite: HMAC is real HMAC, also for keys longer than a block") {
  // Computed with Python's hmac and hashlib.
  const auto hmac_hex = [](ByteView key, std::string_view text) {
    HashValue out;
    hmac(key, {view(text)}, out.bytes);
    return to_hex(out).substr(0, 32);
  };
  CHECK(hmac_hex(view("key"), "The quick brown fox") == "5c169e8a18362381efbc0f688fa1d48e");
  CHECK(hmac_hex(Bytes(200, 0x61), "The quick brown fox") == "212edc86d2087e1e6d55ac5905449c96");
  CHECK(hmac_hex({}, "") == "198cd2006f66ff83fbbd913f78aca225");
}

TEST_CASE("noise suite: low-order points are refused") {
  for (const char* point : low_order_points) {
    CAPTURE(point);
    CHECK(agree(key_of(9), TransportKey::from(from_hex(point))).error().code == Errc::bad_handshake);
  }
}

TEST_CASE("noise pattern: a text is read, and what the specification forbids is not") {
  CHECK(parse_pattern("-> e, es / <- e, ee / -> s, se").error().code == Errc::invalid_input);  // nobody knows s
  CHECK(parse_pattern("<- s\n...\n-> e, es\n<- e, ee\n-> s, se"));
  CHECK(parse_pattern("<- s/.../->e,es/<-e,ee/->s,se,psk")->psk_count() == 1);
  for (const char* text : {"", "e", "-> x", "<- e", "-> e / -> e", "-> e, ", "-> e,, e", "... / ...", "... / -> e / ...",
                           "<- e / ... / -> e", "<- s / <- s / ... / -> e, es", "-"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_pattern(text));
  }
  CHECK(parse_pattern("-> e, e / <- e, ee").error().code == Errc::invalid_input);
  CHECK(parse_pattern("-> e / <- e, ee, ee").error().code == Errc::invalid_input);
  CHECK(parse_pattern("-> s / ... / -> e / <- e, se").error().code == Errc::invalid_input);  // se without ee
  CHECK(parse_pattern("-> s / <- s / ... / -> e, ss / <- e, ee").error().code == Errc::invalid_input);
  CHECK(parse_pattern("-> psk, s / <- e").error().code == Errc::invalid_input);  // sealed by psk alone
}

TEST_CASE("noise pattern: names give patterns") {
  CHECK(parse_protocol(shipped_protocol)->pattern.messages[2] == std::vector{Token::s, Token::se, Token::psk});
  CHECK(parse_protocol("Noise_NNpsk0+psk2_25519_ChaChaPoly_BLAKE2b")->pattern.psk_count() == 2);
  CHECK(parse_protocol("Noise_NNpsk0+psk2_25519_ChaChaPoly_BLAKE2b")->pattern.messages[0] ==
        std::vector{Token::psk, Token::e});
  for (const char* name :
       {"XK", "Noise_XK_448_ChaChaPoly_BLAKE2b", "Noise_XK_25519_AESGCM_BLAKE2b", "Noise_XK_25519_ChaChaPoly_BLAKE2s",
        "Noise_XXfallback_25519_ChaChaPoly_BLAKE2b", "Noise_XKpsk4_25519_ChaChaPoly_BLAKE2b",
        "Noise_XKpsk3+psk3_25519_ChaChaPoly_BLAKE2b", "Noise_XKpsk3+_25519_ChaChaPoly_BLAKE2b",
        "Noise_XKpsk_25519_ChaChaPoly_BLAKE2b", "Noise_XKpsk03_25519_ChaChaPoly_BLAKE2b", "Noise__25519_ChaChaPoly_BLAKE2b",
        "Noise_25519_ChaChaPoly_BLAKE2b", "Noise_ZZ_25519_ChaChaPoly_BLAKE2b", "", "Noise_"}) {
    CAPTURE(name);
    CHECK_FALSE(parse_protocol(name));
  }
}

TEST_CASE("handshake: names up to 64 bytes are padded, longer ones hashed") {
  const std::string fits(64, 'x');
  CHECK(to_hex(SymmetricState{fits}.handshake_hash()) == to_hex(view(fits)));
  const std::string longer(65, 'x');
  CHECK(SymmetricState{longer}.handshake_hash() == hash({view(longer)}));
}

TEST_CASE("handshake: the responder learns who calls before it needs the pre-shared key") {
  NoisePair pair{true};
  const Bytes third = pair.third_message();
  const auto read = pair.responder.read(third);
  REQUIRE(read);
  CHECK_FALSE(read->has_value());
  CHECK(pair.responder.needs_psk());
  CHECK_FALSE(pair.responder.finished());
  CHECK(*pair.responder.remote_static() == public_key(key_of(1)));

  std::vector<SecretKey32> wrong;
  for (std::uint8_t i = 0; i < 30; ++i) wrong.push_back(key_of(static_cast<std::uint8_t>(100 + i)));
  CHECK(pair.responder.offer_psks(wrong).error().code == Errc::bad_handshake);
  CHECK(pair.responder.offer_psks({}).error().code == Errc::bad_handshake);
  CHECK(pair.responder.needs_psk());  // wrong ones leave no trace

  std::vector<SecretKey32> candidates;
  candidates.push_back(key_of(200));
  candidates.push_back(key_of(5));
  candidates.push_back(key_of(201));
  const auto fitting = pair.responder.offer_psks(candidates);
  REQUIRE(fitting);
  CHECK(fitting->index == 1);
  CHECK(pair.responder.offer_psks(candidates).error().code == Errc::unexpected_message);

  Transport first = std::move(pair.initiator).split();
  Transport second = std::move(pair.responder).split();
  CHECK(first.handshake_hash == second.handshake_hash);
  Bytes sealed, opened;
  REQUIRE(first.send->seal({}, view("there"), sealed));
  REQUIRE(second.receive->open({}, sealed, opened));
  CHECK(opened == Bytes{'t', 'h', 'e', 'r', 'e'});
}

TEST_CASE("handshake: 64 pre-shared keys are tried, not 65") {
  NoisePair pair{true};
  REQUIRE(pair.responder.read(pair.third_message()));
  std::vector<SecretKey32> candidates;
  for (std::size_t i = 0; i < psk_candidates_max; ++i) candidates.push_back(key_of(99));
  candidates.push_back(key_of(5));
  CHECK(pair.responder.offer_psks(candidates).error().code == Errc::over_limit);
  candidates.erase(candidates.begin());
  const auto fitting = pair.responder.offer_psks(candidates);
  REQUIRE(fitting);
  CHECK(fitting->index == 63);

  NoisePair in_parts{true};
  REQUIRE(in_parts.responder.read(in_parts.third_message()));
  candidates.pop_back();
  CHECK(in_parts.responder.offer_psks(candidates).error().code == Errc::bad_handshake);
  CHECK(in_parts.responder.offer_psks(std::span{candidates}.first(2)).error().code == Errc::over_limit);
}

TEST_CASE("handshake: a flipped bit at any byte of any message is refused, and the handshake is over") {
  for (std::size_t which = 0; which < 3; ++which) {
    std::size_t size = 1;
    for (std::size_t at = 0; at < size; ++at) {
      NoisePair pair;
      Bytes message = *pair.initiator.write(view("one"));
      if (which > 0) {
        REQUIRE(pair.responder.read(message));
        message = *pair.responder.write(view("two"));
      }
      if (which > 1) {
        REQUIRE(pair.initiator.read(message));
        message = *pair.initiator.write(view("three"));
      }
      size = message.size();
      message[at] ^= static_cast<std::uint8_t>(1u << (at % 7));  // not bit 255 of a key: X25519 ignores it, see below
      Handshake& reader = which == 1 ? pair.initiator : pair.responder;
      CAPTURE(which);
      CAPTURE(at);
      CHECK(read_error(reader, message) == Errc::bad_handshake);
      CHECK(reader.failed());
      CHECK(read_error(reader, message) == Errc::unexpected_message);
      CHECK_FALSE(reader.write({}));
    }
  }
}

TEST_CASE("handshake: the bit of a public key that X25519 ignores is covered by the hash") {
  NoisePair pair;
  Bytes message = *pair.initiator.write({});
  message[31] ^= 0x80;
  CHECK(read_error(pair.responder, message) == Errc::bad_handshake);
}

TEST_CASE("handshake: a message cut at any byte, or longer, is refused") {
  for (std::size_t which = 0; which < 3; ++which) {
    std::size_t size = 1;
    for (std::size_t cut = 0; cut <= size; ++cut) {
      NoisePair pair;
      Bytes message = *pair.initiator.write({});
      if (which > 0) {
        REQUIRE(pair.responder.read(message));
        message = *pair.responder.write({});
      }
      if (which > 1) {
        REQUIRE(pair.initiator.read(message));
        message = *pair.initiator.write({});
      }
      size = message.size();
      if (cut == size) {
        message.push_back(0);
      } else {
        message.resize(cut);
      }
      CHECK(read_error(which == 1 ? pair.initiator : pair.responder, message) == Errc::bad_handshake);
    }
  }
}

TEST_CASE("handshake: a wrong key, psk or prologue on one side is refused") {
  {
    auto keys = NoisePair::initiator_keys();
    keys.remote_static = public_key(key_of(77));  // another responder than the one that answers
    auto initiator = *Handshake::start(test::shipped(), Role::initiator, view("prologue"), std::move(keys));
    NoisePair pair;
    CHECK(read_error(pair.responder, *initiator.write({})) == Errc::bad_handshake);
  }
  {
    auto initiator = *Handshake::start(test::shipped(), Role::initiator, view("Prologue"), NoisePair::initiator_keys());
    NoisePair pair;
    CHECK(read_error(pair.responder, *initiator.write({})) == Errc::bad_handshake);
  }
  {
    auto keys = NoisePair::responder_keys(true);
    keys.psks.push_back(key_of(6));
    auto responder = *Handshake::start(test::shipped(), Role::responder, view("prologue"), std::move(keys));
    NoisePair pair;
    REQUIRE(responder.read(*pair.initiator.write({})));
    REQUIRE(pair.initiator.read(*responder.write({})));
    CHECK(read_error(responder, *pair.initiator.write({})) == Errc::bad_handshake);
  }
}

TEST_CASE("handshake: a low-order key from the peer ends it") {
  for (const char* point : low_order_points) {
    NoisePair pair;
    Bytes message = *pair.initiator.write({});
    const Bytes key = from_hex(point);
    std::copy(key.begin(), key.end(), message.begin());
    CHECK(read_error(pair.responder, message) == Errc::bad_handshake);

    auto keys = NoisePair::initiator_keys();
    keys.remote_static = TransportKey::from(key);
    auto initiator = *Handshake::start(test::shipped(), Role::initiator, view("prologue"), std::move(keys));
    CHECK(initiator.write({}).error().code == Errc::bad_handshake);
  }
}

TEST_CASE("handshake: turns are kept") {
  NoisePair pair;
  CHECK(pair.responder.write({}).error().code == Errc::unexpected_message);
  CHECK(read_error(pair.initiator, Bytes(48)) == Errc::unexpected_message);
  const Bytes first = *pair.initiator.write({});
  CHECK(pair.initiator.write({}).error().code == Errc::unexpected_message);
  REQUIRE(pair.responder.read(first));  // calls out of turn changed nothing
  CHECK(read_error(pair.responder, first) == Errc::unexpected_message);
}

TEST_CASE("handshake: a message has at most 65535 bytes") {
  const std::size_t overhead = 32 + 16;
  NoisePair pair;
  const auto longest = pair.initiator.write(Bytes(message_bytes_max - overhead));
  REQUIRE(longest);
  CHECK(longest->size() == message_bytes_max);
  REQUIRE(pair.responder.read(*longest));

  NoisePair other;
  CHECK(other.initiator.write(Bytes(message_bytes_max - overhead + 1)).error().code == Errc::over_limit);
  CHECK(read_error(other.responder, Bytes(message_bytes_max + 1)) == Errc::over_limit);
}

TEST_CASE("handshake: what the pattern asks for must be there") {
  const auto start = [](Role role, auto change) {
    auto keys = role == Role::initiator ? NoisePair::initiator_keys() : NoisePair::responder_keys(false);
    change(keys);
    auto started = Handshake::start(test::shipped(), role, {}, std::move(keys));
    return started ? Errc::ok : started.error().code;
  };
  for (const Role role : {Role::initiator, Role::responder}) {
    CHECK(start(role, [](HandshakeKeys&) {}) == Errc::ok);
    CHECK(start(role, [](HandshakeKeys& k) { k.own_static.reset(); }) == Errc::invalid_input);
    CHECK(start(role, [](HandshakeKeys& k) { k.own_ephemeral.reset(); }) == Errc::invalid_input);
    CHECK(start(role, [](HandshakeKeys& k) { k.psks.push_back(key_of(1)); }) == Errc::invalid_input);
  }
  CHECK(start(Role::initiator, [](HandshakeKeys& k) { k.remote_static.reset(); }) == Errc::invalid_input);
  CHECK(start(Role::initiator, [](HandshakeKeys& k) { k.psks.clear(); }) == Errc::invalid_input);
  CHECK(start(Role::responder, [](HandshakeKeys& k) { k.psks.clear(); }) == Errc::ok);  // left open
}

TEST_CASE("cipher state: a failed opening leaves the counter, so the honest message still opens") {
  CipherState send{key_of(1)};
  CipherState receive{key_of(1)};
  Bytes sealed;
  REQUIRE(send.seal(view("ad"), view("text"), sealed));
  Bytes out{1, 2, 3};
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes forged = sealed;
    forged[i] ^= 1;
    CHECK(receive.open(view("ad"), forged, out).error().code == Errc::malformed);
  }
  CHECK_FALSE(receive.open(view("da"), sealed, out));
  CHECK_FALSE(receive.open(view("ad"), ByteView{sealed}.first(15), out));
  CHECK(out == Bytes{1, 2, 3});
  CHECK(receive.nonce() == 0);
  REQUIRE(receive.open(view("ad"), sealed, out));
  CHECK(receive.nonce() == 1);
  CHECK(out == Bytes{1, 2, 3, 't', 'e', 'x', 't'});
  CHECK_FALSE(receive.open(view("ad"), sealed, out));  // the same message again
}

TEST_CASE("cipher state: the last nonce is reserved for rekeying") {
  CipherState send{key_of(1)};
  CipherState receive{key_of(1)};
  send.set_nonce(UINT64_MAX - 1);
  receive.set_nonce(UINT64_MAX - 1);
  Bytes sealed, opened;
  REQUIRE(send.seal({}, view("last"), sealed));
  CHECK(send.seal({}, view("one more"), sealed).error().code == Errc::over_limit);
  REQUIRE(receive.open({}, sealed, opened));
  CHECK(receive.open({}, sealed, opened).error().code == Errc::over_limit);
}

TEST_CASE("cipher state: rekeying is the specification's, keeps the counter, and leaves the old key behind") {
  CipherState send{key_of(1)};
  CipherState receive{key_of(1)};
  Bytes sealed, opened;
  REQUIRE(send.seal({}, view("a"), sealed));
  send.rekey();
  CHECK(send.nonce() == 1);
  Bytes second;
  REQUIRE(send.seal({}, view("b"), second));
  REQUIRE(receive.open({}, sealed, opened));
  CHECK_FALSE(receive.open({}, second, opened));
  receive.rekey();
  CHECK(receive.open({}, second, opened));
  CHECK(to_hex(rekeyed(key_of(1)).view()) == "6cfb2b964ed404cedd9051572bde20be5910d8de91207ef94b5ceb2fa67ad788");
}

// SPEC.md 7.8. What stands for a post-quantum encapsulation here is a black box: bytes in the payloads, and a result that
// only both ends know. The handshake is the shipped one.
TEST_CASE("handshake: a second agreement has its place; who has broken X25519 and stolen the psk lacks its result") {
  const Bytes encapsulation_key(1184, 7), ciphertext(1088, 8);  // as long as those of ML-KEM-768
  const auto hybrid = [](const SecretKey32& psk, const SecretKey32& result) {
    return derive_secret("kiz-sync hybrid psk v1", {psk.view(), result.view()});
  };
  const auto initiator_with = [](SecretKey32 psk) {
    HandshakeKeys keys{key_of(1), key_of(2), public_key(key_of(3)), {}};
    keys.psks.push_back(std::move(psk));
    return *Handshake::start(test::shipped(), Role::initiator, view("suite 3"), std::move(keys));
  };
  const auto responder_with_open_psk = [] {
    return *Handshake::start(test::shipped(), Role::responder, view("suite 3"), NoisePair::responder_keys(true));
  };
  Handshake asking = initiator_with(key_of(0));  // it has no psk before the ciphertext has come
  Handshake responder = responder_with_open_psk();
  const Bytes first = *asking.write(encapsulation_key);
  const auto asked = responder.read(first);
  REQUIRE(asked);
  CHECK(**asked == encapsulation_key);
  const Bytes answer = *responder.write(ciphertext);
  Bytes changed = answer;
  changed.back() ^= 1;
  Handshake misled = initiator_with(key_of(0));
  REQUIRE(misled.write(encapsulation_key));
  CHECK(read_error(misled, changed) == Errc::bad_handshake);
  const auto answered = asking.read(answer);
  REQUIRE(answered);
  CHECK(**answered == ciphertext);

  // The same keys again, now with the psk: the messages so far are the same, byte for byte.
  Handshake initiator = initiator_with(hybrid(key_of(5), key_of(9)));
  REQUIRE(*initiator.write(encapsulation_key) == first);
  REQUIRE(initiator.read(answer));
  const auto waits = responder.read(*initiator.write({}));
  REQUIRE(waits);
  REQUIRE_FALSE(*waits);
  // Whoever holds the responder's static and ephemeral keys has all four secrets of X25519.
  std::vector<SecretKey32> stolen;
  stolen.push_back(key_of(5));
  for (std::uint8_t guess = 10; guess < 20; ++guess) stolen.push_back(hybrid(key_of(5), key_of(guess)));
  stolen.push_back(hybrid(key_of(6), key_of(9)));
  CHECK_FALSE(responder.offer_psks(stolen));
  std::vector<SecretKey32> right;
  right.push_back(hybrid(key_of(5), key_of(9)));
  REQUIRE(responder.offer_psks(right));
  CHECK(initiator.finished());
  CHECK(responder.finished());
}

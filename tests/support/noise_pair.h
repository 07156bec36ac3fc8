// Two sides of a handshake with fixed keys, for tests that start behind the handshake or break it.
#pragma once

#include <doctest/doctest.h>

#include "protocol/handshake.h"

namespace kiz::test {

inline SecretKey32 key_of(std::uint8_t seed) { return SecretKey32{Bytes(32, seed)}; }

inline const noise::Protocol& shipped() {
  static const noise::Protocol protocol = *noise::parse_protocol(noise::shipped_protocol);
  return protocol;
}

/// XKpsk3 with fixed keys: initiator static 1, ephemeral 2; responder static 3, ephemeral 4; psk 5.
struct NoisePair {
  noise::Handshake initiator;
  noise::Handshake responder;

  explicit NoisePair(bool psk_open = false)
      : initiator(*noise::Handshake::start(shipped(), noise::Role::initiator, view("prologue"), initiator_keys())),
        responder(*noise::Handshake::start(shipped(), noise::Role::responder, view("prologue"), responder_keys(psk_open))) {}

  static noise::HandshakeKeys initiator_keys() {
    noise::HandshakeKeys keys{key_of(1), key_of(2), noise::public_key(key_of(3)), {}};
    keys.psks.push_back(key_of(5));
    return keys;
  }
  static noise::HandshakeKeys responder_keys(bool psk_open) {
    noise::HandshakeKeys keys{key_of(3), key_of(4), std::nullopt, {}};
    if (!psk_open) keys.psks.push_back(key_of(5));
    return keys;
  }

  /// Runs messages 1 and 2, and returns message 3.
  Bytes third_message() {
    REQUIRE(responder.read(*initiator.write({})));
    REQUIRE(initiator.read(*responder.write({})));
    return *initiator.write({});
  }
};

}  // namespace kiz::test

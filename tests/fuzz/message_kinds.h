// Every message that has a body of its own, by number: refused, or exactly these bytes again.
#pragma once

#include <algorithm>

#include "kiz/assert.h"
#include "protocol/message.h"

namespace kiz::fuzz {

/// False: refused.
template <class T>
bool round_trip(ByteView body) {
  const auto content = decode_message<T>(body);
  if (content) KIZ_ASSERT(std::ranges::equal(encode_message(*content).body, body));
  return static_cast<bool>(content);
}

struct MessageDecoder {
  MessageKind kind;
  bool (*takes)(ByteView);
};

template <class... T>
constexpr std::array<MessageDecoder, sizeof...(T)> decoders_of() {
  return {MessageDecoder{T::kind, round_trip<T>}...};
}

inline constexpr auto message_decoders =
    decoders_of<Hello, Position, ControlRecords, ControlProof, OwnHeads, Digests, FrontierPart, Samples, Ack, Quiet, SpaceRefused,
                Close, Ping, JoinRequest, JoinAccepted, JoinRefused, JoinAcknowledged, RealmSecretHandedOver, Receipt, ValuesWanted,
                ValuesGiven, CheckpointWanted, CheckpointSigned, States, ProvenHeads>();

}  // namespace kiz::fuzz

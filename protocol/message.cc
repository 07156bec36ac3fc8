#include "protocol/message.h"

#include "protocol/checkpoint_fields.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "protocol/wire.h"

namespace kiz {
namespace {
constexpr std::size_t device_name_bytes_max = 4 * limits::short_text_characters_max;
constexpr std::size_t head_bytes_min = 32 + 1 + 32;
constexpr std::size_t point_bytes_min = 1 + 32;
constexpr std::size_t cell_bytes_min = 32 + 1;
constexpr std::size_t space_bytes_min = 1 + 1 + 1;
constexpr std::size_t named_digest_bytes_min = 1 + 1 + 1 + ShortDigest::size_bytes;
constexpr std::size_t errc_max = 0xffff;

// Codes of newer programs pass: a code is shown, nothing hangs on it.
struct AnyErrc {
  Errc& code;

  template <class Archive>
  void serialize(Archive& ar) {
    auto number = static_cast<std::uint32_t>(code);
    ar(cereal::make_nvp("code", number));
    if constexpr (Archive::is_loading::value) {
      if (number > errc_max) throw wire::Refused{Errc::over_limit, "code"};
    }
    code = static_cast<Errc>(number);
  }
};
}  // namespace

template <class Archive>
void Point::serialize(Archive& ar) { ar(cereal::make_nvp("seq", seq), cereal::make_nvp("entry", entry)); }

template <class Archive>
void SpaceName::serialize(Archive& ar) {
  auto number = static_cast<std::uint32_t>(collection);
  ar(cereal::make_nvp("owner", wire::text(owner, limits::member_id_bytes_max)), cereal::make_nvp("collection", number),
     cereal::make_nvp("counterpart", wire::text(counterpart, limits::member_id_bytes_max)));
  collection = static_cast<Collection>(number);
}

template <class Archive>
void Hello::serialize(Archive& ar) {
  ar(cereal::make_nvp("version", version), cereal::make_nvp("capabilities", capabilities), cereal::make_nvp("realm", realm),
     cereal::make_nvp("control", control), cereal::make_nvp("summary", summary), cereal::make_nvp("your_heads", your_heads),
     cereal::make_nvp("window", window));
}

template <class Archive>
void Position::serialize(Archive& ar) { ar(cereal::make_nvp("control", control), cereal::make_nvp("summary", summary)); }

namespace {
struct RecordBytes {
  Bytes& bytes;

  template <class Archive>
  void serialize(Archive& ar) { ar(wire::blob(bytes, limits::control_record_bytes_max)); }
};
}  // namespace

template <class Archive>
void ControlRecords::serialize(Archive& ar) {
  if constexpr (Archive::is_loading::value) {
    const std::size_t n = ar.count(limits::control_message_records_max, 1);
    for (std::size_t i = 0; i < n; ++i) ar(RecordBytes{records.emplace_back()});
  } else {
    ar.varint(records.size());
    for (Bytes& record : records) ar(RecordBytes{record});
  }
}

template <class Archive>
void ControlProof::serialize(Archive& ar) { ar(RecordBytes{record}); }

template <class Archive>
void OwnHeadsWanted::serialize(Archive&) {}

template <class Archive>
void SignedHead::serialize(Archive& ar) { ar(cereal::make_nvp("head", head), cereal::make_nvp("signature", signature)); }

template <class Archive>
void OwnHeads::serialize(Archive& ar) {
  ar(cereal::make_nvp("heads", wire::sorted_set(heads, limits::own_heads_max, head_bytes_min + Signature::size_bytes)));
}

template <class Archive>
void NamedDigest::serialize(Archive& ar) { ar(cereal::make_nvp("space", space), cereal::make_nvp("digest", digest)); }

template <class Archive>
void Digests::serialize(Archive& ar) {
  ar(cereal::make_nvp("spaces", wire::sorted_set(spaces, limits::spaces_max, named_digest_bytes_min)));
}

template <class Archive>
void FrontierPart::serialize(Archive& ar) {
  std::uint8_t bits = static_cast<std::uint8_t>((more ? 1u : 0u) | (answer ? 2u : 0u) | (covers ? 4u : 0u));
  ar(cereal::make_nvp("space", space), cereal::make_nvp("bits", bits),
     cereal::make_nvp("heads", wire::sorted_set(heads, limits::frontier_part_heads_max, head_bytes_min)));
  more = (bits & 1) != 0;
  answer = (bits & 2) != 0;
  covers = (bits & 4) != 0;
  if constexpr (Archive::is_loading::value) {
    if (bits > 7) throw wire::Refused{Errc::malformed, "frontier"};
    if (covers && (more || answer || !heads.empty())) throw wire::Refused{Errc::malformed, "frontier"};
    // Parts without heads would go on for ever.
    if (more && heads.empty()) throw wire::Refused{Errc::malformed, "frontier"};
  }
}

template <class Archive>
void Samples::serialize(Archive& ar) {
  ar(cereal::make_nvp("space", space), cereal::make_nvp("log", log), cereal::make_nvp("answer", answer),
     cereal::make_nvp("points", wire::sorted_set(points, limits::samples_max, point_bytes_min)));
}

template <class Archive>
void RunException::serialize(Archive& ar) { ar(cereal::make_nvp("run", run), AnyErrc{refused}); }

template <class Archive>
void Ack::serialize(Archive& ar) {
  ar(cereal::make_nvp("upto", upto),
     cereal::make_nvp("exceptions", wire::sorted_set(exceptions, limits::runs_in_flight_max, 2)));
  if constexpr (Archive::is_loading::value) {
    for (std::size_t i = 0; i < exceptions.size(); ++i) {
      const bool twice = i > 0 && exceptions[i - 1].run == exceptions[i].run;
      if (twice || exceptions[i].run == 0 || exceptions[i].run > upto) throw wire::Refused{Errc::malformed, "ack"};
    }
  }
}

template <class Archive>
void Quiet::serialize(Archive& ar) {
  ar(cereal::make_nvp("runs_seen", runs_seen), cereal::make_nvp("digests_seen", digests_seen),
     cereal::make_nvp("matches", matches), cereal::make_nvp("summary", summary));
  if constexpr (Archive::is_loading::value) {
    if (matches && summary) throw wire::Refused{Errc::malformed, "quiet"};
  }
}

template <class Archive>
void SpaceRefused::serialize(Archive& ar) { ar(cereal::make_nvp("space", space), AnyErrc{code}); }

template <class Archive>
void Close::serialize(Archive& ar) { ar(AnyErrc{code}); }

template <class Archive>
void Ping::serialize(Archive&) {}
template <class Archive>
void Pong::serialize(Archive&) {}

template <class Archive>
void JoinRequest::serialize(Archive& ar) {
  ar(cereal::make_nvp("version", version), cereal::make_nvp("author", author),
     cereal::make_nvp("device", wire::text(device, device_name_bytes_max)), cereal::make_nvp("signature", signature));
}

template <class Archive>
void JoinWaiting::serialize(Archive&) {}

template <class Archive>
void JoinAccepted::serialize(Archive& ar) {
  ar(cereal::make_nvp("member", wire::text(member, limits::member_id_bytes_max)), cereal::make_nvp("control", control),
     cereal::make_nvp("psk", psk));
}

template <class Archive>
void JoinRefused::serialize(Archive& ar) { ar(AnyErrc{code}); }

template <class Archive>
void JoinAcknowledged::serialize(Archive& ar) { ar(cereal::make_nvp("control", control)); }

template <class Archive>
void RealmSecretWanted::serialize(Archive&) {}

template <class Archive>
void RealmSecretHandedOver::serialize(Archive& ar) {
  ar(cereal::make_nvp("epoch", epoch), cereal::make_nvp("secret", secret));
}

template <class Archive>
void Receipt::serialize(Archive& ar) {
  ar(cereal::make_nvp("space", space), cereal::make_nvp("time_ms", time_ms),
     cereal::make_nvp("heads", wire::sorted_set(heads, limits::receipt_heads_max, head_bytes_min)),
     cereal::make_nvp("issuer", issuer), cereal::make_nvp("signature", signature));
}

template <class Archive>
void ValuesWanted::serialize(Archive& ar) {
  ar(cereal::make_nvp("space", space), cereal::make_nvp("cells", wire::sorted_set(cells, limits::values_max, cell_bytes_min)));
  if constexpr (Archive::is_loading::value) {
    if (cells.empty()) throw wire::Refused{Errc::malformed, "values wanted"};
  }
}

template <class Archive>
void GivenValue::serialize(Archive& ar) {
  ar(cereal::make_nvp("cell", cell), cereal::make_nvp("whole", whole), cereal::make_nvp("secret", secret), cereal::make_nvp("value", value));
}

template <class Archive>
void ValuesGiven::serialize(Archive& ar) {
  constexpr std::size_t given_bytes_min = cell_bytes_min + 1 + 32 + 1;
  ar(cereal::make_nvp("space", space), cereal::make_nvp("more", more),
     cereal::make_nvp("values", wire::sorted_set(values, limits::values_max, given_bytes_min)));
}

template <class Archive>
void CheckpointWanted::serialize(Archive& ar) { ar(cereal::make_nvp("claim", claim)); }

template <class Archive>
void CheckpointSigned::serialize(Archive& ar) { ar(cereal::make_nvp("checkpoint", checkpoint)); }

template <class Archive>
void NamedState::serialize(Archive& ar) {
  ar(cereal::make_nvp("space", space), cereal::make_nvp("heads", heads), cereal::make_nvp("state", state));
}

template <class Archive>
void States::serialize(Archive& ar) {
  constexpr std::size_t state_bytes_min = space_bytes_min + 16 + 32;
  ar(cereal::make_nvp("control", control), cereal::make_nvp("schema", schema), cereal::make_nvp("counters", counters),
     cereal::make_nvp("spaces", wire::sorted_set(spaces, limits::states_max, state_bytes_min)));
}

template <class Archive>
void ProvenHead::serialize(Archive& ar) { ar(cereal::make_nvp("space", space), cereal::make_nvp("head", head)); }

template <class Archive>
void ProvenHeads::serialize(Archive& ar) {
  constexpr std::size_t proven_bytes_min = space_bytes_min + head_bytes_min + 64;
  ar(cereal::make_nvp("heads", wire::sorted_set(heads, limits::proven_heads_max, proven_bytes_min)));
}

Hash receipt_hash(const Receipt& receipt, const RealmId& realm) {
  Receipt copy = receipt;
  wire::Writer ar;
  ar(copy.space.in(realm), copy.time_ms, wire::sorted_set(copy.heads, limits::receipt_heads_max, head_bytes_min));
  return crypto::hash(receipt_label, ar.bytes());
}

template <class T>
Message encode_message(const T& content) {
  return {T::kind, wire::encode(content)};
}

template <class T>
Result<T> decode_message(ByteView body) {
  return wire::decode<T>(body);
}

#define KIZ_MESSAGE(T)                           \
  template Message encode_message<T>(const T&);  \
  template Result<T> decode_message<T>(ByteView);
KIZ_MESSAGE(Hello)
KIZ_MESSAGE(Position)
KIZ_MESSAGE(ControlRecords)
KIZ_MESSAGE(ControlProof)
KIZ_MESSAGE(OwnHeadsWanted)
KIZ_MESSAGE(OwnHeads)
KIZ_MESSAGE(Digests)
KIZ_MESSAGE(FrontierPart)
KIZ_MESSAGE(Samples)
KIZ_MESSAGE(Ack)
KIZ_MESSAGE(Quiet)
KIZ_MESSAGE(SpaceRefused)
KIZ_MESSAGE(Close)
KIZ_MESSAGE(Ping)
KIZ_MESSAGE(Pong)
KIZ_MESSAGE(Receipt)
KIZ_MESSAGE(ValuesWanted)
KIZ_MESSAGE(ValuesGiven)
KIZ_MESSAGE(CheckpointWanted)
KIZ_MESSAGE(CheckpointSigned)
KIZ_MESSAGE(States)
KIZ_MESSAGE(ProvenHeads)
KIZ_MESSAGE(JoinRequest)
KIZ_MESSAGE(JoinWaiting)
KIZ_MESSAGE(JoinAccepted)
KIZ_MESSAGE(JoinRefused)
KIZ_MESSAGE(JoinAcknowledged)
KIZ_MESSAGE(RealmSecretWanted)
KIZ_MESSAGE(RealmSecretHandedOver)
#undef KIZ_MESSAGE

}  // namespace kiz

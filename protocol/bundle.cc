#include "protocol/bundle.h"

#include "protocol/limits.h"
#include "protocol/noise_suite.h"
#include "protocol/pre_shared_key.h"
#include "protocol/wire.h"

namespace kiz {
namespace {

constexpr unsigned end_stage = 8, join_stage = 9;  // places in the order of the inside
constexpr char content_hash_label[] = "kiz-sync bundle content hash v1";
constexpr char join_label[] = "kiz-sync join file v1";
constexpr char join_proof_label[] = "kiz-sync join file proof v1";
constexpr char join_psk_label[] = "kiz-sync join file psk v1";
constexpr std::size_t device_name_bytes_max = 4 * limits::short_text_characters_max;
constexpr std::size_t head_bytes_min = 32 + 1 + 32;

struct NamedSpace {
  SpaceName& space;

  template <class Archive>
  void serialize(Archive& ar) {
    auto number = static_cast<std::uint32_t>(space.collection);
    ar(wire::text(space.owner, limits::member_id_bytes_max), number, wire::text(space.counterpart, limits::member_id_bytes_max));
    space.collection = static_cast<Collection>(number);
  }
};

struct KnownHead {
  SignedHead& head;

  template <class Archive>
  void serialize(Archive& ar) { ar(head.head, head.signature); }
};

}  // namespace

template <class Archive>
void BundleOpening::serialize(Archive& ar) {
  ar(version);
  if constexpr (Archive::is_loading::value) {
    // Before the rest, which another version may lay out in another way.
    if (version != 1) throw wire::Refused{Errc::unknown_version, "bundle"};
  }
  ar(realm, sender, sender_transport, number, made_ms, builds_on, whole,
     wire::sorted_set(recipients, bundle_recipients_max, TransportKey::size_bytes), control_from, control);
  if constexpr (Archive::is_loading::value) {
    if (number == 0 || builds_on >= number || recipients.empty()) throw wire::Refused{Errc::malformed, "bundle"};
    if (whole && (builds_on != 0 || control_from != 1)) throw wire::Refused{Errc::malformed, "bundle"};
  }
}

template <class Archive>
void BundleBase::serialize(Archive& ar) {
  ar(NamedSpace{space}, wire::sorted_set(heads, limits::frontier_part_heads_max, head_bytes_min));
  if constexpr (Archive::is_loading::value) {
    if (heads.empty()) throw wire::Refused{Errc::malformed, "base"};
  }
}

template <class Archive>
void BundleFrontier::serialize(Archive& ar) {
  ar(NamedSpace{space}, state_schema, state);
  if constexpr (Archive::is_loading::value) {
    const std::size_t n = ar.count(limits::own_heads_max, head_bytes_min + Signature::size_bytes);
    for (std::size_t i = 0; i < n; ++i) {
      ar(KnownHead{heads.emplace_back()});
      if (i > 0 && !(heads[i - 1] < heads[i])) throw wire::Refused{Errc::not_canonical, "order"};
    }
    if (heads.empty()) throw wire::Refused{Errc::malformed, "frontier"};
  } else {
    ar.varint(heads.size());
    for (SignedHead& head : heads) ar(KnownHead{head});
  }
}

template <class Archive>
void BundleEnd::serialize(Archive& ar) { ar(messages, signature); }

template <class Archive>
void BundleJoin::serialize(Archive& ar) {
  ar(version);
  if constexpr (Archive::is_loading::value) {
    if (version != 1) throw wire::Refused{Errc::unknown_version, "bundle"};
  }
  ar(invite, author, transport, wire::text(device, device_name_bytes_max), proof, signature);
}

template <class T>
Result<T> decode_bundle_part(ByteView body) { return wire::decode<T>(body); }
template <class T>
Bytes encode_bundle_part(const T& content) { return wire::encode(content); }

#define KIZ_PART(T)                                          \
  template Result<T> decode_bundle_part<T>(ByteView body);   \
  template Bytes encode_bundle_part<T>(const T& content)
KIZ_PART(BundleOpening);
KIZ_PART(BundleBase);
KIZ_PART(BundleFrontier);
KIZ_PART(BundleEnd);
KIZ_PART(BundleJoin);
#undef KIZ_PART

// ---- enrolment by file

Hash join_file_binding(const Hash& outside, const InviteId& invite, const AuthorKey& author, const TransportKey& transport,
                       std::string_view device) {
  return crypto::Hasher{join_label}.add(outside).add(invite).add(author).add(transport).add(view(device)).finish();
}

Hash join_file_proof(const SecretKey32& psk, const SecretKey32& statics, const Hash& binding) {
  return Hash::from(derive_secret(join_proof_label, {psk.view(), statics.view(), binding}).view());
}

SecretKey32 join_file_psk(const SecretKey32& psk, const SecretKey32& statics, const AuthorKey& author) {
  return derive_secret(join_psk_label, {psk.view(), statics.view(), author});
}

// ---- the whole

BundleHasher::BundleHasher(const Hash& outside) : hasher_(content_hash_label) { hasher_.add(outside); }

void BundleHasher::add(std::uint32_t kind, ByteView body) {
  std::uint8_t head[12];
  for (unsigned i = 0; i < 4; ++i) head[i] = static_cast<std::uint8_t>(kind >> (8 * (3 - i)));
  for (unsigned i = 0; i < 8; ++i) head[4 + i] = static_cast<std::uint8_t>(std::uint64_t{body.size()} >> (8 * (7 - i)));
  hasher_.add(head).add(body);
}

Result<BundleWriter> BundleWriter::begin(const BundleOpening& opening, const BundleSecrets& fresh, Bytes& out) {
  auto sealer = BundleSealer::begin(BundleKind::exchange, opening.recipients, fresh, out);
  if (!sealer) return sealer.error();
  BundleWriter writer{std::move(*sealer)};
  writer.add(opening, out);
  return writer;
}

void BundleWriter::add(std::uint32_t kind, ByteView body, Bytes& out) {
  hasher_.add(kind, body);
  ++messages_;
  Bytes stream;
  const auto appended = append_message(kind, body, stream);
  KIZ_ASSERT(appended);  // parts are bounded by their makers
  sealer_.add(stream, out);
}

void BundleWriter::finish(const crypto::SigningKey& key, Bytes& out) {
  const BundleEnd end{messages_, key.sign(bundle_label, hasher_.finish())};
  Bytes stream;
  KIZ_ASSERT(append_message(static_cast<std::uint32_t>(BundlePart::end), encode_bundle_part(end), stream));
  sealer_.add(stream, out);
  sealer_.finish(out);
}

Result<void> BundleReader::check_order(std::uint32_t kind) {
  const bool join = outside()->kind == BundleKind::join;
  unsigned stage = 0;
  switch (kind) {
    case static_cast<std::uint32_t>(BundlePart::opening): stage = 1; break;
    case static_cast<std::uint32_t>(MessageKind::control_records): stage = 2; break;
    case static_cast<std::uint32_t>(BundlePart::base): stage = 3; break;
    case static_cast<std::uint32_t>(BundlePart::frontier): stage = 4; break;
    case static_cast<std::uint32_t>(MessageKind::checkpoint_wanted): stage = 5; break;
    case static_cast<std::uint32_t>(MessageKind::checkpoint_signed): stage = 6; break;
    case static_cast<std::uint32_t>(MessageKind::run): stage = 7; break;
    case static_cast<std::uint32_t>(BundlePart::end): stage = end_stage; break;
    case static_cast<std::uint32_t>(BundlePart::join): stage = join_stage; break;
    default: return Error{Errc::unknown_version, "bundle"};
  }
  const bool first = stage == 1 || stage == join_stage;
  if (complete_ || first != (stage_ == 0) || (stage == join_stage) != join || stage < stage_) return Error{Errc::malformed, "bundle"};
  stage_ = stage;
  return {};
}

Result<BundleItem> BundleReader::take(const ReceivedMessage& message) {
  if (auto fits = check_order(message.kind); !fits) return fits.error();
  // Whoever knows a device's public key can seal a file for it: one that unpacks without end must not keep it busy.
  unpacked_ += message.body.size();
  if (unpacked_ > bundle_unpacked_free + bundle_unpacked_per_byte * fed_) return Error{Errc::over_limit, "bundle"};
  const auto as = [&]<class T>(Result<T> part) -> Result<BundleItem> {
    if (!part) return part.error();
    return BundleItem{std::move(*part)};
  };
  const bool last = stage_ >= end_stage;
  if (!last) {
    if (!hasher_) hasher_.emplace(outside()->hash);
    hasher_->add(message.kind, message.body);
  }
  ++count_;
  switch (stage_) {
    case 1: return as(decode_bundle_part<BundleOpening>(message.body));
    case 2: return as(decode_message<ControlRecords>(message.body));
    case 3: return as(decode_bundle_part<BundleBase>(message.body));
    case 4: return as(decode_bundle_part<BundleFrontier>(message.body));
    case 5: return as(decode_message<CheckpointWanted>(message.body));
    case 6: return as(decode_message<CheckpointSigned>(message.body));
    case 7: return BundleItem{BundleRun{message.body}};
    case join_stage: complete_ = true; return as(decode_bundle_part<BundleJoin>(message.body));
    default: break;
  }
  auto end = decode_bundle_part<BundleEnd>(message.body);
  if (!end) return end.error();
  if (end->messages != count_ - 1) return Error{Errc::malformed, "bundle"};
  content_hash_ = hasher_->finish();
  complete_ = true;
  return BundleItem{std::move(*end)};
}

Result<std::optional<BundleItem>> BundleReader::next() {
  auto message = messages_.next();
  if (!message) return message.error();
  if (!*message) {
    if (ended_ && !complete_) return Error{Errc::malformed, bundle_cut_short};
    if (ended_ && !messages_.tail().empty()) return Error{Errc::malformed, "bundle"};
    return std::optional<BundleItem>{};
  }
  auto item = take(**message);
  if (!item) return item.error();
  return std::optional{std::move(*item)};
}

bool reads_as_bundle(ByteView in, const SecretKey32& own, std::size_t step, std::size_t& items) {
  BundleReader reader{own};
  step = std::max<std::size_t>(step, 1);
  while (true) {
    const ByteView piece = in.first(std::min(step, in.size()));
    in = in.subspan(piece.size());
    if (auto fed = piece.empty() ? reader.end_of_file() : reader.feed(piece); !fed) return false;
    while (true) {
      const auto item = reader.next();
      if (!item) return false;
      if (!*item) break;
      ++items;
    }
    if (piece.empty()) return reader.complete();
  }
}

}  // namespace kiz

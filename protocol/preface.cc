#include "protocol/preface.h"

#include "protocol/crypto.h"
#include "protocol/pre_shared_key.h"

namespace kiz {

namespace {
constexpr std::string_view label = "KIZSYNC1";
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t tagged_bytes = preface_bytes - tag_bytes;

std::array<std::uint8_t, tag_bytes> call_tag(ByteView tagged, const TransportKey& responder, const TransportKey& ephemeral) {
  Bytes covered{responder.bytes.begin(), responder.bytes.end()};
  covered.insert(covered.end(), tagged.begin(), tagged.end());
  covered.insert(covered.end(), ephemeral.bytes.begin(), ephemeral.bytes.end());
  const Hash hash = crypto::hash("kiz-sync call v1", covered);
  std::array<std::uint8_t, tag_bytes> out;
  std::copy_n(hash.bytes.begin(), tag_bytes, out.begin());
  return out;
}
}  // namespace

RealmHint realm_hint(const RealmId& realm) {
  return RealmHint::from(ByteView{crypto::hash("kiz-sync realm hint v1", realm).bytes}.first(RealmHint::size_bytes));
}

InviteProof invite_proof(const Secret<16>& invite_secret, const TransportKey& initiator_ephemeral) {
  const auto tag = derive_secret("kiz-sync invite proof v1", {invite_secret.view(), initiator_ephemeral});
  return InviteProof::from(tag.view().first(InviteProof::size_bytes));
}

Bytes encode_preface(const Preface& preface, const TransportKey& responder, const TransportKey& initiator_ephemeral) {
  Bytes out;
  out.reserve(preface_bytes);
  out.insert(out.end(), label.begin(), label.end());
  out.push_back(suite_classic);
  out.push_back(preface.versions.min);
  out.push_back(preface.versions.max);
  out.push_back(0);
  out.insert(out.end(), preface.realm.bytes.begin(), preface.realm.bytes.end());
  out.insert(out.end(), preface.invite.bytes.begin(), preface.invite.bytes.end());
  out.insert(out.end(), preface.cookie.bytes.begin(), preface.cookie.bytes.end());
  const auto tag = call_tag(out, responder, initiator_ephemeral);
  out.insert(out.end(), tag.begin(), tag.end());
  return out;
}

bool may_be_preface(ByteView first) {
  const std::size_t known = std::min(first.size(), label.size());
  return std::equal(label.begin(), label.begin() + static_cast<std::ptrdiff_t>(known), first.begin());
}

bool has_call_tag(ByteView in, const TransportKey& responder, const TransportKey& initiator_ephemeral) {
  if (in.size() != preface_bytes) return false;
  const auto tag = call_tag(in.first(tagged_bytes), responder, initiator_ephemeral);
  return equal_in_constant_time(tag, in.subspan(tagged_bytes));
}

Result<Preface> decode_preface(ByteView in) {
  if (in.size() != preface_bytes || !std::equal(label.begin(), label.end(), in.begin())) {
    return Error{Errc::malformed, "preface"};
  }
  // The suite comes first: behind another suite's number the bytes may mean something else.
  if (in[8] != suite_classic) return Error{Errc::version_refused, "suite"};
  Preface out{{in[9], in[10]}, RealmHint::from(in.subspan(12, 8)), InviteProof::from(in.subspan(20, 16)),
              Cookie::from(in.subspan(36, 16))};
  if (out.versions.min == 0 || out.versions.min > out.versions.max) return Error{Errc::malformed, "preface: versions"};
  if (in[11] != 0) return Error{Errc::malformed, "preface: reserved byte"};
  return out;
}

Result<std::uint8_t> common_version(const VersionRange& ours, const VersionRange& theirs) {
  const auto highest = std::min(ours.max, theirs.max);
  if (highest < std::max(ours.min, theirs.min)) return Error{Errc::version_refused, "no version in common"};
  return highest;
}

bool may_be_refused_with(Errc code) {
  switch (code) {
    case Errc::over_limit:
    case Errc::not_permitted:
    case Errc::foreign_realm:
    case Errc::revoked:
    case Errc::expired:
    case Errc::bad_handshake:
    case Errc::version_refused:
    case Errc::invite_used:
    case Errc::invite_expired:
    case Errc::invite_foreign:
    case Errc::invite_void:
    case Errc::wrong_check:
    case Errc::invite_unknown: return true;
    default: return false;
  }
}

Bytes encode_refusal(const ClearRefusal& refusal) {
  KIZ_ASSERT(may_be_refused_with(refusal.code));
  const auto code = static_cast<unsigned>(refusal.code);
  return {0, 0, static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code), refusal.versions.min,
          refusal.versions.max};
}

Bytes encode_challenge(const Cookie& cookie) {
  Bytes out{0, 0, 0xff, 0xff};
  out.insert(out.end(), cookie.bytes.begin(), cookie.bytes.end());
  return out;
}

bool is_challenge(ByteView first) {
  return first.size() >= 4 && first[0] == 0 && first[1] == 0 && first[2] == 0xff && first[3] == 0xff;
}

Result<Cookie> decode_challenge(ByteView in) {
  if (in.size() != challenge_bytes || !is_challenge(in)) return Error{Errc::malformed, "challenge"};
  return Cookie::from(in.subspan(4));
}

Result<ClearRefusal> decode_refusal(ByteView in) {
  if (in.size() != refusal_bytes || in[0] != 0 || in[1] != 0) return Error{Errc::malformed, "refusal"};
  const auto code = static_cast<Errc>(in[2] << 8 | in[3]);
  return ClearRefusal{may_be_refused_with(code) ? code : Errc::bad_handshake, {in[4], in[5]}};
}

}  // namespace kiz

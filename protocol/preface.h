// What both sides say in clear before and instead of a handshake. Rules: SPEC.md §7.2.
//
//   preface (68 bytes, initiator)    label "KIZSYNC1" 8 | suite 1 | version_min 1 | version_max 1 | zero 1 | realm hint 8 |
//                                    invite proof 16 | cookie 16 | call tag 16
//   challenge (20 bytes, responder)  zero 2 | 0xffff 2 | cookie 16
//   refusal (6 bytes, responder)     zero 2 | code 2, big-endian | version_min 1 | version_max 1
//
// The preface as sent is the prologue of the handshake: who changes a byte of it ends the handshake. A refusal is not
// authenticated; whoever can forge one could as well cut the line, so it explains a failure and decides nothing else.
//
// The call tag shows that the caller knows whom it calls: without the responder's public key nobody makes it compute with
// keys. A recorded opening has a true tag; where many calls are pending the responder therefore asks for a cookie of this
// connection, which no recording knows.
#pragma once

#include <optional>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "protocol/secret.h"

namespace kiz {

inline constexpr std::size_t preface_bytes = 68;
inline constexpr std::size_t challenge_bytes = 20;
inline constexpr std::size_t refusal_bytes = 6;
inline constexpr std::uint8_t suite_classic = 1;  // Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b; others are reserved

using RealmHint = FixedBytes<8, struct RealmHintTag>;     // tells realms apart before the handshake; names nobody
using InviteProof = FixedBytes<16, struct InviteProofTag>;  // all zero: a member calls

using Cookie = FixedBytes<16, struct CookieTag>;            // all zero: none was asked for

/// Versions of the messages inside the channel, both ends included.
struct VersionRange {
  std::uint8_t min = 1;
  std::uint8_t max = 1;

  bool operator==(const VersionRange&) const = default;
};

struct Preface {
  VersionRange versions;
  RealmHint realm;
  InviteProof invite;
  Cookie cookie;

  bool operator==(const Preface&) const = default;
};

RealmHint realm_hint(const RealmId& realm);

/// A newcomer's proof that it holds an invite's secret, good for this one ephemeral key: it tells the responder which open
/// invite is meant, so that a wrong check number counts against that one, and nobody else can use it up. An observer sees
/// random bytes, and cannot replay them without the private key to `initiator_ephemeral`.
InviteProof invite_proof(const Secret<16>& invite_secret, const TransportKey& initiator_ephemeral);

/// With the tag that proves to `responder` that this call is meant for it, and for this handshake.
Bytes encode_preface(const Preface& preface, const TransportKey& responder, const TransportKey& initiator_ephemeral);

/// True while these first bytes of a connection, however few, may become a preface.
bool may_be_preface(ByteView first);

/// in       exactly 68 bytes; the call tag is not looked at, see has_call_tag()
/// errors   malformed: not a preface of ours (stay silent: the caller speaks something else)
///          version_refused: another suite (answer with a refusal)
Result<Preface> decode_preface(ByteView in);

/// Costs one hash. in: exactly 68 bytes
bool has_call_tag(ByteView in, const TransportKey& responder, const TransportKey& initiator_ephemeral);

/// The highest version that both speak. errors: version_refused
Result<std::uint8_t> common_version(const VersionRange& ours, const VersionRange& theirs);

/// What a caller is told in clear, before there are keys to hide it.
struct ClearRefusal {
  Errc code = Errc::bad_handshake;
  VersionRange versions;  // what the refusing side speaks

  bool operator==(const ClearRefusal&) const = default;
};

/// True for the codes that may stand in a refusal; they are what a person at the other side can act on.
bool may_be_refused_with(Errc code);

/// `refusal.code` must be one of those; see may_be_refused_with().
Bytes encode_refusal(const ClearRefusal& refusal);

Bytes encode_challenge(const Cookie& cookie);
/// in       exactly 20 bytes. errors: malformed
Result<Cookie> decode_challenge(ByteView in);
/// True if an answer that begins like this, with at least 4 bytes, is a challenge.
bool is_challenge(ByteView first);

/// in       exactly 6 bytes
/// returns  a code that is not one of those reads as bad_handshake: an older program meets a newer one's reason
/// errors   malformed
Result<ClearRefusal> decode_refusal(ByteView in);

}  // namespace kiz

// One connection from its first byte: preface, handshake, channel. Rules: SPEC.md §7.
//
//   initiator                                   responder
//   preface 68 | 48, message 1        ->
//                                     <-        48, message 2          or a refusal, or once a challenge: then the
//                                                                      initiator begins again, with the cookie
//   64, message 3                     ->        needs_psk: whose key is it? offer_psks() or refuse()
//   frames                            <->       frames                 or, as the first thing, a refusal
//
// Sans-IO: feed() what the socket gives, send what take_output() gives. All lengths of the handshake are fixed, and the
// responder checks each before it computes anything with keys; nothing is kept of a connection but at most 4 MiB of input.
// How long a handshake may take is for the caller to say, who has the clock.
#pragma once

#include "protocol/channel.h"
#include "protocol/handshake.h"
#include "protocol/preface.h"

namespace kiz {

enum class LinkState {
  handshaking,
  challenged,   // initiator: begin anew on the same connection, with cookie() in the preface and a fresh ephemeral key
  needs_psk,    // responder: remote_static() calls; waits for offer_psks() or refuse()
  established,  // messages may be sent. The initiator may still learn that its psk was refused, see confirmed()
  failed,       // error() says why; send what take_output() still has, then close
};

struct LinkKeys {
  SecretKey32 own_static;
  SecretKey32 own_ephemeral;  // 32 fresh random bytes for this connection alone
  std::optional<TransportKey> own_public = {};  // of own_static, for a responder that has it at hand: it spares computing
};

class SecureLink {
 public:
  /// Calls. The preface and message 1 are the first output.
  ///
  /// preface  invite: invite_proof() over public_key(keys.own_ephemeral) for a newcomer, all zero for a member
  /// errors   bad_handshake: remote_static is of low order
  static Result<SecureLink> initiate(const Preface& preface, LinkKeys keys, const TransportKey& remote_static,
                                     SecretKey32 psk, RekeyAfter rekey_after = {});

  /// Answers whoever calls.
  static SecureLink respond(const VersionRange& versions, const RealmHint& realm, LinkKeys keys,
                            RekeyAfter rekey_after = {});
  /// Responder, before the first byte: nothing is computed with keys until the caller has sent this back. 16 random bytes
  /// for this connection alone, not all zero.
  void demand_cookie(const Cookie& cookie) { demanded_ = cookie; }

  /// Bytes from the peer, in pieces of any size.
  /// errors   those that error() says from now on; the link has failed. Among them what the peer refused us with
  Result<void> feed(ByteView in);
  /// Takes what is to be sent.
  Bytes take_output();

  LinkState state() const { return state_; }
  const Error& error() const;

  /// Initiator in state challenged.
  const Cookie& cookie() const;
  /// Responder: the caller has shown that it knows our key and hears our answers; from now on it costs us computing.
  bool called_properly() const { return handshake_.has_value() || channel_.has_value(); }

  /// What the initiator said in clear; proven to be its words once the link is established. Responder: present from
  /// needs_psk on, at the latest.
  const std::optional<Preface>& preface() const { return preface_; }
  /// The highest version of the messages that both speak (responder; the initiator learns it from the first message).
  std::optional<std::uint8_t> version() const { return version_; }
  /// The peer's static key; known to the responder from needs_psk on. It is proven only when established.
  const TransportKey& remote_static() const;
  /// The initiator's fresh key, for checking invite_proof(). Responder, from needs_psk on.
  const TransportKey& remote_ephemeral() const;

  /// Responder in needs_psk: tries candidates, at most 64 in all. Established if one fits: its index.
  /// errors   bad_handshake: none fits; the link waits on for others, or for refuse(). over_limit: more than 64
  Result<std::size_t> offer_psks(std::span<const SecretKey32> candidates);

  /// Responder, before it is established: says why in clear and fails with that code. One of may_be_refused_with().
  void refuse(Errc code);

  /// Established only. See Channel.
  Result<void> send(std::uint32_t kind, ByteView body);
  Result<std::optional<ReceivedMessage>> next();
  /// A frame of the peer has opened, so it took our psk too. (That it holds its static key, message 2 has proven.)
  bool confirmed() const { return channel_ && channel_->frames_received() > 0; }
  /// Equal on both sides of this connection and on no other; for comparing a code on two screens.
  const noise::HashValue& handshake_hash() const;

 private:
  SecureLink(noise::Role role, RekeyAfter rekey_after) : role_(role), rekey_after_(rekey_after) {}

  Result<void> advance();
  Result<bool> read_preface();
  Result<bool> open_door(const Preface& preface);
  Result<bool> read_handshake_message();
  Result<bool> read_refusal();
  Result<void> write_handshake_message();
  void establish();
  Error fail(Error error);
  Error refused(Error error);

  noise::Role role_;
  RekeyAfter rekey_after_;
  LinkState state_ = LinkState::handshaking;
  std::optional<Error> error_;
  VersionRange versions_;
  RealmHint realm_;
  std::optional<LinkKeys> keys_;  // responder's, until the prologue is known
  std::optional<Preface> preface_;
  std::optional<Cookie> demanded_;    // responder
  bool challenge_sent_ = false;       // responder
  std::optional<Cookie> cookie_;      // initiator
  std::optional<std::uint8_t> version_;
  std::optional<noise::Handshake> handshake_;
  std::size_t messages_read_ = 0;
  bool may_be_refused_ = false;  // initiator, until the responder's first frame begins
  std::optional<TransportKey> remote_static_;
  std::optional<TransportKey> remote_ephemeral_;
  std::optional<Channel> channel_;
  noise::HashValue handshake_hash_;
  Bytes input_;   // not yet read; empty once frames go straight to the channel
  Bytes output_;
};

}  // namespace kiz

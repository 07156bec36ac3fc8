// How a device with an invite becomes a member's device. Rules: SPEC.md "Enrolment session".
//
// Runs on the channel of a handshake under the invite's psk; afterwards both sides go on with a SyncSession on the same
// channel. Sans-IO like that one. The invite itself was judged before (the responder knew its psk); what is asked here is
// whether this key may have it, which the driver decides.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/crypto.h"
#include "protocol/message.h"
#include "protocol/secret.h"
#include "protocol/sync_session.h"

namespace kiz {

/// Six decimal digits of the handshake hash (as Noise gives it), the same on both screens when nobody stands between.
std::string confirmation_code(ByteView handshake_hash);

/// What the authority hands out.
struct JoinGrant {
  MemberId member;
  std::vector<Bytes> control;  // all control records, encoded; the last ones name the device
  ControlPosition position;    // after them
  SecretKey32 psk;             // of the pair from now on
};

/// The device's side.
class JoinSession {
 public:
  /// key     the device's author key; signs the request, which binds it to this handshake and so to the transport key
  /// device  what the office calls it; at most limits::short_text_characters_max characters
  JoinSession(const crypto::SigningKey& key, std::string device, ByteView handshake_hash, SteadyTime now);

  /// errors   malformed, over_limit, unexpected_message; the authority's own code when it refuses
  Result<void> receive(Message message, SteadyTime now);
  std::optional<Message> next_outgoing();
  /// A silent authority ends it (silent_peer) after limits::join_answer_max; while a person compares codes, after
  /// limits::confirmation_max.
  void on_time(SteadyTime now);
  std::optional<SteadyTime> next_timeout() const;

  /// Set while the authority waits for a person to compare confirmation_code().
  bool waits_for_confirmation() const;
  /// The grant, once. The driver checks and stores control log and psk, then calls stored(): only that acknowledges.
  std::optional<JoinGrant> take_grant();
  void stored();

  bool finished() const;  // acknowledged and said so, or failed
  const std::optional<Error>& failure() const;

 private:
  enum class Stage : std::uint8_t { asking, waiting, granted, stored, done, failed };
  void fail(Error error);

  Stage stage_ = Stage::asking;
  std::vector<Message> outgoing_;
  std::vector<Bytes> control_;
  std::size_t control_bytes_ = 0;
  std::optional<JoinGrant> grant_;
  ControlPosition position_;
  std::optional<Error> failure_;
  SteadyTime deadline_;
};

/// A device that asks, its signature checked.
struct JoinAsked {
  AuthorKey author;
  std::string device;
};

/// The authority's side.
class AdmitSession {
 public:
  AdmitSession(ByteView handshake_hash, SteadyTime now);

  /// errors   malformed, over_limit, bad_signature, unexpected_message, version_refused
  Result<void> receive(Message message, SteadyTime now);
  std::optional<Message> next_outgoing();
  void on_time(SteadyTime now);
  std::optional<SteadyTime> next_timeout() const;

  /// Who asks, once. The driver answers with one of the three; wait_for_confirmation() first, then one of the others.
  std::optional<JoinAsked> take_asked();
  void wait_for_confirmation(SteadyTime now);
  void accept(JoinGrant grant, SteadyTime now);
  void refuse(Errc code);

  /// The device has stored the grant; the invite is used up. A session that breaks before may be repeated by the same key.
  bool acknowledged() const;
  bool finished() const;
  const std::optional<Error>& failure() const;

 private:
  enum class Stage : std::uint8_t { listening, asked, waiting, accepted, acknowledged, refused, failed };
  void fail(Error error);

  Stage stage_ = Stage::listening;
  Hash binding_;  // of the handshake; what a request has to be signed over
  std::vector<Message> outgoing_;
  std::optional<JoinAsked> asked_;
  ControlPosition position_;
  std::optional<Error> failure_;
  SteadyTime deadline_;
};

}  // namespace kiz

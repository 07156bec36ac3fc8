// A Noise handshake as a state machine. Rules: SPEC.md §7.1; the Noise specification, revision 34, section 5.3.
//
// Sans-IO and without chance of its own: messages go in and come out as bytes, fresh keys are arguments. What we ship is
// Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b: the initiator knows the responder's static key from enrolment, its own goes out
// encrypted, and a pre-shared key of the pair keeps recorded traffic closed to one who breaks X25519 later.
//
// In message 3 of XKpsk3 (`s, se, psk`) the responder learns who calls before it needs the pre-shared key. It leaves that
// key open at the start; read() stops there, remote_static() names the caller, and offer_psks() tries what may fit.
#pragma once

#include <span>

#include "protocol/cipher_state.h"
#include "protocol/noise_pattern.h"

namespace kiz::noise {

inline constexpr std::string_view shipped_protocol = "Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b";
inline constexpr std::size_t message_bytes_max = 65535;
inline constexpr std::size_t psk_candidates_max = 64;

enum class Role { initiator, responder };

struct HandshakeKeys {
  std::optional<SecretKey32> own_static;
  std::optional<SecretKey32> own_ephemeral;  // fresh random bytes, never used before or again
  std::optional<TransportKey> remote_static;
  std::vector<SecretKey32> psks;  // in the order of their tokens; who reads the last one may leave it open
};

class Handshake {
 public:
  /// prologue  both sides must have the same; not kept
  /// keys      keys that the pattern does not ask for are ignored
  /// errors    invalid_input: the pattern asks for a key that is missing, or for another number of psks
  static Result<Handshake> start(const Protocol& protocol, Role role, ByteView prologue, HandshakeKeys keys);

  /// Our next message.
  /// errors   unexpected_message: not our turn, or the handshake is over or failed (nothing changes)
  ///          over_limit: longer than 65535 bytes; bad_handshake: the peer's key is of low order (the handshake has failed)
  Result<Bytes> write(ByteView payload);

  /// The peer's next message: its payload, or nothing if the psk that comes now was left open, see offer_psks().
  /// errors   unexpected_message as above
  ///          over_limit, bad_handshake: the handshake has failed and forgot its keys; close the connection
  Result<std::optional<Bytes>> read(ByteView message);

  bool needs_psk() const { return waiting_.has_value(); }

  struct Fitting {
    std::size_t index = 0;  // of the candidate
    Bytes payload;
  };
  /// Tries candidates for the open psk, in order, on copies of the state: those that do not fit leave no trace. The tag of
  /// the payload decides. May be called again with others; at most 64 are tried in one handshake.
  /// errors   unexpected_message: needs_psk() is false
  ///          bad_handshake: none fits; over_limit: more than 64 (none of this call was tried). Both leave it open
  Result<Fitting> offer_psks(std::span<const SecretKey32> candidates);

  /// The peer's static key, as soon as it is known. It is proven only once the whole handshake is finished.
  const std::optional<TransportKey>& remote_static() const { return state_.remote_static; }
  const std::optional<TransportKey>& remote_ephemeral() const { return state_.remote_ephemeral; }

  bool finished() const { return !failed_ && !waiting_ && state_.message == pattern_.messages.size(); }
  bool failed() const { return failed_; }
  bool our_turn() const;

  /// The keys for what follows; the handshake is used up. finished() must be true.
  Transport split() &&;

 private:
  // All that a message changes; copied to try a psk.
  struct State {
    SymmetricState symmetric;
    std::optional<TransportKey> remote_static;
    std::optional<TransportKey> remote_ephemeral;
    std::size_t message = 0;
    std::size_t psk = 0;  // next to be mixed in

    State clone() const { return {symmetric.clone(), remote_static, remote_ephemeral, message, psk}; }
  };
  struct Waiting {
    std::size_t token = 0;  // the open psk within its message
    Bytes rest;             // of the message, behind the tokens that are read
  };

  Handshake(const Protocol& protocol, Role role, HandshakeKeys keys);

  Result<void> write_token(Token token, Bytes& out);
  Result<void> read_token(State& state, Token token, ByteView& in, const SecretKey32* offered) const;
  Result<void> mix_agreement(State& state, Token token) const;
  Result<Bytes> read_rest(State& state, std::size_t first_token, ByteView in, const SecretKey32* offered) const;
  void mix_ephemeral(State& state, const TransportKey& key) const;
  Error fail(Error error);

  Pattern pattern_;
  Role role_;
  HandshakeKeys keys_;
  std::optional<TransportKey> own_static_public_;
  std::optional<TransportKey> own_ephemeral_public_;
  State state_;
  std::optional<Waiting> waiting_;
  std::size_t candidates_tried_ = 0;
  bool with_psk_ = false;  // then each ephemeral key is mixed into the chaining key too
  bool failed_ = false;
};

}  // namespace kiz::noise

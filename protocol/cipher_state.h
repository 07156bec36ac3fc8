// The two inner objects of a Noise handshake (specification, sections 5.1 and 5.2): a key with its message counter, and the
// running hash and chaining key. Rules: SPEC.md §7.1. The channel keeps two cipher states after the handshake is over.
#pragma once

#include <optional>

#include "protocol/noise_suite.h"

namespace kiz::noise {

/// A key with the number of messages that it sealed or opened. It always has a key: there is no state in which it would
/// hand plaintext through, so a channel cannot be built on one by mistake.
class CipherState {
 public:
  explicit CipherState(SecretKey32 key) : key_(std::move(key)) {}
  CipherState clone() const;

  /// Appends plain.size() + 16 bytes to `out`; neither view may lie inside `out`.
  /// errors   over_limit: 2^64 - 1 messages are sealed, the last nonce is reserved
  Result<void> seal(ByteView associated, ByteView plain, Bytes& out);

  /// Appends sealed.size() - 16 bytes to `out`.
  /// errors   malformed: not sealed under this key, nonce and associated data. Neither `out` nor the counter changes then:
  ///          a forged message that moved the counter would cut off every honest one after it
  ///          over_limit: as above
  Result<void> open(ByteView associated, ByteView sealed, Bytes& out);

  /// Replaces the key by one that does not lead back to it. The counter goes on. Both sides must do it at the same message.
  void rekey() { key_ = rekeyed(key_); }

  std::uint64_t nonce() const { return nonce_; }
  /// Continues at another message number, e.g. to open messages that arrive out of order. Never reuse one for sealing.
  void set_nonce(std::uint64_t nonce) { nonce_ = nonce; }

 private:
  SecretKey32 key_;
  std::uint64_t nonce_ = 0;
};

/// Both directions after a handshake, named from this side.
struct Transport {
  std::optional<CipherState> send;     // absent for the responder of a one-way pattern
  std::optional<CipherState> receive;  // absent for its initiator
  HashValue handshake_hash;            // the same on both sides, and on no other pair's
};

class SymmetricState {
 public:
  explicit SymmetricState(std::string_view protocol_name);
  SymmetricState clone() const;

  void mix_hash(ByteView data);
  void mix_key(ByteView input);
  void mix_key_and_hash(ByteView input);
  bool has_key() const { return cipher_.has_value(); }
  const HashValue& handshake_hash() const { return hash_; }

  /// Appends what goes on the wire: the plaintext itself as long as there is no key.
  Result<void> encrypt_and_hash(ByteView plain, Bytes& out);
  /// Appends the plaintext. errors: bad_handshake, with the state as before
  Result<void> decrypt_and_hash(ByteView sealed, Bytes& out);

  /// Both transport keys: the initiator's sending one first.
  std::pair<CipherState, CipherState> split() const;

 private:
  SymmetricState() = default;

  ChainingKey chaining_key_;
  HashValue hash_;
  std::optional<CipherState> cipher_;
};

}  // namespace kiz::noise

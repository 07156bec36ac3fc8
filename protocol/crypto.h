// Labelled hashes and signatures over libsodium. Rules: SPEC.md §1 "Cryptography". Handshake and channel: noise_suite.h.
//
// What is hashed or signed starts with a label and a zero byte, so that no bytes of one structure can stand for another.
#pragma once

#include <initializer_list>
#include <string_view>

#include "kiz/bytes.h"
#include "kiz/ids.h"

namespace kiz::crypto {

/// BLAKE2b-256 of label, one zero byte, `in`.
Hash hash(std::string_view label, ByteView in);
/// The same with `in` in pieces.
Hash hash_pieces(std::string_view label, std::initializer_list<ByteView> pieces);

/// The same over several pieces as if they were one; for what is too large to be put together first.
class Hasher {
 public:
  explicit Hasher(std::string_view label);
  Hasher& add(ByteView piece);
  Hash finish();

 private:
  alignas(64) unsigned char state_[384];  // crypto_generichash_blake2b_state
};

/// An Ed25519 key pair; the secret part is wiped when it goes. Moves, does not copy.
class SigningKey {
 public:
  /// seed: 32 secret bytes, drawn by the caller (nothing here draws random numbers).
  explicit SigningKey(ByteView seed);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey();

  const AuthorKey& author() const { return author_; }
  /// Signs label, one zero byte, `in`.
  Signature sign(std::string_view label, ByteView in) const;

 private:
  AuthorKey author_;
  unsigned char secret_[64];
};

/// True if `signature` is the author's over label, one zero byte, `in`.
bool verify(const AuthorKey& author, std::string_view label, ByteView in, const Signature& signature);

template <class Id>
Id as(const Hash& hash) { return Id::from(hash); }

}  // namespace kiz::crypto

#include "protocol/crypto.h"

#include <sodium.h>

#include <cstring>

#include "kiz/assert.h"

namespace kiz::crypto {
namespace {
constexpr std::size_t label_bytes_max = 32;

Bytes labelled(std::string_view label, ByteView in) {
  Bytes out;
  out.reserve(label.size() + 1 + in.size());
  out.insert(out.end(), label.begin(), label.end());
  out.push_back(0);
  out.insert(out.end(), in.begin(), in.end());
  return out;
}

crypto_generichash_blake2b_state* blake(unsigned char* state) {
  return reinterpret_cast<crypto_generichash_blake2b_state*>(state);
}
}  // namespace

Hash hash(std::string_view label, ByteView in) { return hash_pieces(label, {in}); }

Hash hash_pieces(std::string_view label, std::initializer_list<ByteView> pieces) {
  // Most inputs are short: one buffer and one call are half the cost of the streaming form.
  unsigned char buffer[256];
  std::size_t n = label.size() + 1;
  for (const ByteView piece : pieces) n += piece.size();
  if (n > sizeof buffer) {
    Hasher hasher{label};
    for (const ByteView piece : pieces) hasher.add(piece);
    return hasher.finish();
  }
  std::memcpy(buffer, label.data(), label.size());
  unsigned char* at = buffer + label.size();
  *at++ = 0;
  for (const ByteView piece : pieces) {
    if (!piece.empty()) std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
  }
  Hash out;
  crypto_generichash_blake2b(out.bytes.data(), out.bytes.size(), buffer, n, nullptr, 0);
  return out;
}

Hasher::Hasher(std::string_view label) {
  static_assert(sizeof(crypto_generichash_blake2b_state) <= sizeof state_);
  KIZ_ASSERT(label.size() <= label_bytes_max);
  crypto_generichash_blake2b_init(blake(state_), nullptr, 0, Hash::size_bytes);
  const unsigned char zero = 0;
  crypto_generichash_blake2b_update(blake(state_), reinterpret_cast<const unsigned char*>(label.data()), label.size());
  crypto_generichash_blake2b_update(blake(state_), &zero, 1);
}

Hasher& Hasher::add(ByteView piece) {
  crypto_generichash_blake2b_update(blake(state_), piece.data(), piece.size());
  return *this;
}

Hash Hasher::finish() {
  Hash out;
  crypto_generichash_blake2b_final(blake(state_), out.bytes.data(), out.bytes.size());
  return out;
}

SigningKey::SigningKey(ByteView seed) {
  KIZ_ASSERT(seed.size() == crypto_sign_SEEDBYTES);
  static_assert(sizeof secret_ == crypto_sign_SECRETKEYBYTES);
  crypto_sign_seed_keypair(author_.bytes.data(), secret_, seed.data());
}

SigningKey::SigningKey(SigningKey&& other) noexcept : author_(other.author_) {
  std::memcpy(secret_, other.secret_, sizeof secret_);
  sodium_memzero(other.secret_, sizeof other.secret_);
}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  if (this != &other) {
    author_ = other.author_;
    std::memcpy(secret_, other.secret_, sizeof secret_);
    sodium_memzero(other.secret_, sizeof other.secret_);
  }
  return *this;
}

SigningKey::~SigningKey() { sodium_memzero(secret_, sizeof secret_); }

Signature SigningKey::sign(std::string_view label, ByteView in) const {
  const Bytes message = labelled(label, in);
  Signature out;
  crypto_sign_detached(out.bytes.data(), nullptr, message.data(), message.size(), secret_);
  return out;
}

bool verify(const AuthorKey& author, std::string_view label, ByteView in, const Signature& signature) {
  const Bytes message = labelled(label, in);
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(), author.bytes.data()) == 0;
}

}  // namespace kiz::crypto

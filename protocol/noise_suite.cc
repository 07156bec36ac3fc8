#include "protocol/noise_suite.h"

#include <sodium.h>

#include "protocol/mutants.h"

namespace kiz::noise {

static_assert(crypto_scalarmult_BYTES == key_bytes && crypto_aead_chacha20poly1305_ietf_KEYBYTES == key_bytes);
static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == tag_bytes);

namespace {

constexpr std::size_t block_bytes = 128;
constexpr std::uint64_t rekey_nonce = UINT64_MAX;  // reserved by the specification, never used for a message

// Bytes on the stack that are derived from keys.
template <std::size_t N>
struct Scratch {
  std::array<std::uint8_t, N> bytes;
  ~Scratch() { wipe(bytes); }
};

struct Hasher {
  Hasher() { crypto_generichash_blake2b_init(&state, nullptr, 0, hash_bytes); }
  ~Hasher() { sodium_memzero(&state, sizeof state); }
  void add(ByteView piece) { crypto_generichash_blake2b_update(&state, piece.data(), piece.size()); }
  void finish(std::uint8_t* out) { crypto_generichash_blake2b_final(&state, out, hash_bytes); }

  crypto_generichash_blake2b_state state;
};

using NonceBytes = std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES>;

NonceBytes nonce_bytes(std::uint64_t nonce) {
  NonceBytes out{};
  for (std::size_t i = 0; i < 8; ++i) out[4 + i] = static_cast<std::uint8_t>(nonce >> (8 * i));
  return out;
}

}  // namespace

TransportKey public_key(const SecretKey32& own) {
  TransportKey out;
  crypto_scalarmult_base(out.bytes.data(), own.view().data());
  return out;
}

Result<SecretKey32> agree(const SecretKey32& own, const TransportKey& other) {
  SecretKey32 shared;
  if (crypto_scalarmult(shared.writable().data(), own.view().data(), other.bytes.data()) != 0) {
    return Error{Errc::bad_handshake, "key of low order"};
  }
  return shared;
}

HashValue hash(std::initializer_list<ByteView> pieces) {
  Hasher hasher;
  for (const ByteView piece : pieces) hasher.add(piece);
  HashValue out;
  hasher.finish(out.bytes.data());
  return out;
}

void hmac(ByteView key, std::initializer_list<ByteView> pieces, std::span<std::uint8_t, hash_bytes> out) {
  Scratch<block_bytes> pad{};
  if (key.size() > block_bytes) {
    Hasher hasher;
    hasher.add(key);
    hasher.finish(pad.bytes.data());
  } else {
    std::copy(key.begin(), key.end(), pad.bytes.begin());
  }

  for (auto& b : pad.bytes) b ^= 0x36;
  Hasher inner;
  inner.add(pad.bytes);
  for (const ByteView piece : pieces) inner.add(piece);
  Scratch<hash_bytes> inner_hash;
  inner.finish(inner_hash.bytes.data());

  for (auto& b : pad.bytes) b ^= 0x36 ^ 0x5c;
  Hasher outer;
  outer.add(pad.bytes);
  outer.add(inner_hash.bytes);
  outer.finish(out.data());
}

void hkdf(const ChainingKey& key, ByteView input, std::initializer_list<ChainingKey*> outputs) {
  ChainingKey extracted;
  hmac(key.view(), {input}, extracted.writable());
  std::uint8_t counter = 1;
  ByteView previous;
  for (ChainingKey* output : outputs) {
    hmac(extracted.view(), {previous, {&counter, 1}}, output->writable());
    previous = output->view();
    ++counter;
  }
}

void seal(const SecretKey32& key, std::uint64_t nonce, ByteView associated, ByteView plain, Bytes& out) {
  const auto public_nonce = nonce_bytes(nonce);
  const std::size_t start = out.size();
  out.resize(start + plain.size() + tag_bytes);
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data() + start, nullptr, plain.data(), plain.size(), associated.data(),
                                            associated.size(), nullptr, public_nonce.data(), key.view().data());
  if (KIZ_MUTANT(plain_wire)) std::copy(plain.begin(), plain.end(), out.begin() + static_cast<std::ptrdiff_t>(start));
}

bool open(const SecretKey32& key, std::uint64_t nonce, ByteView associated, ByteView sealed, Bytes& out) {
  if (sealed.size() < tag_bytes) return false;
  const auto public_nonce = nonce_bytes(nonce);
  const std::size_t start = out.size();
  if (KIZ_MUTANT(plain_wire)) {
    out.insert(out.end(), sealed.begin(), sealed.end() - tag_bytes);
    return true;
  }
  // One byte more than needed: libsodium wants a valid address even for an empty plaintext.
  out.resize(start + sealed.size() - tag_bytes + 1);
  const int refused = crypto_aead_chacha20poly1305_ietf_decrypt(
      out.data() + start, nullptr, nullptr, sealed.data(), sealed.size(), associated.data(), associated.size(),
      public_nonce.data(), key.view().data());
  out.resize(refused != 0 ? start : start + sealed.size() - tag_bytes);
  return refused == 0;
}

SecretKey32 rekeyed(const SecretKey32& key) {
  const std::array<std::uint8_t, key_bytes> zeros{};
  const auto public_nonce = nonce_bytes(rekey_nonce);
  Scratch<key_bytes + tag_bytes> sealed;
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.bytes.data(), nullptr, zeros.data(), zeros.size(), nullptr, 0,
                                            nullptr, public_nonce.data(), key.view().data());
  return SecretKey32{ByteView{sealed.bytes}.first(key_bytes)};
}

}  // namespace kiz::noise

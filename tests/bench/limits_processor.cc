// Limits of the processor: libsodium and zstd on one core.
#include <sodium.h>
#include <zstd.h>

#include <stdexcept>

#include "kiz/bytes.h"
#include "tests/bench/limits.h"

namespace kiz::bench {
namespace {

constexpr std::size_t piece_bytes = 64u << 10;
constexpr std::uint64_t pieces = 2048;  // 128 MiB

Bytes records_piece(std::uint32_t seed) {
  OfferGenerator generator{seed};
  std::string text;
  while (text.size() < piece_bytes) text += to_json(generator.next()) + "\n";
  text.resize(piece_bytes);
  return {text.begin(), text.end()};
}

struct KeyPair {
  unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
  unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
  KeyPair() { crypto_sign_keypair(public_key, secret_key); }
};

constexpr std::size_t signed_bytes = 200;  // about an entry's header

}  // namespace

Limit limit_sign(const Options&) {
  const std::uint64_t n = 10000;
  const KeyPair key;
  Bytes message(signed_bytes);
  unsigned char signature[crypto_sign_BYTES];
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < n; ++i) {
    ++message[i % signed_bytes];
    crypto_sign_detached(signature, nullptr, message.data(), message.size(), key.secret_key);
  }
  return {"Ed25519 sign", n, watch.seconds(), "signatures"};
}

Limit limit_verify(const Options&) {
  const std::uint64_t n = 5000;
  const KeyPair key;
  const Bytes message(signed_bytes);
  unsigned char signature[crypto_sign_BYTES];
  crypto_sign_detached(signature, nullptr, message.data(), message.size(), key.secret_key);
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < n; ++i) {
    if (crypto_sign_verify_detached(signature, message.data(), message.size(), key.public_key) != 0) {
      throw std::runtime_error{"a right signature was refused"};
    }
  }
  return {"Ed25519 verify", n, watch.seconds(), "signatures"};
}

Limit limit_hash(const Options& o) {
  const Bytes piece = records_piece(o.seed);
  unsigned char out[32] = {};
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < pieces; ++i) {
    crypto_generichash_blake2b(out, sizeof out, piece.data(), piece.size(), out, sizeof out);
  }
  return {"BLAKE2b-256", pieces * piece_bytes, watch.seconds(), "bytes"};
}

Limit limit_seal(const Options& o) {
  const Bytes piece = records_piece(o.seed);
  Bytes out(piece.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES);
  unsigned char key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
  unsigned char nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES] = {};
  randombytes_buf(key, sizeof key);
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < pieces; ++i) {
    sodium_increment(nonce, sizeof nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, piece.data(), piece.size(), nullptr, 0, nullptr,
                                               nonce, key);
  }
  return {"XChaCha20-Poly1305 of 64 KiB", pieces * piece_bytes, watch.seconds(), "bytes"};
}

Limit limit_compress(const Options& o) {
  const Bytes piece = records_piece(o.seed);
  Bytes out(ZSTD_compressBound(piece.size()));
  ZSTD_CCtx* context = ZSTD_createCCtx();
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < pieces; ++i) {
    if (ZSTD_isError(ZSTD_compressCCtx(context, out.data(), out.size(), piece.data(), piece.size(), 1))) {
      throw std::runtime_error{"zstd failed"};
    }
  }
  const double seconds = watch.seconds();
  ZSTD_freeCCtx(context);
  return {"zstd level 1 of 64 KiB", pieces * piece_bytes, seconds, "bytes"};
}

}  // namespace kiz::bench

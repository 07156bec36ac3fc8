// The one cipher suite of ours, 25519_ChaChaPoly_BLAKE2b of the Noise specification (revision 34, section 12), over libsodium.
// Rules: SPEC.md §7.1. Nothing else of the project calls these; handshake.h and channel.h are built on them.
#pragma once

#include <initializer_list>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "protocol/secret.h"

namespace kiz::noise {

inline constexpr std::size_t hash_bytes = 64;
inline constexpr std::size_t key_bytes = 32;
inline constexpr std::size_t tag_bytes = 16;

using HashValue = FixedBytes<hash_bytes, struct NoiseHashTag>;  // also the handshake hash, a name of this very session
using ChainingKey = Secret<hash_bytes>;

/// X25519 public key of a private key. Any 32 bytes are a private key.
TransportKey public_key(const SecretKey32& own);

/// X25519.
/// errors   bad_handshake: `other` is a point of low order. The result would be known to everyone, whatever our key.
Result<SecretKey32> agree(const SecretKey32& own, const TransportKey& other);

/// BLAKE2b-512 of the pieces as if they were one.
HashValue hash(std::initializer_list<ByteView> pieces);

/// HMAC of RFC 2104 over BLAKE2b-512 with its block of 128 bytes. (Keyed BLAKE2b is another function: Noise asks for HMAC.)
void hmac(ByteView key, std::initializer_list<ByteView> pieces, std::span<std::uint8_t, hash_bytes> out);

/// HKDF of the Noise specification, section 4.3: fills two or three outputs of 64 bytes.
void hkdf(const ChainingKey& key, ByteView input, std::initializer_list<ChainingKey*> outputs);

/// ChaCha20-Poly1305; the nonce is 4 zero bytes and the number in little-endian. Appends plain.size() + 16 bytes to `out`.
/// `plain` must not lie inside `out`.
void seal(const SecretKey32& key, std::uint64_t nonce, ByteView associated, ByteView plain, Bytes& out);

/// The reverse; appends to `out`. False, with `out` as before, unless key, nonce, associated data and bytes all fit.
bool open(const SecretKey32& key, std::uint64_t nonce, ByteView associated, ByteView sealed, Bytes& out);

/// The next key by the Noise specification's REKEY: the first 32 bytes of zeros sealed under the reserved last nonce.
SecretKey32 rekeyed(const SecretKey32& key);

}  // namespace kiz::noise

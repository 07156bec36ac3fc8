// The 32 secret bytes that everything of a store on disk hangs from: pages, write-ahead log, keyring. Where they come
// from: key_file.h. Nothing is encrypted with them directly; each use derives a key of its own under a label.
#pragma once

#include <sodium.h>

#include <string_view>

#include "protocol/secret.h"

namespace kiz {

using StoreKey = SecretKey32;

/// Derives `out.size()` (16..64) bytes from `key`: keyed BLAKE2b over label, one zero byte, `context`.
inline void derive(ByteView key, std::string_view label, ByteView context, std::span<std::uint8_t> out) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, key.data(), key.size(), out.size());
  crypto_generichash_update(&state, view(label).data(), label.size());
  constexpr std::uint8_t end_of_label = 0;
  crypto_generichash_update(&state, &end_of_label, 1);
  crypto_generichash_update(&state, context.data(), context.size());
  crypto_generichash_final(&state, out.data(), out.size());
  sodium_memzero(&state, sizeof state);
}

}  // namespace kiz

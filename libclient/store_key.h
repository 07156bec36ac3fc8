// The 32 secret bytes that everything of a store on disk hangs from: pages, write-ahead log, keyring. Where they come
// from: key_file.h. Nothing is encrypted with them directly; each use derives a key of its own under a label.
#pragma once

#include <sodium.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "kiz/assert.h"
#include "kiz/bytes.h"

namespace kiz {

/// N secret bytes, wiped when they go. Moves, does not copy.
template <std::size_t N>
class WipedBytes {
 public:
  WipedBytes() = default;
  explicit WipedBytes(ByteView in) {
    KIZ_ASSERT(in.size() == N);
    std::copy(in.begin(), in.end(), bytes_.begin());
  }
  WipedBytes(WipedBytes&& other) noexcept : bytes_{other.bytes_} { other.wipe(); }
  WipedBytes& operator=(WipedBytes&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.wipe();
    }
    return *this;
  }
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;
  ~WipedBytes() { wipe(); }

  ByteView view() const { return bytes_; }
  std::span<std::uint8_t, N> writable() { return bytes_; }
  const std::uint8_t* data() const { return bytes_.data(); }
  bool operator==(const WipedBytes& other) const { return sodium_memcmp(bytes_.data(), other.data(), N) == 0; }
  WipedBytes copy() const { return WipedBytes{view()}; }

 private:
  void wipe() { sodium_memzero(bytes_.data(), N); }

  std::array<std::uint8_t, N> bytes_{};
};

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

using StoreKey = WipedBytes<32>;

}  // namespace kiz

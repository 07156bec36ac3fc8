// Bytes, views of bytes, and strong fixed-size byte strings, so that an author's key never fits an entry hash.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kiz {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;  // a parameter, never a member

inline ByteView view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// N bytes with a meaning. Ordered bytewise; default is all zero.
template <std::size_t N, class Tag>
struct FixedBytes {
  static constexpr std::size_t size_bytes = N;
  std::array<std::uint8_t, N> bytes{};

  auto operator<=>(const FixedBytes&) const = default;
  operator ByteView() const { return bytes; }  // NOLINT: reads like bytes everywhere
  bool is_zero() const { return std::all_of(bytes.begin(), bytes.end(), [](auto b) { return b == 0; }); }

  /// Shape: exactly N bytes, asserted by the caller through `in.size() == N`.
  static FixedBytes from(ByteView in) {
    FixedBytes out;
    std::copy_n(in.begin(), std::min(in.size(), N), out.bytes.begin());
    return out;
  }
};

/// Lower-case hexadecimal digits.
std::string to_hex(ByteView in);
/// Empty when `text` is not an even number of hexadecimal digits (an empty text gives empty bytes too).
Bytes from_hex(std::string_view text);

/// Hash support for unordered containers: the first 8 bytes; keys here are hashes or random already.
struct PrefixHash {
  template <std::size_t N, class Tag>
  std::size_t operator()(const FixedBytes<N, Tag>& v) const {
    std::size_t h = 0;
    std::memcpy(&h, v.bytes.data(), std::min(sizeof h, N));
    return h;
  }
};

}  // namespace kiz

// Hybrid logical clock stamp: milliseconds since 1970 UTC (48 bit) and a counter (16 bit), ordered as one number.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace kiz {

using Millis = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

struct Timestamp {
  std::uint64_t value = 0;

  static constexpr std::uint64_t millis_max = (std::uint64_t{1} << 48) - 1;
  static Timestamp of(std::uint64_t millis, std::uint16_t counter = 0) { return {millis << 16 | counter}; }
  std::uint64_t millis() const { return value >> 16; }
  std::uint16_t counter() const { return static_cast<std::uint16_t>(value & 0xffff); }
  Millis time() const { return Millis{std::chrono::milliseconds{static_cast<std::int64_t>(millis())}}; }

  auto operator<=>(const Timestamp&) const = default;
};

}  // namespace kiz

// Who may begin a handshake, decided before anything is kept of a caller. No clock of its own.
//
// Each address may begin 20 handshakes a second, 100 at once after a rest; of IPv6 the first 64 bits count, because a
// single line has that many addresses. A handshake that succeeds is given back, so a whole Kreis behind one address is
// never held up by it. Who is over the rate is hung up on without a word.
//
// The table is bounded: when it is full, addresses at rest leave it; if there are none, all further ones share one rate.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>

namespace kiz {

/// IPv4: as mapped into IPv6. IPv6: the last 8 bytes are zero.
using CallerPrefix = std::array<std::uint8_t, 16>;

/// ipv6: 16 bytes in network order
CallerPrefix prefix_of(const std::array<std::uint8_t, 16>& ipv6);

class Doorkeeper {
 public:
  static constexpr double calls_per_second = 20;
  static constexpr double calls_at_once = 100;
  static constexpr std::size_t addresses_max = 4096;

  using Time = std::chrono::milliseconds;

  /// A call comes in. False: turn it away.
  bool let_in(const CallerPrefix& from, Time now);
  /// The handshake of such a call has succeeded.
  void made_it(const CallerPrefix& from);

  std::uint64_t turned_away() const { return turned_away_; }
  std::size_t addresses() const { return buckets_.size(); }

 private:
  struct Bucket {
    double calls = calls_at_once;
    Time filled{0};

    double calls_at(Time now) const;
  };
  Bucket& bucket_of(const CallerPrefix& from, Time now);

  std::map<CallerPrefix, Bucket> buckets_;
  Bucket others_;
  Time swept_{0};  // a sweep looks at the whole table: at most one a second
  std::uint64_t turned_away_ = 0;
};

/// Lets a few log lines of a kind through in each stretch of time and counts those it held back.
class Seldom {
 public:
  explicit Seldom(std::chrono::milliseconds every, unsigned lines = 1) : every_(every), lines_(lines) {}

  /// True: write the line now; `held_back` of the kind were not written before it.
  bool now(std::chrono::milliseconds time, std::uint64_t& held_back);

 private:
  std::chrono::milliseconds every_;
  unsigned lines_;
  std::chrono::milliseconds since_{0};
  unsigned written_ = 0;  // since then
  std::uint64_t held_back_ = 0;
};

}  // namespace kiz

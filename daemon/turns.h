// Handshakes before exchange. A step of a session is dear (a commit, thousands of values), one of a handshake cheap, and a
// caller has seconds for the whole of it. Served in the order in which their bytes arrive, callers would wait behind every
// session that has something, and of a crowd that comes back at once many would be hung up on.
//
// So while handshakes are under way, sessions share a few milliseconds of each round of the loop, in the order in which they
// came. At least one of them has its turn in each round, so a flood of handshakes does not stop the exchange.
#pragma once

#include <asio.hpp>
#include <chrono>
#include <deque>
#include <optional>

namespace kiz {

class Turns {
 public:
  explicit Turns(asio::io_context& io) : io_(io) {}
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// Returns when a session may take a step; took() follows when it has.
  asio::awaitable<void> next();
  void took();

 private:
  using Clock = std::chrono::steady_clock;
  class Place;

  void begin_round();
  bool has_time() const { return !round_began_ || Clock::now() - *round_began_ < a_round; }

  static constexpr std::chrono::milliseconds a_round{5};
  asio::io_context& io_;
  std::optional<Clock::time_point> round_began_;  // set while anybody waits: the end of a round lets the next one in
  std::deque<asio::steady_timer*> waiting_;       // oldest first
};

}  // namespace kiz

// Many towns in one process that call one node as their daemons would: each from an address of its own, at a moment drawn by
// lot, and again after the pause that daemon/backoff.h names.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "daemon/backoff.h"
#include "tests/bench/conversation.h"
#include "tests/bench/town_talk.h"

namespace kiz::bench {

class Fleet {
 public:
  /// first: number of the first town, so that several fleets share no address.
  Fleet(std::vector<std::unique_ptr<LightTown>> towns, std::size_t first, std::uint16_t port);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// All lines are gone; from now on each calls again as one whose line broke.
  void lose_lines();
  /// Calls and exchanges until all hold the same as the node; throws after ten minutes.
  void until_in_sync();
  /// The same until `done`, which is asked now and then; `moved` is told of each town to which something has come.
  void until(const std::function<bool()>& done, const std::function<void(std::size_t)>& moved);
  bool all_in_sync() const;

  LightTown& town(std::size_t i) { return *towns_[i].town; }
  std::size_t size() const { return towns_.size(); }
  /// Calls that ended without an exchange since lose_lines().
  std::uint64_t failed_calls() const { return failed_calls_; }
  std::uint64_t wire_bytes() const;  // since lose_lines()

 private:
  using Clock = std::chrono::steady_clock;
  struct Town {
    std::unique_ptr<LightTown> town;
    std::unique_ptr<Line<TownTalk>> line;
    Clock::time_point due{};
    std::uint64_t wire_bytes = 0;  // of lines that are gone
    bool waits_for_room = false;
  };

  void call(std::size_t i);
  void take_turn(std::size_t i);
  void end_call(std::size_t i, CallEnd end);
  void watch(std::size_t i, bool fresh);
  void look_at_clock();

  std::vector<Town> towns_;
  std::size_t first_;
  std::uint16_t port_;
  int events_ = -1;  // epoll
  std::mt19937 random_{4711};
  std::uint64_t failed_calls_ = 0;
};

}  // namespace kiz::bench

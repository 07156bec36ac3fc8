#include "daemon/backoff.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

using namespace kiz;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t fleet = 400;

// A node and all its towns on one clock. The node can be gone, or refuse everybody by name.
class Storm {
 public:
  enum class Node { there, gone, refuses };

  void lose_all_lines() {
    for (Town& town : towns_) town = {now_ + pause_after(CallEnd::was_in_sync, lot()), false};
  }
  void run(milliseconds length, Node node) {
    const milliseconds end = now_ + length;
    for (; now_ < end; now_ += 10ms) {
      for (std::size_t i = 0; i < towns_.size(); ++i) {
        Town& town = towns_[i];
        if (town.on_the_line || now_ < town.due) continue;
        calls_of_[i].push_back(now_);
        ++calls_in_second_[now_ / 1s];
        town.on_the_line = node == Node::there;
        const CallEnd ended = node == Node::refuses ? CallEnd::refused_by_name : CallEnd::failed;
        town.due = now_ + pause_after(ended, lot());
      }
    }
  }
  std::size_t on_the_line() const {
    return static_cast<std::size_t>(std::count_if(towns_.begin(), towns_.end(), [](const Town& t) { return t.on_the_line; }));
  }
  std::size_t most_calls_in_one_second() const {
    std::size_t most = 0;
    for (const auto& [second, calls] : calls_in_second_) most = std::max(most, calls);
    return most;
  }
  milliseconds shortest_pause() const {
    milliseconds shortest = 24h;
    for (const auto& [town, calls] : calls_of_) {
      for (std::size_t i = 1; i < calls.size(); ++i) shortest = std::min(shortest, calls[i] - calls[i - 1]);
    }
    return shortest;
  }

 private:
  struct Town {
    milliseconds due{0};
    bool on_the_line = true;
  };
  std::uint32_t lot() { return static_cast<std::uint32_t>(random_()); }

  std::mt19937 random_{4711};
  milliseconds now_{0};
  std::vector<Town> towns_ = std::vector<Town>(fleet);
  std::map<std::size_t, std::vector<milliseconds>> calls_of_;
  std::map<std::int64_t, std::size_t> calls_in_second_;
};

}  // namespace

TEST_CASE("backoff: a fleet of 400 that loses its node calls at most once a minute each, and not at one moment") {
  Storm storm;
  storm.lose_all_lines();
  storm.run(30min, Storm::Node::gone);
  CHECK(storm.shortest_pause() >= 60s);
  CHECK(storm.most_calls_in_one_second() <= fleet * 3 / 10);
  storm.run(75s, Storm::Node::there);
  CHECK(storm.on_the_line() == fleet);
}

TEST_CASE("backoff: a fleet of 400 whose memberships end together asks again every ten minutes at most") {
  Storm storm;
  storm.lose_all_lines();
  storm.run(2h, Storm::Node::refuses);
  CHECK(storm.shortest_pause() >= 10min);
  CHECK(storm.most_calls_in_one_second() <= fleet * 3 / 10);
}

TEST_CASE("backoff: a node that starts again at once has everybody back within seconds") {
  Storm storm;
  storm.lose_all_lines();
  storm.run(6s + 10ms, Storm::Node::there);
  CHECK(storm.on_the_line() == fleet);
}

TEST_CASE("backoff: the lot spreads over the whole pause and never below it") {
  for (const CallEnd end : {CallEnd::was_in_sync, CallEnd::failed, CallEnd::refused_by_name, CallEnd::no_network}) {
    CHECK(pause_after(end, 0) < pause_after(end, 0x80000000));
    CHECK(pause_after(end, 0x80000000) < pause_after(end, 0xffffffff));
  }
  CHECK(pause_after(CallEnd::failed, 0) == 60s);
  CHECK(pause_after(CallEnd::failed, 0xffffffff) < 75s);
}

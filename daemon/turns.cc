#include "daemon/turns.h"

#include <algorithm>

namespace kiz {

// A connection may end while it waits.
class Turns::Place {
 public:
  Place(Turns& turns, asio::steady_timer& timer) : turns_(turns), timer_(&timer) { turns_.waiting_.push_back(timer_); }
  ~Place() { std::erase(turns_.waiting_, timer_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Turns& turns_;
  asio::steady_timer* timer_;
};

asio::awaitable<void> Turns::next() {
  if (!waiting_.empty() || !has_time()) {
    asio::steady_timer turn{io_, asio::steady_timer::time_point::max()};
    const Place place{*this, turn};
    asio::error_code ignored;
    co_await turn.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!round_began_) begin_round();
}

void Turns::took() {
  if (!waiting_.empty() && has_time()) waiting_.front()->cancel();
}

// What is posted here runs behind everything that is ready now.
void Turns::begin_round() {
  round_began_ = Clock::now();
  asio::post(io_, [this] {
    round_began_.reset();
    if (waiting_.empty()) return;
    waiting_.front()->cancel();
    begin_round();
  });
}

}  // namespace kiz

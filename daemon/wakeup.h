// How coroutines wait for each other: everything runs on one thread, so a flag that was looked at before the wait began
// cannot change unseen. Look at the state, wait, look again.
#pragma once

#include <algorithm>
#include <asio.hpp>
#include <chrono>
#include <vector>

#include "protocol/sync_session.h"

namespace kiz {

using SteadyPoint = std::chrono::steady_clock::time_point;
inline constexpr SteadyPoint never = SteadyPoint::max();

inline SteadyTime steady_now() {
  return std::chrono::duration_cast<SteadyTime>(std::chrono::steady_clock::now().time_since_epoch());
}
/// As the protocol's machines name their timeouts; rounded up, so that the moment has come when the timer fires.
inline SteadyPoint point_of(SteadyTime time) { return SteadyPoint{time + std::chrono::milliseconds{1}}; }

class Wakeup {
 public:
  explicit Wakeup(asio::io_context& io) : io_(io) {}
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  /// Wakes all who wait now.
  void notify() {
    for (asio::steady_timer* timer : waiting_) timer->cancel();
  }

  /// Returns at the next notify(), or at `until`.
  asio::awaitable<void> wait_until(SteadyPoint until) {
    asio::steady_timer timer{io_};
    timer.expires_at(until);
    const Place place{waiting_, timer};
    asio::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

 private:
  class Place {
   public:
    Place(std::vector<asio::steady_timer*>& waiting, asio::steady_timer& timer) : waiting_(waiting), timer_(&timer) {
      waiting_.push_back(timer_);
    }
    ~Place() { std::erase(waiting_, timer_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    std::vector<asio::steady_timer*>& waiting_;
    asio::steady_timer* timer_;
  };

  asio::io_context& io_;
  std::vector<asio::steady_timer*> waiting_;
};

}  // namespace kiz

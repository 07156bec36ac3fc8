// What `kiz events` follows: each change as a small JSON object. A reader that is too slow loses events and is told so.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "daemon/wakeup.h"
#include "libclient/replica_core.h"
#include "libclient/requests.h"

namespace kiz {

class Events {
 public:
  explicit Events(asio::io_context& io) : io_(io) {}

  /// One reader; stands in the list as long as it lives.
  class Subscription {
   public:
    explicit Subscription(Events& events);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    std::deque<Json> waiting;
    bool lost = false;
    Wakeup arrived;

   private:
    Events& events_;
  };

  /// {"event": "peer", "time", "device": "G-2", "reachable"}
  void peer(const std::string& device, bool reachable);
  /// {"event": "change", "time", "owner", "collection", "entries", "local"} for each space
  void changes(const std::vector<Advance>& advances, bool local);
  /// {"event": "members", "time"}: the control log has grown
  void members();
  /// {"event": "conflicts", "time", "count"} when the number differs from the one told before
  void conflicts(std::uint64_t count);
  bool wanted() const { return !subscriptions_.empty(); }
  /// Ends all subscriptions: their readers are told by an object {"event": "end"}.
  void end();

 private:
  void publish(Json event);

  asio::io_context& io_;
  std::vector<Subscription*> subscriptions_;
  std::optional<std::uint64_t> conflicts_;
};

}  // namespace kiz

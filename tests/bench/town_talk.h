// One connection of a light town to the node: what PeerTalk does, over a store in memory.
#pragma once

#include "protocol/secure_link.h"
#include "tests/bench/light_town.h"

namespace kiz::bench {

class TownTalk {
 public:
  /// `town` must outlive it.
  TownTalk(LightTown& town, SteadyTime now);

  void feed(ByteView in, SteadyTime now);
  Bytes take_output(SteadyTime now);
  void on_time(SteadyTime now);
  std::optional<SteadyTime> next_timeout() const;
  const std::optional<Error>& failure() const { return failure_; }
  bool in_sync() const { return session_ && session_->in_sync(); }

 private:
  SecureLink call(const Cookie& cookie);
  void pump(SteadyTime now);
  bool receive(SteadyTime now);
  bool take_runs();
  void send(const Message& message);

  LightTown& town_;
  SecureLink link_;
  SteadyTime give_up_at_;
  std::unique_ptr<SyncSession> session_;
  std::optional<Error> failure_;
};

}  // namespace kiz::bench

// kizd: the one place that owns store, sockets and coroutines. Everything runs on one thread; a call of the replica runs to
// its end, so between two waits nothing changes behind anybody's back.
#pragma once

#include <asio.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/config.h"
#include "daemon/control_server.h"
#include "daemon/counters.h"
#include "daemon/dialler.h"
#include "daemon/events.h"
#include "daemon/http_server.h"
#include "daemon/listener.h"
#include "daemon/peers.h"
#include "daemon/service_report.h"
#include "daemon/turns.h"
#include "daemon/wakeup.h"
#include "kiz/replica.h"

namespace kiz {

class Server {
 public:
  Server(asio::io_context& io, Config config, CommandLine given);
  ~Server();

  /// Opens the store, if there is one, and the sockets. errors: those of Replica::open, of ControlServer and Listener
  Result<void> start();
  /// Ends in order: says goodbye to peers, answers what was asked, then the loop has nothing left to do.
  void stop();
  bool stopping() const { return stopping_; }
  /// Reads the configuration again: roles and log level take effect, the rest at the next start.
  void reload();

  asio::io_context& io() { return io_; }
  const Config& config() const { return config_; }
  Replica* replica() const { return replica_.get(); }  // null before set-up
  ReplicaOptions replica_options() const;
  /// Takes over a replica that was just set up; it stays even when its addresses cannot be listened on.
  /// errors: those of Listener::open
  Result<void> adopt(std::unique_ptr<Replica> replica);

  Peers& peers() { return peers_; }
  const Peers& peers() const { return peers_; }
  Dialler& dialler() { return dialler_; }
  /// One for each device that is called directly.
  const std::vector<std::unique_ptr<Dialler>>& member_diallers() const { return member_diallers_; }
  /// Lets everybody call now whom this replica calls.
  void dial_now();
  /// The configuration says that this device is called directly.
  bool calls(const TransportKey& device) const;
  /// Does work that takes long on a thread of its own, one piece at a time; `work` owns what it needs.
  asio::awaitable<void> aside(std::function<void()> work);
  Listener& listener() { return listener_; }
  Events& events() { return events_; }
  ControlServer& control() { return control_; }
  Counters& counters() { return counters_; }
  std::uint64_t started_ms() const { return started_ms_; }
  /// True if the store could take a change now (service_report.h).
  bool takes_edits() const { return report_.takes_edits(); }
  /// Notified whenever the state of an exchange may have changed.
  Wakeup& changed() { return changed_; }
  Bytes& read_buffer() { return read_buffer_; }
  Turns& turns() { return turns_; }

  /// After every call that may have changed the replica: pushes what was committed to all peers but `from`, heeds a new
  /// control log, and "offline".
  void settle(const PeerConnection* from = nullptr);
  bool offline() const;
  /// Returns after that time, or as soon as the server stops.
  asio::awaitable<void> pause(std::chrono::milliseconds time);

  /// What requests need to know of the running program.
  Surroundings surroundings();

 private:
  bool look_for_damage();
  asio::awaitable<void> housekeeping();
  void let_old_values_go(bool may_begin);
  asio::awaitable<void> wait_for_signals();
  asio::awaitable<void> end_in_order();
  void follow_offline();
  void follow_metrics();

  asio::io_context& io_;
  Config config_;
  CommandLine given_;
  std::unique_ptr<Replica> replica_;
  Bytes read_buffer_;
  Wakeup changed_;
  Turns turns_;
  Events events_;
  Peers peers_;
  Dialler dialler_;
  std::vector<std::unique_ptr<Dialler>> member_diallers_;  // one for each of Config::peers
  Listener listener_;
  ControlServer control_;
  Counters counters_;
  HttpServer http_;
  asio::signal_set signals_;
  Wakeup stop_;
  ServiceReport report_;
  ControlPosition control_seen_;
  std::uint64_t damage_as_of_ = 0;             // generation
  std::map<LogId, Seq> damage_seen_;           // logs that peers are to send again, store_repair.h
  std::uint64_t started_ms_ = 0;
  bool was_offline_ = false;
  bool stopping_ = false;
  asio::thread_pool workers_{1};  // one: a stretched check number takes 64 MiB
};

/// Starts a coroutine that nobody waits for; what escapes from it is logged as a fault of ours.
void spawn(asio::io_context& io, asio::awaitable<void> task);

}  // namespace kiz

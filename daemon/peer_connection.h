// One connection to another replica: a socket around a PeerTalk. Reads and writes side by side on one thread; what the
// talk commits is durable before anything of it is acknowledged, because the talk does both in this order.
#pragma once

#include <asio.hpp>
#include <memory>
#include <optional>
#include <string>

#include "daemon/wakeup.h"
#include "libclient/peer_talk.h"

namespace kiz {

class Server;

class PeerConnection {
 public:
  /// Stands in the server's list of connections as long as it lives. `server` must outlive it.
  PeerConnection(Server& server, asio::ip::tcp::socket socket, std::unique_ptr<PeerTalk> talk);
  ~PeerConnection();
  PeerConnection(const PeerConnection&) = delete;
  PeerConnection& operator=(const PeerConnection&) = delete;

  /// Talks until one side has had enough.
  asio::awaitable<void> run();

  PeerTalk& talk() { return *talk_; }
  const PeerTalk& talk() const { return *talk_; }
  const asio::ip::address& address() const { return address_; }
  SteadyPoint since() const { return since_; }
  bool established() const { return established_; }
  bool was_in_sync() const { return was_in_sync_; }
  bool dropped() const { return !socket_.is_open(); }

  /// There may be something to send.
  void wake() { wakeup_.notify(); }
  /// Says goodbye, then closes.
  void close();
  /// Closes without a word.
  void drop();

 private:
  asio::awaitable<void> read_loop();
  asio::awaitable<void> write_loop();
  asio::awaitable<bool> send(const Bytes& bytes);
  asio::awaitable<void> linger();
  asio::awaitable<void> guarded(asio::awaitable<void> loop);
  void after_step();
  void log_end() const;

  Server& server_;
  asio::ip::tcp::socket socket_;
  std::unique_ptr<PeerTalk> talk_;
  asio::ip::address address_;
  SteadyPoint since_;
  Wakeup wakeup_;
  bool established_ = false;
  bool in_sync_ = false;
  bool was_in_sync_ = false;
};

}  // namespace kiz

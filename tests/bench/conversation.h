// One end of a connection between two replicas over loopback TCP, driven as the daemon drives it but by poll(): bytes
// in, bytes out, time. Counts what goes over the wire.
#pragma once

#include <memory>

#include "libclient/peer_talk.h"

namespace kiz::bench {

/// A socket that listens on a free port of 127.0.0.1; connects and accepts.
class Loopback {
 public:
  Loopback();
  ~Loopback();
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;
  int connect() const;  // a connected socket, the caller's
  int accept() const;
  int listener() const { return listener_; }

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
};

class Conversation {
 public:
  /// Takes the socket; `replica` must outlive it.
  Conversation(Replica& replica, Side side, int socket);
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  /// Sends what is to be sent, waits for bytes at most so long, takes them in. False: the peer is gone.
  /// Throws when the talk failed.
  bool turn(int wait_ms);
  /// turn() until both hold the same; throws after a minute without progress.
  void until_in_sync();
  /// After a local commit: what it added goes out with the next turn().
  void tell_commits();

  /// For whoever waits for many at once: turn(0) when there is something, or when has_more_to_send() and there is room.
  int socket() const { return socket_; }
  bool has_more_to_send() const { return sent_ < unsent_.size(); }
  void tell(const std::vector<Advance>& advances) { talk_->on_commit(advances); }

  const PeerTalk& talk() const { return *talk_; }
  std::uint64_t wire_bytes() const { return wire_bytes_; }  // both directions

 private:
  void send_all();

  Replica& replica_;
  int socket_;
  std::unique_ptr<PeerTalk> talk_;
  Bytes unsent_;
  std::size_t sent_ = 0;  // of unsent_
  std::uint64_t wire_bytes_ = 0;
};

}  // namespace kiz::bench

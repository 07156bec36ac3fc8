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

/// Talk: PeerTalk, or TownTalk (town_talk.h).
template <class Talk>
class Line {
 public:
  /// Takes the socket.
  Line(std::unique_ptr<Talk> talk, int socket);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// Sends what is to be sent, waits for bytes at most so long, takes them in. False: the peer is gone.
  /// Throws when the talk failed.
  bool turn(int wait_ms);
  /// turn() until both hold the same; throws after a minute without progress.
  void until_in_sync();

  /// turn() until nothing has moved for 250 ms: wire_bytes() is then what the exchange took, as other systems are counted.
  void until_quiet();

  /// For whoever waits for many at once: turn(0) when there is something, or when has_more_to_send() and there is room.
  int socket() const { return socket_; }
  bool has_more_to_send() const { return sent_ < unsent_.size(); }

  const Talk& talk() const { return *talk_; }
  std::uint64_t wire_bytes() const { return wire_bytes_; }  // both directions

 protected:
  std::unique_ptr<Talk> talk_;

 private:
  void send_all();

  int socket_;
  Bytes unsent_;
  std::size_t sent_ = 0;  // of unsent_
  std::uint64_t wire_bytes_ = 0;
};

class Conversation : public Line<PeerTalk> {
 public:
  /// `replica` must outlive it.
  Conversation(Replica& replica, Side side, int socket);

  /// After a local commit: what it added goes out with the next turn().
  void tell_commits();
  void tell(const std::vector<Advance>& advances) { talk_->on_commit(advances); }

 private:
  Replica& replica_;
};

}  // namespace kiz::bench

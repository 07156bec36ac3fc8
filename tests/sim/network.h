// One connection between an office and the hub: bytes under way in both directions, carried in pieces of any size, and
// lost with the connection at any byte.
#pragma once

#include <memory>

#include "libclient/peer_talk.h"
#include "tests/support/memory_vfs.h"

namespace kiz::sim {

/// What both ends have said so far, for the trace and for whoever listens on the wire.
struct Wire {
  virtual ~Wire() = default;
  virtual void sent(ByteView bytes) = 0;
};

class Connection {
 public:
  /// Both cores must outlive it. Not dialled: the office does not know the Kreis.
  static std::unique_ptr<Connection> dial(ReplicaCore& office, ReplicaCore& hub, Wire& wire, SteadyTime now);

  enum class End { office, hub };
  PeerTalk& talk(End end) { return end == End::office ? *office_ : *hub_; }

  /// Takes what the ends want to say onto the wire.
  void collect(SteadyTime now);
  /// Carries between 1 and `max` bytes to this end. False: nothing was under way to it.
  bool deliver(End to, std::size_t max, test::SeededRandom& random, SteadyTime now);
  void on_time(SteadyTime now);

  bool silent() const { return to_office_.empty() && to_hub_.empty(); }
  bool finished() const { return office_->finished() || hub_->finished(); }
  bool in_sync() const { return office_->in_sync() && hub_->in_sync(); }

 private:
  Connection(std::unique_ptr<PeerTalk> office, std::unique_ptr<PeerTalk> hub, Wire& wire)
      : office_(std::move(office)), hub_(std::move(hub)), wire_(wire) {}

  std::unique_ptr<PeerTalk> office_;
  std::unique_ptr<PeerTalk> hub_;
  Wire& wire_;
  Bytes to_office_;
  Bytes to_hub_;
};

}  // namespace kiz::sim

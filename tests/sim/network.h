// One connection between two replicas: bytes under way in both directions, carried in pieces of any size, late, or in one
// direction only, and lost with the connection at any byte.
#pragma once

#include <deque>
#include <memory>

#include "libclient/peer_talk.h"
#include "tests/support/memory_vfs.h"

namespace kiz::sim {

/// What both ends have said so far, for the trace and for whoever listens on the wire.
struct Wire {
  virtual ~Wire() = default;
  virtual void sent(ByteView bytes) = 0;
};

/// What the program of each end can do beside the session.
struct Programs {
  SyncOptions caller, answerer;
};

class Link {
 public:
  /// Both cores must outlive it. Null: the caller does not know the Kreis.
  static std::unique_ptr<Link> dial(ReplicaCore& caller, ReplicaCore& hub, Wire& wire, SteadyTime now, const Programs& programs = {});
  /// The same to a member's device. Null: no realm secret yet, or the device is locked out.
  static std::unique_ptr<Link> dial_member(ReplicaCore& caller, ReplicaCore& member, const TransportKey& key, Wire& wire,
                                           SteadyTime now, const Programs& programs = {});

  enum class End { caller, answerer };
  PeerTalk& talk(End end) { return end == End::caller ? *caller_ : *answerer_; }

  /// Takes what this end wants to say onto the wire.
  void collect(End from, SteadyTime now);
  /// Carries between 1 and `max` bytes to this end. False: nothing has got so far.
  bool deliver(End to, std::size_t max, test::SeededRandom& random, SteadyTime now);
  /// Changes a bit of what is under way, or puts up to a mebibyte of other bytes in front of it. False: nothing is.
  bool garble(test::SeededRandom& random);
  /// Until both are silent.
  void exchange_all(test::SeededRandom& random, SteadyTime now);

  bool silent() const { return way_[0].empty() && way_[1].empty(); }
  bool finished() const { return caller_->finished() || answerer_->finished(); }
  bool in_sync() const { return caller_->in_sync() && answerer_->in_sync(); }

  SteadyTime delay{0};

 private:
  struct Parcel {
    Bytes bytes;
    std::size_t taken = 0;
    SteadyTime due{0};
  };

  Link(std::unique_ptr<PeerTalk> caller, std::unique_ptr<PeerTalk> answerer, Wire& wire)
      : caller_(std::move(caller)), answerer_(std::move(answerer)), wire_(wire) {}

  std::unique_ptr<PeerTalk> caller_;
  std::unique_ptr<PeerTalk> answerer_;
  Wire& wire_;
  std::deque<Parcel> way_[2];  // to the caller, to the answerer
};

}  // namespace kiz::sim

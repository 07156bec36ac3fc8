// A realm for stateful targets: the Kreis and two towns as real replicas with a few logs, on disks in memory. One replica
// talks, behind an accepted channel, with somebody who has the keys of a member and says what the input says.
#pragma once

#include <memory>

#include "kiz/replica.h"
#include "protocol/sync_session.h"
#include "tests/fuzz/script.h"

namespace kiz::fuzz {

class SessionStage {
 public:
  /// `side` is that of the replica under test: the responder is the Kreis, whom a town calls; the initiator is that town.
  explicit SessionStage(Side side);
  ~SessionStage();

  /// Plays the script. Afterwards the replica is what it was before.
  void play(Script script);
  /// What the other side says in a right conversation: with a memory of the last one, and without.
  std::vector<Bytes> conversations();

 private:
  struct Machine;
  class Talk;

  void write_offer(Machine& machine, const char* title);
  void exchange(Machine& town);
  Bytes record();
  void put_back();

  Side side_;
  std::unique_ptr<Machine> kreis_, ahaus_, bocholt_;
  Machine* tested_;
  Machine* other_;
};

}  // namespace kiz::fuzz

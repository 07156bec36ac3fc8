// What two replicas tell each other beside the sync session, so that it shows when one of them derives wrongly, and when
// somebody between them hides entries. Rules: SPEC.md §10.11. Nothing is told to a peer that has not said it looks.
#pragma once

#include <deque>
#include <map>

#include "libclient/peer_source.h"
#include "protocol/message.h"
#include "protocol/sync_session.h"

namespace kiz {

class StateTalk {
 public:
  /// `core` and `source` must outlive it.
  StateTalk(ReplicaCore& core, const PeerSource& source, const TransportKey& peer, Side side)
      : core_(core), source_(source), peer_(peer), side_(side) {}

  static bool concerns(MessageKind kind);
  /// The peer's next message of a kind that concerns it. errors: malformed, not_canonical, over_limit; no_space, io_error
  Result<void> receive(const Message& message);
  /// The peer looks: tells what is due. `in_sync`: both hold the same now.
  void look(bool in_sync, SteadyTime now);
  /// The next message to send.
  std::optional<Message> next();

 private:
  struct Round {  // of one space; a comparison hours later is another one
    std::uint64_t began_ms = 0;
    bool told = false, answered = false, evaluated = false;  // anew
  };

  Result<void> on_states(const Message& message);
  Result<void> on_state(const Space& space, SpaceSlot& slot, const Hash& told);
  Result<void> on_proven_heads(const Message& message);
  void tell_states();
  void tell_heads();
  Round& round_of(const Space& space);
  void answer(const Space& space, SpaceSlot& slot);
  States empty_states() const;

  ReplicaCore& core_;
  const PeerSource& source_;
  TransportKey peer_;
  Side side_;
  std::optional<SteadyTime> in_sync_since_;
  bool heads_considered_ = false;
  std::size_t heads_taken_ = 0;   // messages
  std::size_t head_tries_ = 4096;  // signatures of them that are looked at: of an unknown log several authors are tried
  std::map<Space, Round> rounds_;
  std::deque<Message> out_;
};

}  // namespace kiz

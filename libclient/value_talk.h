// What two replicas say beside the sync session once both hold the same: values that one lacks, and checkpoints that the
// authority wants signed. Rules: SPEC.md §10.10, §15. Nothing is asked of a peer that has not said it answers.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "libclient/replica_core.h"
#include "protocol/message.h"
#include "protocol/sync_session.h"

namespace kiz {

class ValueTalk {
 public:
  /// `core` must outlive it.
  ValueTalk(ReplicaCore& core, const TransportKey& peer) : core_(core), peer_(peer) {}

  static bool concerns(MessageKind kind);
  /// The peer's next message of a kind that concerns it. errors: malformed, not_canonical, over_limit
  Result<void> receive(const Message& message);
  /// Both hold the same and the peer answers: looks what is wanted. At most once a minute.
  void look(SteadyTime now);
  /// The next message to send.
  std::optional<Message> next();
  /// True while an answer is owed or wanted: who hangs up now goes without it.
  bool waits() const { return asking_ || !to_ask_.empty() || answering_; }
  /// True once after a control record was issued.
  bool take_control_changed() { return std::exchange(control_changed_, false); }
  /// Values that were put back.
  std::uint64_t mended() const { return mended_; }

 private:
  const Device* peer_device() const;
  Result<void> on_wanted(const Message& message);
  Result<void> on_given(const Message& message);
  Result<void> on_checkpoint_wanted(const Message& message);
  Result<void> on_checkpoint_signed(const Message& message);

  ReplicaCore& core_;
  TransportKey peer_;
  std::optional<SteadyTime> looked_at_;
  std::uint64_t looked_generation_ = 0;
  std::set<CellName> asked_;              // in this session: each once
  std::deque<ValuesWanted> to_ask_;
  bool asking_ = false;                   // one question at a time
  SteadyTime give_up_at_{};
  SteadyTime now_{};
  std::optional<ValuesWanted> answering_;
  std::size_t answered_ = 0;              // cells of it that were looked at
  std::deque<Message> out_;               // about checkpoints
  std::set<Hash> claims_;                 // claims that were sent
  bool control_changed_ = false;
  std::uint64_t mended_ = 0;
};

}  // namespace kiz

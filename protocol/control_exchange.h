// How two replicas get to the same control log: who is behind gets records, who stands on a closed branch gets the new
// epoch, and two branches of one epoch are shown to both sides and left alone. Rules: SPEC.md "Control log first".
#pragma once

#include <optional>
#include <vector>

#include "protocol/message.h"
#include "protocol/sync_source.h"

namespace kiz {

class ControlExchange {
 public:
  explicit ControlExchange(const SyncSource& source) : source_(source) {}

  /// The peer said where it stands, in its hello or later.
  void peer_at(const ControlPosition& position);
  /// Our own log has grown.
  void own_changed();
  /// What the peer sent was not accepted here.
  void own_refused() { stuck_ = true; }
  /// The peer's record at a place where ours may differ. True if it really does: proof of two branches.
  /// errors   malformed and the others of decode_control_record
  Result<bool> peer_proved(ByteView record);

  /// Records or a proof to send; empty when there is nothing.
  std::optional<Message> next_message();

  const std::optional<ControlPosition>& peer() const { return theirs_; }
  /// Both stand at the same position.
  bool equal() const;
  /// Equal, or it is known that they will not become so: data goes on by what each holds.
  bool settled() const { return equal() || forked_ || stuck_; }
  /// We have sent, and the peer owes us its position.
  bool awaits_peer() const { return theirs_ && !settled(); }

 private:
  void plan(bool repeated);
  void offer(Seq first, bool repeated);

  const SyncSource& source_;
  std::optional<ControlPosition> theirs_;
  Seq next_ = 0;            // next record to send; 0: none
  Seq sent_through_ = 0;    // last record sent in this epoch of ours
  std::uint64_t sent_epoch_ = 0;
  std::optional<Seq> proof_;  // to send
  bool proof_sent_ = false;
  bool forked_ = false;  // two branches in one epoch
  bool stuck_ = false;   // the peer got all we have and stays where it was
};

}  // namespace kiz

// A replica as one sync session sees it (protocol/sync_source.h), over the store.
#pragma once

#include "libclient/replica_core.h"
#include "protocol/sync_source.h"

namespace kiz {

class PeerSource final : public SyncSource {
 public:
  /// peer: transport key of the device on the other side; must be a member's. `core` must outlive it.
  PeerSource(ReplicaCore& core, const TransportKey& peer) : core_(core), peer_(peer) {}

  RealmId realm() const override { return core_.realm(); }
  ControlPosition control_position() const override { return core_.control().position(); }
  std::optional<ControlPosition> control_at(Seq seq) const override;
  std::vector<Bytes> control_records(Seq first, std::size_t bytes_max) const override;
  Seq first_after_epoch(std::uint64_t epoch) const override;

  std::vector<SpaceDigest> shared_spaces() const override;
  /// heads() of a space with their authors' signatures, as far as those are held.
  std::vector<SignedHead> signed_heads(const Space& space) const;
  bool is_shared(const Space& space) const override;
  std::vector<Head> heads(const Space& space) const override;

  std::optional<EntryHash> hash_at(const LogId& log, Seq seq, const EntryHash& tip) const override;
  Result<RunPiece> read_run(const LogId& log, const Point& after, const EntryHash& tip, std::size_t bytes_max) const override;

  std::optional<std::vector<Advance>> unacknowledged() const override;
  std::vector<SignedHead> peer_device_heads() const override;
  std::vector<Head> own_heads() const override;
  std::vector<Head> own_heads_acknowledged() const override;
  bool hands_in() const override;
  std::vector<Advance> to_hand_in(const std::vector<Head>& held_there) const override;

 private:
  const std::vector<SpaceSlot*>& shared_slots() const;  // ascending by space
  Result<RunPiece> read_stored_run(const SpaceSlot& slot, const LogId& log, const Point& after, const EntryHash& tip, std::size_t bytes_max) const;
  Place end_of_run(const SpaceSlot& slot, const EntryHash& tip) const;

  ReplicaCore& core_;
  TransportKey peer_;
  // Asked for with each summary, while it seldom changes: with thousands of towns most spaces are not shared.
  mutable std::vector<SpaceSlot*> shared_;
  mutable std::size_t open_looked_at_ = 0, own_looked_at_ = 0;  // of ReplicaCore::candidates()
  mutable std::uint64_t as_of_ = 0;    // ReplicaCore::sharing()
};

/// Passes on what a session says of its peer to the replica's memory. Returns a sentence's worth for the log where a
/// person must know of it: own heads lost, a second branch of the control log.
enum class PeerNews : std::uint8_t { nothing, own_tail_lost, control_forked, refused };
PeerNews take_event(ReplicaCore& core, const TransportKey& peer, const SyncEvent& event);

}  // namespace kiz

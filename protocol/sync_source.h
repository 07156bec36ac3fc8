// The window through which a sync session sees this replica. Rules: SPEC.md "Sync session".
//
// One SyncSource speaks about one peer: "shared" means that both this replica's member and the peer's member may read a
// space, as of the control log held now. SQLite implements it over the store, MemoryReplica in tests. Nothing in here
// changes the replica; what arrives is committed by the driver, which then tells the session.
//
// Heads are those of stored entries that are not quarantined: waiting and void ones count, or they would be sent again and
// again. A cut log ends at its cut. A forked log has one head per branch.
#pragma once

#include <optional>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "protocol/message.h"

namespace kiz {

struct SpaceDigest {
  Space space;
  Hash digest;  // of the space's heads

  auto operator<=>(const SpaceDigest&) const = default;
};

/// A log of a space has grown, or is to be sent: entries behind `after` up to `head`.
struct Advance {
  Space space;
  Point after;  // seq 0: from the first entry
  Head head;

  auto operator<=>(const Advance&) const = default;
};

/// A stretch of a log as it is sent.
struct RunPiece {
  Bytes bytes;  // canonical bytes of a Run (entry.h), at most limits::run_bytes_max
  Head last;    // its last entry
};

class SyncSource {
 public:
  virtual ~SyncSource() = default;

  virtual RealmId realm() const = 0;

  // ---- control log
  virtual ControlPosition control_position() const = 0;
  /// Of the record with this seq; empty where none is held.
  virtual std::optional<ControlPosition> control_at(Seq seq) const = 0;
  /// Encoded records from `first` on: at least one where there is one, then as many as fit into bytes_max.
  virtual std::vector<Bytes> control_records(Seq first, std::size_t bytes_max) const = 0;
  /// Seq of the first record of a later epoch than this; 0 where there is none.
  virtual Seq first_after_epoch(std::uint64_t epoch) const = 0;

  // ---- shared spaces
  /// Shared spaces that hold anything, ascending.
  virtual std::vector<SpaceDigest> shared_spaces() const = 0;
  /// By rights alone, whether anything is held or not.
  virtual bool is_shared(const Space& space) const = 0;
  /// Ascending; at most limits::heads_max.
  virtual std::vector<Head> heads(const Space& space) const = 0;

  // ---- entries
  /// Hash of the entry at `seq` on the branch that leads to the entry `tip` (which may be that entry itself).
  /// Empty where `tip` is not held in this log or quarantined, where it stands before `seq`, and for seq 0.
  virtual std::optional<EntryHash> hash_at(const LogId& log, Seq seq, const EntryHash& tip) const = 0;
  /// Entries directly behind `after` on the branch that leads to `tip`: up to the last stored signature that fits into
  /// bytes_max, but at least up to the next one. A run goes past `tip` only where the log was cut in the middle of what
  /// was signed as one; `last` names `tip` then.
  /// errors   whatever the store has to say; the session leaves out this log and goes on
  virtual Result<RunPiece> read_run(const LogId& log, const Point& after, const EntryHash& tip,
                                    std::size_t bytes_max) const = 0;

  // ---- what is known of the peer
  /// What the peer has neither acknowledged nor sent, by all sessions before, in shared spaces. Empty optional: nothing is
  /// remembered about this peer, ask it. May be wrong (the peer may have lost something, or got it elsewhere), but `after`
  /// lies on the branch to `head`.
  virtual std::optional<std::vector<Advance>> unacknowledged() const = 0;
  /// Heads of the logs that the peer's device wrote in shared spaces, with its signatures; ascending, at most
  /// limits::own_heads_max. Of a device that is locked out: of all its logs, and of entries of every state.
  virtual std::vector<SignedHead> peer_device_heads() const = 0;
  /// Heads of this device's own logs in shared spaces, ascending.
  virtual std::vector<Head> own_heads() const = 0;
  /// The same as the peer acknowledged or sent them last.
  virtual std::vector<Head> own_heads_acknowledged() const = 0;

  // ---- handing in
  /// True when this device is locked out: it shares nothing any more, and only hands in what it wrote itself.
  virtual bool hands_in() const { return false; }
  /// What this device wrote and the peer, which holds these heads of it, lacks: of every state, in every space.
  virtual std::vector<Advance> to_hand_in(const std::vector<Head>&) const { return {}; }
};

}  // namespace kiz

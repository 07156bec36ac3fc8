// A town of which thousands fit into one process: keys, handshakes, sessions, entries and signatures are real, its store is
// memory, and nothing is merged. The node at the other end sees no difference.
//
// What all towns of a process would compute alike is computed once: the control log is checked when it is read, and a run
// that has come to one town is known by the hash of its bytes when it comes to the next.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "protocol/entry.h"
#include "protocol/membership.h"
#include "protocol/secret.h"
#include "protocol/sync_session.h"
#include "protocol/sync_source.h"
#include "tests/bench/bench_realm.h"

namespace kiz::bench {

/// A device's keys, always the same for a seed and a number: whoever admits it and whoever plays it make them alike.
struct TownKeys {
  crypto::SigningKey author;
  SecretKey32 transport;

  TownKeys(std::uint32_t seed, std::size_t number);
  DeviceKeys open() const;
};

/// A run that was checked, without its values.
struct HeldRun {
  LogId log;
  Genesis genesis;
  Seq first = 0;
  EntryHash before;
  std::vector<EntryHash> hashes;
  Signature signature;

  Seq last() const { return first + hashes.size() - 1; }
};

/// What the towns of one process have in common.
class CommonGround {
 public:
  /// records: the whole control log. node: the key that all towns call. Throws where the log does not hold.
  CommonGround(const std::vector<Bytes>& records, const TransportKey& node);

  const ControlLog& control() const { return control_; }
  const Membership& membership() const { return membership_; }
  const Device& node() const { return *node_; }

  /// A run with links and signature checked, now or when another town had it. Null: it does not hold.
  const HeldRun* check(ByteView run);
  const HeldRun& keep(HeldRun run);  // of a town's own
  /// Where an entry stands that any town has.
  struct Place {
    LogId log;
    Seq seq = 0;
  };
  const Place* place_of(const EntryHash& entry) const;

 private:
  ControlLog control_;
  Membership membership_;
  const Device* node_ = nullptr;
  std::unordered_map<LogId, Genesis, PrefixHash> geneses_;
  std::unordered_map<Hash, const HeldRun*, PrefixHash> by_bytes_;
  std::vector<std::unique_ptr<HeldRun>> runs_;
  std::unordered_map<EntryHash, Place, PrefixHash> places_;
};

class LightTown final : public SyncSource {
 public:
  /// `common` must outlive it.
  LightTown(CommonGround& common, MemberId member, TownKeys keys);

  const MemberId& member() const { return member_; }
  const TownKeys& keys() const { return keys_; }
  const CommonGround& common() const { return common_; }

  /// An edit of its own: one entry with its signature.
  void edit(const Space& space, std::vector<Op> ops);
  /// Entries that it holds of the node's log of offers.
  Seq offers_of_node() const;

  RunReport take(ByteView run);
  void remember(const SyncEvent& event);
  bool has_realm_secret = false;

  // ---- SyncSource
  RealmId realm() const override;
  ControlPosition control_position() const override;
  std::optional<ControlPosition> control_at(Seq seq) const override;
  std::vector<Bytes> control_records(Seq, std::size_t) const override { return {}; }  // the node lacks none
  Seq first_after_epoch(std::uint64_t) const override { return 0; }                   // there is one
  std::vector<SpaceDigest> shared_spaces() const override;
  bool is_shared(const Space& space) const override;
  std::vector<Head> heads(const Space& space) const override;
  std::optional<EntryHash> hash_at(const LogId& log, Seq seq, const EntryHash& tip) const override;
  Result<RunPiece> read_run(const LogId& log, const Point& after, const EntryHash& tip, std::size_t bytes_max) const override;
  std::optional<std::vector<Advance>> unacknowledged() const override;
  std::vector<SignedHead> peer_device_heads() const override;
  std::vector<Head> own_heads() const override;
  std::vector<Head> own_heads_acknowledged() const override;

 private:
  struct Log {
    Genesis genesis;
    std::vector<const HeldRun*> runs;  // each goes on where the one before ends
    std::vector<EntryBody> bodies;     // of an own log, whose runs are of one entry

    Head head() const { return {runs.back()->log, runs.back()->last(), runs.back()->hashes.back()}; }
    const EntryHash& at(Seq seq) const;
  };

  CommonGround& common_;
  MemberId member_;
  TownKeys keys_;
  std::map<LogId, Log> logs_;
  std::map<LogId, Head> acknowledged_;  // by the node, of its own logs
  bool has_met_ = false;
};

}  // namespace kiz::bench

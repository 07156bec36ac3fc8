// A replica in memory, for tests of the sync session: real control records, real runs with real signatures, no merge.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/control_log.h"
#include "protocol/entry.h"
#include "protocol/membership.h"
#include "protocol/sync_session.h"
#include "protocol/sync_source.h"

namespace kiz::test {

inline const MemberId borken = "05554";    // the authority
inline const MemberId ahaus = "05554004";
inline const MemberId bocholt = "05554008";
inline const MemberId gronau = "05554020";

crypto::SigningKey device_key(std::uint8_t number);

/// The authority of a realm: makes the control records that replicas hold.
class TestRealm {
 public:
  TestRealm();
  void add(const ControlBody& body);
  void open_epoch(const ControlPosition& last_good);
  /// A device of this member, with the author key device_key(number).
  void grant(const MemberId& member, std::uint8_t number);
  const ControlLog& control() const { return log_; }
  const crypto::SigningKey& issuing() const { return *issuing_; }
  RealmId id() const { return log_.realm(); }

 private:
  std::unique_ptr<crypto::SigningKey> root_;
  std::unique_ptr<crypto::SigningKey> issuing_;
  ControlLog log_;
};

/// Runs that one replica has checked, by the hash of their bytes, with the hashes of their entries.
using CheckedRuns = std::unordered_map<Hash, std::vector<EntryHash>, PrefixHash>;

class MemoryReplica {
 public:
  MemoryReplica(const TestRealm& realm, MemberId member, std::uint8_t number);

  const MemberId& member() const { return member_; }
  AuthorKey author() const { return key_.author(); }
  ControlLog& control() { return control_; }
  const ControlLog& control() const { return control_; }
  void follow(const TestRealm& realm) { control_ = realm.control(); read_membership(); }
  /// Appends what it can. False: something was refused.
  bool take_control(const std::vector<Bytes>& records);

  Space space(Collection collection, const MemberId& owner = {}) const;
  /// One entry in a space of the own member, with this text as its only value; signed.
  Advance write(const Space& space, const std::string& text);
  /// `count` entries under one signature for each run of 200; texts of `bytes` length.
  void write_many(const Space& space, std::size_t count, std::size_t bytes);
  /// Later entries go into a new log, as after a restored backup.
  void new_incarnation() { ++incarnation_; }

  /// Checks and stores a run as a store would. `grown` gets what is new.
  RunReport ingest(ByteView run, std::vector<Advance>& grown);

  /// Heads of a space, ascending.
  std::vector<Head> heads(const Space& space) const;
  std::vector<Space> spaces() const;
  /// Texts of all entries of a space, sorted: equal exactly when the same entries are held.
  std::vector<std::string> texts(const Space& space) const;
  std::size_t entry_count() const { return entries_.size(); }
  /// Copies that lose things: what a restored backup or a cloned machine is. `other` must be of the same device.
  MemoryReplica copy() const;

  // ---- what a driver remembers of peers, by author key of the peer's device
  void remember(const AuthorKey& peer, const Head& head);
  void remember_all(const AuthorKey& peer, const std::vector<Space>& shared);
  void remember_space(const AuthorKey& peer, const Space& space, const std::vector<Head>& heads);
  void forget_peer(const AuthorKey& peer) { remembered_.erase(peer); }

  /// What others have checked is taken on their word, for thousands of replicas in one process. Null: checks all itself.
  CheckedRuns* checked_by_others = nullptr;

  // ---- faults
  std::optional<Space> unreadable;         // read_run fails
  std::map<LogId, Errc> refuses;           // ingest answers with this
  std::map<Space, Errc> refuses_space;
  std::optional<std::size_t> log_branches;  // more are refused

 private:
  friend class MemorySource;
  struct Stored {
    LogId log;
    Seq seq = 0;
    EntryHash before;
    EntryBody body;
    std::size_t bytes = 0;
    std::optional<Signature> signature;
  };
  struct Log {
    Genesis genesis;
    std::vector<std::vector<EntryHash>> branches;  // each from seq 1; branches share their first entries
  };

  void read_membership() { membership_ = Membership{control_}; }
  LogId own_log(const Space& space);
  Result<VerifiedRun> check(Run run, ByteView bytes, const AuthorKey& author) const;
  Advance append(const Space& space, const std::string& text, bool sign);
  const std::vector<EntryHash>* branch_to(const LogId& log, const EntryHash& tip) const;
  std::optional<EntryHash> hash_at(const LogId& log, Seq seq, const EntryHash& tip) const;

  crypto::SigningKey key_;
  std::uint8_t number_;
  MemberId member_;
  std::uint8_t incarnation_ = 0;
  ControlLog control_;
  Membership membership_;
  std::map<EntryHash, Stored> entries_;
  std::map<LogId, Log> logs_;
  std::map<AuthorKey, std::map<LogId, std::vector<Head>>> remembered_;
};

/// What one session sees of a replica.
class MemorySource : public SyncSource {
 public:
  MemorySource(const MemoryReplica& replica, MemberId peer_member, const AuthorKey& peer);

  RealmId realm() const override;
  ControlPosition control_position() const override;
  std::optional<ControlPosition> control_at(Seq seq) const override;
  std::vector<Bytes> control_records(Seq first, std::size_t bytes_max) const override;
  Seq first_after_epoch(std::uint64_t epoch) const override;
  std::vector<SpaceDigest> shared_spaces() const override;
  bool is_shared(const Space& space) const override;
  std::vector<Head> heads(const Space& space) const override;
  std::optional<EntryHash> hash_at(const LogId& log, Seq seq, const EntryHash& tip) const override;
  Result<RunPiece> read_run(const LogId& log, const Point& after, const EntryHash& tip, std::size_t bytes_max) const override;
  std::optional<std::vector<Advance>> unacknowledged() const override;
  std::vector<SignedHead> peer_device_heads() const override;
  std::vector<Head> own_heads() const override;
  std::vector<Head> own_heads_acknowledged() const override;

  mutable std::vector<Space> heads_asked;  // tests look which spaces were told about

 private:
  const MemoryReplica& replica_;
  MemberId peer_member_;
  AuthorKey peer_;
};

}  // namespace kiz::test

// The inside of a replica: store, keys, clock and control log under one roof, and the one commit path that local edits
// and received entries share. Embedding programs use kiz/replica.h; the daemon, enrolment and the simulator use this.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "kiz/progress.h"
#include "kiz/replica.h"
#include "libclient/peer_memory.h"
#include "libclient/space_slot.h"
#include "libclient/sqlite.h"
#include "libclient/store_files.h"
#include "protocol/clock.h"
#include "protocol/control_log.h"
#include "protocol/membership.h"
#include "protocol/sync_session.h"

namespace kiz {

class ReplicaCore {
 public:
  /// Opens what is there, or makes it (keys, empty store) when `device_name` is given.
  static Result<std::unique_ptr<ReplicaCore>> open(ReplicaOptions options, const std::optional<std::string>& device_name);
  ~ReplicaCore();
  ReplicaCore(const ReplicaCore&) = delete;
  ReplicaCore& operator=(const ReplicaCore&) = delete;

  // ---- who and when
  const ControlLog& control() const { return control_; }
  const Membership& membership() const { return membership_; }
  const Device* own_device() const { return membership_.device(files_->author()); }
  StoreFiles& files() { return *files_; }
  const StoreFiles& files() const { return *files_; }
  const ReplicaOptions& options() const { return options_; }
  std::uint64_t now_ms() const;
  Millis now() const;
  void random(std::span<std::uint8_t> out) const;

  // ---- spaces
  SpaceSlot* slot(const Space& space) const;  // null: nothing of it is held
  SpaceSlot* slot(SpaceNumber number) const;
  SpaceSlot* slot_of(const LogId& log) const;
  std::vector<SpaceSlot*> slots() const;  // ascending by space
  Sql& db() const { return *db_; }

  // ---- the commit path
  Result<Committed> commit(const Edit& edit, const Actor& actor, const Watch& watch = {});
  /// Takes runs of a peer in one transaction; one report for each, in order.
  /// errors: no_space, io_error, damaged (then none of them was taken)
  Result<std::vector<RunReport>> ingest(std::span<const IncomingRun> runs);
  /// Takes control records of a peer, up to the first that does not fit.
  /// errors: what ControlLog::append says of that one; no_space, io_error
  Result<void> ingest_control(std::span<const Bytes> records);
  /// The authority's next record. errors: not_permitted (no issuing key here), no_space, io_error
  Result<ControlPosition> issue(const ControlBody& body);

  /// What commits have added since the last call: sessions push it.
  std::vector<Advance> take_advances();
  /// Counts commits that changed control log or entries.
  std::uint64_t generation() const { return generation_; }

  // ---- what peers said
  void remember_acknowledged(const TransportKey& peer, const Space& space, const Head& head);
  void remember_peer_heads(const TransportKey& peer, const Space& space, const std::vector<Head>& heads);
  void remember_peer_holds_all(const TransportKey& peer);
  const PeerMemory& peers() const { return peers_; }
  /// Writes what is remembered without waiting for the next commit; before closing, or when idle.
  Result<void> save_peer_memory();
  /// Heads of our own logs that a peer holds: a head that is ours by signature and not held here proves that this store
  /// was put back or copied; the next edit opens a new incarnation. True if so.
  bool consider_own_heads(const std::vector<SignedHead>& heads);

  // ---- figures
  Hash state_hash(SpaceSlot& slot) const;

  /// Runs `change` in one transaction; what waits in memory is written before it commits. After a failure nothing has
  /// changed, and what was derived in memory is read anew.
  template <class Change>
  auto write(Change change) -> decltype(change());

 private:
  ReplicaCore() = default;

  void load_control();
  void load_slots();
  void drop_slots();
  SpaceSlot& slot_for(const Space& space);  // makes it where nothing is held; inside write()
  void flush();
  void observe_tips();
  void follow_control();  // inside write()
  RunReport take_run(const Space& space, const VerifiedRun& run, const AuthorKey& author);  // inside write()

  friend class EntryAuthor;

  ReplicaOptions options_;
  std::unique_ptr<StoreFiles> files_;
  std::unique_ptr<Sql> db_;
  ControlLog control_;
  Membership membership_;
  Clock clock_;
  PeerMemory peers_;
  std::map<Space, std::unique_ptr<SpaceSlot>> slots_;
  mutable std::map<SpaceNumber, std::pair<std::uint64_t, Hash>> hashed_;  // by generation of the space
  std::vector<Advance> advances_;
  std::uint64_t generation_ = 0;
  bool lost_own_tail_ = false;
};

template <class Change>
auto ReplicaCore::write(Change change) -> decltype(change()) {
  try {
    const int changes_before = sqlite3_total_changes(db_->connection());
    std::optional<decltype(change())> refused;
    {
      Transaction transaction{*db_};
      auto out = change();
      if (out) {
        flush();
        transaction.commit();
        ++generation_;
        return out;
      }
      refused = std::move(out);
    }
    if (sqlite3_total_changes(db_->connection()) != changes_before) {
      drop_slots();
    } else {
      flush();  // nothing to write; lets go of what was read
    }
    return std::move(*refused);
  } catch (const SqlFailure& failure) {
    drop_slots();
    return failure.error();
  } catch (...) {  // a Watch that ends what goes on
    drop_slots();
    throw;
  }
}

}  // namespace kiz

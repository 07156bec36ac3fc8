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
#include "libclient/intake_budget.h"
#include "libclient/peer_memory.h"
#include "libclient/space_slot.h"
#include "libclient/sqlite.h"
#include "libclient/store_files.h"
#include "protocol/clock.h"
#include "protocol/control_branch.h"
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
  /// The realm that this replica belongs to, or is being restored for; zero before.
  RealmId realm() const;
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
  std::vector<SpaceSlot*> slots_read_by(const MemberId& member) const;  // the same, of what a member may read
  /// Where what a member may read is to be looked for: of spaces that are private to others there may be thousands. Both
  /// lists are in the order in which the spaces came into being here, and only grow while sharing() stays.
  struct Candidates {
    const std::vector<SpaceSlot*>& open;
    const std::vector<SpaceSlot*>& own;
  };
  Candidates candidates(const MemberId& member) const;
  /// Counts what may change who shares a space already held, and what makes spaces anew.
  std::uint64_t sharing() const { return sharing_; }
  Sql& db() const { return *db_; }

  // ---- the commit path
  Result<Committed> commit(const Edit& edit, const Actor& actor, const Watch& watch = {});
  /// The same with ops that are put together already, all in one space.
  Result<Committed> commit_ops(const Space& space, std::vector<Op> ops, const Actor& actor);
  /// Takes runs of a peer, in one transaction while nothing has gone wrong; one report for each, in order. What this program
  /// has failed on twice is reported as set_aside, more of a device than is taken at once as put_off.
  /// errors: no_space (also while the disk's reserve is reached), io_error, damaged (then none of them was taken)
  Result<std::vector<RunReport>> ingest(std::span<const IncomingRun> runs);
  /// What ingest() passes over: ids of logs, and for runs that could not be verified the beginning of their signature.
  const std::set<Hash>& set_aside() const { return set_aside_; }
  /// Takes them again when they come again. errors: no_space, io_error
  Result<void> try_set_aside_again();
  /// What was taken of each device, and when something was put off.
  const IntakeBudget& intake_budget() const { return intake_budget_; }
  /// Takes control records of a peer, up to the first that does not fit.
  /// errors: what ControlLog::append says of that one; no_space, io_error
  Result<void> ingest_control(std::span<const Bytes> records);
  /// The authority's next record. errors: not_permitted (no issuing key here), control_forked, control_unconfirmed,
  /// below_checkpoint (it would take away what a checkpoint counts on),
  /// no_space, io_error
  Result<ControlPosition> issue(const ControlBody& body);
  /// The root opens an epoch behind the record with seq `last_good`: what is held after it goes. `own`: grants that follow.
  /// errors: not_permitted (not this realm's root), invalid_input (no such record), those of write()
  Result<ControlPosition> open_epoch(const crypto::SigningKey& root, Seq last_good, const std::vector<ControlBody>& then);
  /// A second record of the authority at one place, shown by a peer. True if it proves a fork: then control log and this
  /// proof stay as they are until the root opens an epoch.
  bool note_control_fork(ByteView record);
  const std::optional<ControlRecord>& control_fork() const { return control_fork_; }
  /// False on the authority's node after it was put back from a backup, until a member has shown where the control log ends.
  bool control_confirmed() const;
  void confirm_control();

  // ---- small things kept in the store
  std::optional<Bytes> fact(const std::string& name) const;
  void put_fact(const std::string& name, ByteView value);  // inside write()
  void drop_fact(const std::string& name);                 // inside write()
  std::vector<std::pair<std::string, Bytes>> facts(const std::string& prefix) const;  // ascending

  /// What commits have added since the last call: sessions push it.
  std::vector<Advance> take_advances();
  /// A sync has failed: what the disk holds is not known, and nothing is taken before the store has been opened anew.
  bool needs_opening_anew() const;
  /// True after a change that the disk had no room for, until one has found room. Nothing else is wrong with the store.
  bool lacked_room() const { return lacked_room_; }
  /// The run that was read last, for the next peer that is due the same: an edit goes to all of them.
  struct RunRead {
    std::uint64_t generation = 0;
    LogId log;
    Point after;
    EntryHash tip;
    std::size_t bytes_max = 0;
    RunPiece piece;
  };
  std::optional<RunRead>& run_read() const { return run_read_; }
  /// Counts commits that changed control log or entries.
  std::uint64_t generation() const { return generation_; }
  /// Logs that cannot be relied on from this entry on, as the last commit left them: for others they end before it
  /// (store_repair.h). Good until the next commit.
  const std::map<LogId, Seq>& damaged() const;

  // ---- what peers said
  void remember_acknowledged(const TransportKey& peer, const Space& space, const Head& head);
  /// only_less: what is remembered shrinks to it and does not grow.
  enum class Told { all, only_less };
  void remember_peer_heads(const TransportKey& peer, const Space& space, const std::vector<Head>& heads, Told told = Told::all);
  void remember_peer_holds_all(const TransportKey& peer);
  const PeerMemory& peers() const { return peers_; }
  /// Writes what is remembered without waiting for the next commit; before closing, or when idle.
  Result<void> save_peer_memory();
  /// Heads of our own logs that a peer holds: a head that is ours by signature and not held here proves that this store
  /// was put back or copied; the next edit opens a new incarnation if the head stands in a log of this one. True if a
  /// head was not held.
  bool consider_own_heads(const std::vector<SignedHead>& heads);

  /// A peer takes no more of this device's work for now.
  void note_put_off_by(const TransportKey& peer) { put_off_by_[peer] = now_ms(); }
  const std::map<TransportKey, std::uint64_t>& put_off_by() const { return put_off_by_; }  // ms

  // ---- comparing states with peers, while this program runs
  /// When state hashes were told to this peer last.
  std::optional<std::uint64_t> compared_ms(const TransportKey& peer) const;
  void note_compared(const TransportKey& peer) { compared_[peer] = now_ms(); }
  /// True once an hour for a space: evaluating anew is dear, and who says that it is needed may say so to no good end.
  bool may_evaluate_anew(SpaceNumber space);

  // ---- figures
  Hash state_hash(SpaceSlot& slot) const;
  /// Derives once more from the space's entries what stands beside them and its records. True: something was wrong and is
  /// right now. errors: no_space, io_error, damaged
  Result<bool> evaluate_anew(SpaceSlot& slot);

  /// Runs `change` in one transaction; what waits in memory is written before it commits. After a failure nothing has
  /// changed, and what was derived in memory is read anew.
  template <class Change>
  auto write(Change change) -> decltype(change());

 private:
  ReplicaCore() = default;

  void load_control();
  void load_budget();
  void note_life();
  void load_slots();
  void drop_slots();
  void need_loaded() const;
  void forget_slots();
  SpaceSlot& keep_slot(const Space& space, SpaceNumber number);
  SpaceSlot& slot_for(const Space& space);  // makes it where nothing is held; inside write()
  template <class Author>
  Result<Committed> commit_with(const Actor& actor, const Watch& watch, Author write_entries);
  void flush();
  void follow_registry();
  void observe_tips();
  void follow_control();  // inside write()
  Result<void> take_control_record(const ControlRecord& record);  // inside write()
  void store_control(Seq first);                                  // inside write()
  bool may_fork_own_log() const;
  bool closes_checkpoint(const ControlBody& body) const;
  enum class Checked : std::uint8_t { no, in_part, yes };
  void judge_last_end();
  void set_aside_suspects(const std::vector<Hash>& names);
  bool is_set_aside(const IncomingRun& run) const;
  void note_under_way(std::span<const IncomingRun> runs, Checked checked);
  Result<std::vector<RunReport>> take_guarded(std::span<const IncomingRun> runs);
  Result<std::vector<RunReport>> take_runs(std::span<const IncomingRun> runs);
  RunReport take_run(const Space& space, const AuthorKey& author, const VerifiedRun& verified,
                     std::span<const Bytes> packed);  // inside write()

  friend class EntryAuthor;

  ReplicaOptions options_;
  std::unique_ptr<StoreFiles> files_;
  std::unique_ptr<Sql> db_;
  ControlLog control_;
  ControlIndex control_index_{control_};
  std::uint64_t closings_ = 0;                // of the control log, as the spaces have followed it
  ControlBranch other_branch_;                // records that are not ours, until one of them opens an epoch
  std::optional<ControlRecord> control_fork_; // proof that the authority's key has spoken twice
  Membership membership_;
  Clock clock_;
  PeerMemory peers_;
  std::map<Space, std::unique_ptr<SpaceSlot>> slots_;
  BusyStores busy_;
  bool unloaded_ = false;  // reading again after a failure has failed, too
  std::vector<SpaceSlot*> slots_as_made_;
  std::vector<SpaceSlot*> open_slots_;                                     // that are not private
  std::unordered_map<MemberId, std::vector<SpaceSlot*>> private_slots_;    // by owner, and by counterpart
  mutable std::unordered_map<LogId, SpaceSlot*, PrefixHash> slot_of_log_;  // those that were asked for
  mutable std::optional<RunRead> run_read_;
  std::uint64_t sharing_ = 0;
  mutable std::map<SpaceNumber, std::pair<std::uint64_t, Hash>> hashed_;  // by generation of the space
  std::vector<Advance> advances_;
  IntakeBudget intake_budget_;
  std::map<TransportKey, std::uint64_t> put_off_by_;  // ms, while this program runs
  std::map<TransportKey, std::uint64_t> compared_;   // ms
  std::map<SpaceNumber, std::uint64_t> evaluated_;   // ms
  std::uint64_t generation_ = 0;
  bool lacked_room_ = false;
  mutable std::map<LogId, Seq> damaged_;
  mutable std::optional<std::uint64_t> damaged_as_of_;  // generation
  std::set<Hash> set_aside_;
  std::set<LogId> lost_tails_;  // own logs of which a peer held more than we did when it showed them
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
        lacked_room_ = false;
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
    lacked_room_ = failure.error().code == Errc::no_space;
    return failure.error();
  } catch (...) {  // a Watch that ends what goes on
    drop_slots();
    throw;
  }
}

}  // namespace kiz

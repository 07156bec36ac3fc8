// From an Edit to signed entries: which log, what was seen, which ops. Rules: SPEC.md §3 and "Merge".
#pragma once

#include <deque>

#include "libclient/replica_core.h"
#include "libclient/second_thread.h"

namespace kiz {

/// Writes the entries of one edit, inside a transaction of the store.
class EntryAuthor {
 public:
  EntryAuthor(ReplicaCore& core, const Actor& actor, const Watch& watch) : core_(core), actor_(actor), watch_(watch) {}

  /// errors: not_permitted, over_limit, bad_clock, not_set_up
  Result<Committed> write(const Edit& edit);
  /// The same with ops that are put together already; they become one entry. errors: over_limit too where they are too many
  Result<Committed> write(const Space& space, std::vector<Op> ops);
  /// The newest entry that write() made in each log.
  std::vector<Head> newest_heads() const { return heads_; }

 private:
  struct Draft {
    using Named = std::map<RecordId, std::vector<std::uint32_t>>;

    Draft() = default;
    Draft(Draft&&) = default;  // a copy's `newest` would point into the other
    SpaceSlot* slot = nullptr;
    std::vector<Op> ops;
    std::size_t bytes = 0;
    std::set<RecordId> recreated;
    Named named;                          // by ops: the fields of a record, few and each once
    Named::value_type* newest = nullptr;  // in `named`: steps of one record mostly follow each other

    const std::vector<std::uint32_t>* fields_of(const RecordId& record) const;
    void name(const RecordId& record, std::uint32_t field);
    bool names(const RecordId& record, std::uint32_t field) const;
    /// True if the step removes an element that was added before.
    bool adds_what_falls(const Edit::Step& step) const;
    /// True if what the step is about may be otherwise than the store shows, by what was said of it.
    bool speaks_of(const Edit::Step& step) const;
  };
  /// An entry of which the ops are fixed; their root is computed on a second thread while others are written.
  struct Sealed {
    SpaceSlot* slot = nullptr;
    std::shared_ptr<EntryBody> body;
    std::vector<RecordId> records;  // that it names, ascending
    std::future<Hash> root;
  };

  Result<void> check_clock() const;
  Result<void> check_right(const Space& space) const;
  Result<void> take(Draft& draft, const Edit::Step& step);
  static Result<std::optional<Op>> op_of(const SpaceSlot& slot, const Edit::Step& step, const RecordState& state, bool as_shown);
  void recreate(Draft& draft, const RecordId& record, const RecordState& state);
  Result<void> push(Draft& draft, Op op);
  Result<void> seal(Draft& draft);
  bool is_waiting(const SpaceSlot& slot, const RecordId& record) const;
  Result<void> append_waiting(std::size_t left);
  Result<void> append(Sealed sealed);
  Result<LogRef> own_log(SpaceSlot& slot);
  Result<LogRef> open_log(SpaceSlot& slot, std::optional<Head> predecessor, LogReason reason);

  ReplicaCore& core_;
  Actor actor_;
  const Watch& watch_;
  Committed committed_;
  std::vector<Head> heads_;
  std::deque<Sealed> waiting_;  // their ops have not reached the store yet
  std::optional<SecondThread> second_;
};

}  // namespace kiz

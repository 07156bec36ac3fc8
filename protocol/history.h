// What follows from held entries and control records alone: ancestry, the four states, forks, who had seen what.
// Rules: SPEC.md "Merge". Everything here is derived; History keeps only what it can ask for again.
//
// A quarantined entry counts as not held, except where a cut names it: replicas need not hold the same ones.
#pragma once

#include <optional>
#include <vector>

#include "protocol/log_source.h"
#include "protocol/rulings.h"

namespace kiz {

/// What becomes of a stored entry; judged in the order quarantined, waiting, void, applied.
enum class EntryState : std::uint8_t { applied = 0, waiting = 1, quarantined = 2, void_ = 3 };
const char* name(EntryState state);

/// What an entry has seen of one other log.
struct Coverage {
  Seq upto = 0;             // everything up to here
  std::vector<Place> tips;  // in a log that shows a fork: these and their ancestors beside it
};

class History {
 public:
  /// Both must outlive it.
  History(const LogSource& source, const Rulings& rulings) : source_(source), rulings_(rulings) {}

  const LogSource& source() const { return source_; }
  const Rulings& rulings() const { return rulings_; }

  // ---- ancestry
  /// True if `earlier` is `later` or one of its ancestors; two entries of one log.
  bool is_ancestor(const Place& earlier, const Place& later) const;
  /// Seq of the last entry that is both or an ancestor of both; 0 if none is.
  Seq last_shared(const Place& a, const Place& b) const;
  /// Where a hash stands if its entry is held and not quarantined; else log 0.
  Place held(const EntryHash& hash) const;
  bool is_quarantined(const Place& place) const;

  // ---- states
  EntryState state(const EntryMeta& meta) const;
  bool is_applied(const EntryMeta& meta) const { return state(meta) == EntryState::applied; }
  /// Every cut that concerns this log, ascending by index.
  const std::vector<RuledCut>& cuts(LogRef log) const;
  /// The newest cut that ends this log, as of a control index.
  std::optional<Cut> newest_cut(LogRef log, std::uint64_t index) const;
  bool within(const Place& place, const Cut& cut) const;
  /// Branches of a log with `quarantined_from` as the rulings set it now; the rest as in `info`.
  std::vector<Branch> judged_branches(const LogInfo& info) const;
  /// True if the author had the right for all these ops.
  bool permits(const LogInfo& info, const Place& place, const ControlPosition& control, std::span<const Op> ops) const;

  // ---- forks
  /// Held entries, heads in `seen` and cuts name two entries for one seq.
  bool shows_fork(LogRef log) const;
  /// Coverage is more than one comparison: the log shows a fork, or its newest cut names one.
  bool is_forked(LogRef log) const;

  // ---- seen
  /// What `later` and its ancestors list of this log, less the heads beyond the cut that `later` itself knew.
  Coverage coverage(const EntryMeta& later, LogRef log) const;
  bool covers(const Coverage& coverage, const Place& earlier) const;
  /// True if `earlier` is before `later` in its own log, or inside the `seen` of `later`.
  bool covers(const EntryMeta& later, const EntryMeta& earlier) const;

  /// Forgets whether this log shows a fork; call after an entry of it, or one that lists it, has come.
  void forget_forks(LogRef log) const;
  /// Forgets all of it; call after its author became known.
  void forget(LogRef log) const;
  /// Call after the rulings or the end of any log have changed.
  void forget_all() const { standings_.clear(); }

 private:
  struct Standing {
    bool cuts_known = false;
    bool forks_known = false;
    bool shows_fork = false;
    std::optional<Seq> common;  // what the newest cut names as common to all branches
    std::vector<RuledCut> cuts;
  };
  const Standing& standing(LogRef log) const;
  bool names_two(const LogInfo& info, Seq seq, const std::vector<RuledCut>& cuts) const;
  bool head_beyond(const Listing& head, const Place& held, const Cut& cut) const;

  const LogSource& source_;
  const Rulings& rulings_;
  mutable std::vector<Standing> standings_;  // by LogRef; O(logs), filled on demand
};

}  // namespace kiz

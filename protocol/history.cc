#include "protocol/history.h"

#include <algorithm>

#include "kiz/assert.h"
#include "protocol/mutants.h"

namespace kiz {
namespace {

class Ruled final : public RuledEntry {
 public:
  Ruled(const History& history, const LogInfo& info, const Place& place, std::uint64_t index)
      : history_(history), info_(info), place_(place), index_(index) {}
  const LogId& log() const override { return info_.id; }
  const AuthorKey& author() const override { return info_.author; }
  Seq seq() const override { return place_.seq; }
  std::uint64_t index() const override { return index_; }
  bool within(const Cut& cut) const override { return history_.within(place_, cut); }

 private:
  const History& history_;
  const LogInfo& info_;
  Place place_;
  std::uint64_t index_;
};

/// Last of the branch's own entries that count as held; fork_seq if none.
Seq last_held(const Branch& branch) { return std::min(branch.tip, branch.quarantined_from - 1); }

/// Two branches have entries of their own with one seq.
bool branches_overlap(const std::vector<Branch>& branches) {
  for (std::size_t a = 0; a < branches.size(); ++a) {
    for (std::size_t b = a + 1; b < branches.size(); ++b) {
      const Seq first = std::max(branches[a].fork_seq, branches[b].fork_seq) + 1;
      if (first <= std::min(last_held(branches[a]), last_held(branches[b]))) return true;
    }
  }
  return false;
}

}  // namespace

const char* name(EntryState state) {
  switch (state) {
    case EntryState::applied: return "applied";
    case EntryState::waiting: return "waiting";
    case EntryState::quarantined: return "quarantined";
    case EntryState::void_: return "void";
  }
  return "unknown";
}

// ---- ancestry ------------------------------------------------------------------------------------------------------

bool History::is_ancestor(const Place& earlier, const Place& later) const {
  if (earlier.log != later.log || earlier.seq > later.seq) return false;
  if (earlier.branch == later.branch) return true;
  const auto& branches = source_.log(later.log).branches;
  Seq shared = later.seq;
  for (BranchNo at = later.branch; at != earlier.branch; at = branches[at].parent) {
    if (branches[at].parent == no_branch) return false;
    shared = std::min(shared, branches[at].fork_seq);
  }
  return earlier.seq <= shared;
}

Seq History::last_shared(const Place& a, const Place& b) const {
  if (a.log != b.log) return 0;
  const auto& branches = source_.log(a.log).branches;
  for (Place x = a;; x = {x.log, branches[x.branch].parent, std::min(x.seq, branches[x.branch].fork_seq)}) {
    Place y = b;
    while (y.branch != x.branch && branches[y.branch].parent != no_branch) {
      y = {y.log, branches[y.branch].parent, std::min(y.seq, branches[y.branch].fork_seq)};
    }
    if (y.branch == x.branch) return std::min(x.seq, y.seq);
    if (branches[x.branch].parent == no_branch) return 0;
  }
}

bool History::is_quarantined(const Place& place) const {
  return place.seq >= source_.log(place.log).branches[place.branch].quarantined_from;
}

Place History::held(const EntryHash& hash) const {
  const EntryRef ref = source_.find(hash);
  if (ref == 0) return {};
  const Place place = source_.meta(ref).place;
  return is_quarantined(place) ? Place{} : place;
}

// ---- states --------------------------------------------------------------------------------------------------------

EntryState History::state(const EntryMeta& meta) const {
  const Branch& branch = source_.log(meta.place.log).branches[meta.place.branch];
  if (meta.place.seq >= branch.quarantined_from) return EntryState::quarantined;
  if (meta.place.seq >= branch.waiting_from) return EntryState::waiting;
  return meta.is_void ? EntryState::void_ : EntryState::applied;
}

std::optional<Cut> History::newest_cut(LogRef log, std::uint64_t index) const {
  const auto& all = cuts(log);
  for (auto ruled = all.rbegin(); ruled != all.rend(); ++ruled) {
    if (ruled->index <= index && ruled->ends_log) return ruled->cut;
  }
  return std::nullopt;
}

bool History::within(const Place& place, const Cut& cut) const {
  if (place.seq > cut.seq) return false;
  if (const EntryRef head = source_.find(cut.head)) return is_ancestor(place, source_.meta(head).place);
  return place.seq <= cut.fork.value_or(cut.seq - 1);
}

std::vector<Branch> History::judged_branches(const LogInfo& info) const {
  std::vector<Branch> out = info.branches;
  const auto cut = newest_cut(info.ref, rulings_.newest());
  std::vector<Seq> ends(out.size(), seq_never);  // last seq of each branch that is within the cut
  if (cut) {
    const EntryRef ref = cut->seq == 0 ? 0 : source_.find(cut->head);
    std::fill(ends.begin(), ends.end(), ref != 0 ? 0 : cut->seq == 0 ? 0 : cut->fork.value_or(cut->seq - 1));
    if (const Place head = ref != 0 ? source_.meta(ref).place : Place{}; head.log == info.ref) {
      Seq shared = std::min(head.seq, cut->seq);
      for (BranchNo at = head.branch; at != no_branch; at = out[at].parent) {
        ends[at] = shared;
        shared = std::min(shared, out[at].fork_seq);
      }
    }
  }
  for (std::size_t at = 0; at < out.size(); ++at) {
    Branch& branch = out[at];
    const bool orphan = branch.parent != no_branch && out[branch.parent].quarantined_from <= branch.fork_seq;
    Seq end = cut ? std::min(ends[at], cut->seq) : seq_never;
    if (KIZ_MUTANT(accept_beyond_cut) && cut) ++end;
    branch.quarantined_from = branch.decreased_from;
    if (end < branch.tip) branch.quarantined_from = std::min(branch.quarantined_from, std::max(end, branch.fork_seq) + 1);
    if (orphan) branch.quarantined_from = branch.fork_seq + 1;
  }
  return out;
}

bool History::permits(const LogInfo& info, const Place& place, const ControlPosition& control,
                      std::span<const Op> ops) const {
  return rulings_.permits(Ruled{*this, info, place, rulings_.index_of(control).value_or(0)}, ops);
}

// ---- forks ---------------------------------------------------------------------------------------------------------

bool History::names_two(const LogInfo& info, Seq seq, const std::vector<RuledCut>& cuts) const {
  std::vector<Naming> namings;
  source_.namings(info.ref, seq, namings);
  std::optional<EntryHash> first;
  const auto differs = [&first](const EntryHash& entry) {
    if (!first) first = entry;
    return *first != entry;
  };
  for (const Naming& naming : namings) {
    if (!is_quarantined(naming.by) && differs(naming.entry)) return true;
  }
  return std::any_of(cuts.begin(), cuts.end(),
                     [&](const RuledCut& ruled) { return seq != 0 && ruled.cut.seq == seq && differs(ruled.cut.head); });
}

const std::vector<RuledCut>& History::cuts(LogRef log) const {
  if (log >= standings_.size()) standings_.resize(std::max<std::size_t>(source_.log_count(), log) + 1);
  Standing& standing = standings_[log];
  if (!standing.cuts_known) {
    const LogInfo& info = source_.log(log);
    standing.cuts.clear();
    rulings_.cuts_of(info.id, info.author, standing.cuts);
    standing.cuts_known = true;
  }
  return standing.cuts;
}

const History::Standing& History::standing(LogRef log) const {
  const std::vector<RuledCut>& all = cuts(log);
  Standing& standing = standings_[log];
  if (standing.forks_known) return standing;
  const LogInfo& info = source_.log(log);
  const auto two_at = [&](Seq seq) { return names_two(info, seq, all); };
  standing.shows_fork =
      branches_overlap(info.branches) || std::any_of(info.suspects.begin(), info.suspects.end(), two_at) ||
      std::any_of(all.begin(), all.end(), [&](const RuledCut& c) { return c.cut.seq != 0 && two_at(c.cut.seq); });
  const auto newest = newest_cut(log, rulings_.newest());
  standing.common = newest ? newest->fork : std::nullopt;
  standing.forks_known = true;
  return standing;
}

bool History::shows_fork(LogRef log) const { return standing(log).shows_fork; }

bool History::is_forked(LogRef log) const {
  const Standing& known = standing(log);
  return known.shows_fork || known.common;
}

void History::forget_forks(LogRef log) const {
  if (log < standings_.size()) standings_[log].forks_known = false;
}

void History::forget(LogRef log) const {
  if (log < standings_.size()) standings_[log] = {};
}

// ---- seen ----------------------------------------------------------------------------------------------------------

bool History::head_beyond(const Listing& head, const Place& held_head, const Cut& cut) const {
  if (head.seq > cut.seq) return true;
  if (!held_head) return false;
  const Place end = held(cut.head);
  return end && !is_ancestor(held_head, end);
}

Coverage History::coverage(const EntryMeta& later, LogRef log) const {
  Coverage out;
  const Standing& known = standing(log);
  const bool forked = known.shows_fork || known.common;
  std::optional<Cut> end;  // the cut that `later` itself knew
  if (!known.cuts.empty()) end = newest_cut(log, rulings_.index_of(later.control).value_or(rulings_.newest()));

  bool more = true;
  const auto take = [&](const Listing& head) {
    // Listings of a log rise but for rare cases, so the first row mostly ends the scan. A false number cannot hide what
    // stands further back: one too low contradicts the entry that has it, and the log shows a fork.
    if (!forked && head.run_max <= out.upto) return more = false;
    const Place place = head.held && !is_quarantined(head.held) ? head.held : Place{};
    if (end && head_beyond(head, place, *end)) return true;
    if (place) {
      if (place.log != log) return true;  // names an entry of another log: covers nothing
      if (forked) {
        out.tips.push_back(place);
      } else {
        out.upto = std::max(out.upto, place.seq);
      }
    } else if (known.common) {
      out.upto = std::max(out.upto, std::min(head.seq, *known.common));
    } else if (!known.shows_fork) {
      out.upto = std::max(out.upto, head.seq);
    }
    return true;
  };
  const auto& branches = source_.log(later.place.log).branches;
  Place citing = later.place;
  while (more) {
    source_.listings(citing, log, take);
    const Branch& branch = branches[citing.branch];
    if (branch.parent == no_branch) break;
    citing.seq = std::min(citing.seq, branch.fork_seq);
    citing.branch = branch.parent;
  }
  return out;
}

bool History::covers(const Coverage& coverage, const Place& earlier) const {
  if (earlier.seq <= coverage.upto) return true;
  return std::any_of(coverage.tips.begin(), coverage.tips.end(),
                     [&](const Place& tip) { return is_ancestor(earlier, tip); });
}

bool History::covers(const EntryMeta& later, const EntryMeta& earlier) const {
  if (later.ref == earlier.ref) return false;
  if (is_ancestor(earlier.place, later.place)) return true;
  return covers(coverage(later, earlier.place.log), earlier.place);
}

}  // namespace kiz

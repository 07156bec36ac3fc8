#include "protocol/intake.h"

#include <algorithm>
#include <tuple>

#include "protocol/mutants.h"

namespace kiz {
namespace {

template <class T>
void insert_sorted(std::vector<T>& into, const T& item) {
  const auto at = std::lower_bound(into.begin(), into.end(), item);
  if (at == into.end() || *at != item) into.insert(at, item);
}

class Book {
 public:
  Book(LogStore& logs, const History& history, const Arrival& arrival)
      : logs_(logs), history_(history), arrival_(arrival), own_(open(logs.name_log(arrival.log))) {}

  Result<Intake> enter() {
    if (auto placed = find_place(); !placed) return placed.error();
    for (const Head& head : arrival_.body.seen) list(head);
    finish_run_max();
    for (const Op& op : arrival_.body.ops) foretell_cells(op);
    meet_own_namings();
    note_forks_before();
    store();
    judge_ends();
    judge_right();
    compare_forks();
    return std::move(out_);
  }

 private:
  struct Page {
    LogInfo info;
    bool showed_fork = false;
  };

  /// The working copy of a log's info.
  std::size_t open(LogRef ref) {
    for (std::size_t at = 0; at < pages_.size(); ++at) {
      if (pages_[at].info.ref == ref) return at;
    }
    pages_.push_back({logs_.log(ref), false});
    return pages_.size() - 1;
  }
  LogInfo& own() { return pages_[own_].info; }

  // ---- where it stands

  Result<void> find_place() {
    LogInfo& info = own();
    if (info.branches.empty()) {
      info.author = arrival_.author;
      info.judged = history_.rulings().newest();
    }
    place_ = {info.ref, 0, arrival_.seq};
    std::optional<EntryMeta> before;
    if (arrival_.seq != 1) {
      const EntryRef ref = logs_.find(arrival_.backlink);
      if (ref == 0) return Errc::gap;
      before = logs_.meta(ref);
      if (before->place.log != info.ref) return Errc::gap;
      if (before->place.seq + 1 != arrival_.seq) return Errc::broken_chain;
    }
    if (before && info.branches[before->place.branch].tip == before->place.seq) {
      place_.branch = before->place.branch;
    } else {
      if (KIZ_MUTANT(ignore_fork) && !info.branches.empty()) return Errc::fork;
      place_.branch = static_cast<BranchNo>(info.branches.size());
      info.branches.push_back(before ? branch_from(before->place) : Branch{});
    }
    Branch& branch = info.branches[place_.branch];
    branch.tip = arrival_.seq;
    const ControlPosition& cites = arrival_.body.control;
    if (before && std::tie(cites.epoch, cites.seq) < std::tie(before->control.epoch, before->control.seq)) {
      branch.decreased_from = std::min(branch.decreased_from, arrival_.seq);
    }
    if (!history_.rulings().index_of(cites)) branch.waiting_from = std::min(branch.waiting_from, arrival_.seq);
    return {};
  }

  Branch branch_from(const Place& parent) {
    Branch out;
    out.parent = parent.branch;
    out.fork_seq = parent.seq;
    if (own().branches[parent.branch].waiting_from <= parent.seq) out.waiting_from = parent.seq + 1;
    return out;
  }

  // ---- what it lists

  void list(const Head& head) {
    const LogRef cited = logs_.name_log(head.log);
    LogInfo& info = pages_[open(cited)].info;
    std::vector<Naming> namings;
    logs_.namings(cited, head.seq, namings);
    for (const auto& listed : listings_) {
      if (listed.cited == cited && listed.seq == head.seq) namings.push_back({listed.entry, {}});
    }
    meet(info, head.seq, head.entry, namings);
    if (const EntryRef ref = logs_.find(head.entry)) {
      const Place stands = logs_.meta(ref).place;
      info.misnamed = info.misnamed || stands.log != cited || stands.seq != head.seq;
    } else {
      foretold_.push_back({head.entry, true, cited, head.seq});
    }
    info.cited_upto = std::max(info.cited_upto, head.seq);
    listings_.push_back({cited, head.seq, head.entry, 0});
  }

  static void meet(LogInfo& info, Seq seq, const EntryHash& entry, const std::vector<Naming>& namings) {
    const bool two = std::any_of(namings.begin(), namings.end(), [&](const Naming& n) { return n.entry != entry; });
    if (two) insert_sorted(info.suspects, seq);
  }

  void finish_run_max() {
    for (auto& listed : listings_) {
      listed.run_max = listed_before(listed.cited);
      for (const auto& other : listings_) {
        if (other.cited == listed.cited) listed.run_max = std::max(listed.run_max, other.seq);
      }
    }
  }

  /// Largest seq of this log that the entry's ancestors list.
  Seq listed_before(LogRef cited) {
    Place citing = place_;
    for (;;) {
      Seq found = 0;
      logs_.listings(citing, cited, [&](const Listing& row) {
        found = row.run_max;
        return false;
      });
      const Branch& branch = own().branches[citing.branch];
      if (found != 0 || branch.parent == no_branch) return found;
      citing = {citing.log, branch.parent, std::min(citing.seq, branch.fork_seq)};
    }
  }

  void foretell_cells(const Op& op) {
    if (op.origin) foretell_cell(op.origin->cell);
    if (op.mode == Mode::remove) std::for_each(op.cells.begin(), op.cells.end(), [this](const CellName& c) { foretell_cell(c); });
  }
  void foretell_cell(const CellName& cell) {
    if (logs_.find(cell.entry) == 0) foretold_.push_back({cell.entry, false, 0, 0});
  }

  // ---- what others said of it before it came

  void meet_own_namings() {
    std::vector<Naming> namings;
    if (arrival_.seq <= own().cited_upto) {
      logs_.namings(own().ref, arrival_.seq, namings);
      for (const auto& listed : listings_) {
        if (listed.cited == own().ref && listed.seq == arrival_.seq) namings.push_back({listed.entry, {}});
      }
      meet(own(), arrival_.seq, arrival_.hash, namings);
      out_.may_be_covered = true;
    }
    logs_.foretold(arrival_.hash, said_);
    for (const Foretold& said : said_) {
      if (!said.is_head) {
        out_.may_be_covered = true;
      } else if (said.log != own().ref || said.seq != arrival_.seq) {
        pages_[open(said.log)].info.misnamed = true;
      }
    }
  }

  // ---- storing

  void note_forks_before() {
    for (Page& page : pages_) page.showed_fork = history_.shows_fork(page.info.ref);
  }

  void store() {
    const bool opens_log = logs_.log(own().ref).branches.empty();
    out_.meta.ref = logs_.put_entry({arrival_.hash, place_, arrival_.body, arrival_.packed, listings_, foretold_});
    for (const Page& page : pages_) logs_.put_log(page.info);
    for (const Page& page : pages_) history_.forget_forks(page.info.ref);
    if (opens_log) history_.forget(own().ref);  // whose it is was not known before
  }

  /// Where the logs end, now that the entry is there: its own, and those of which a cut names it as the head.
  void judge_ends() {
    for (LogRef ref = 1; ref <= logs_.log_count(); ++ref) {
      const auto& cuts = history_.cuts(ref);
      const bool names_it = std::any_of(cuts.begin(), cuts.end(), [&](const RuledCut& c) { return c.cut.head == arrival_.hash; });
      if (names_it) insert_sorted(out_.recut, ref);
    }
    bool moved = judge_end(own().ref);
    for (const LogRef ref : out_.recut) moved |= judge_end(ref);
    if (moved) shake_suspects();
    for (const LogRef ref : out_.recut) shake(ref);
  }

  /// True if other entries than the new one came into quarantine or out of it.
  bool judge_end(LogRef ref) {
    LogInfo info = logs_.log(ref);
    const std::vector<Branch> before = info.branches;
    info.branches = history_.judged_branches(info);
    if (info.branches == before) return false;
    logs_.put_log(info);
    bool moved = false;
    for (BranchNo at = 0; at < before.size(); ++at) {
      const bool newest = ref == place_.log && at == place_.branch;
      const Seq end = newest ? place_.seq : before[at].tip + 1;  // the others are before this
      moved |= std::min(before[at].quarantined_from, end) != std::min(info.branches[at].quarantined_from, end);
    }
    if (moved) shake(ref);
    return moved;
  }

  /// What entries listed that went into quarantine counts no more, and counts again when they come out.
  void shake_suspects() {
    history_.forget_all();
    for (LogRef ref = 1; ref <= logs_.log_count(); ++ref) {
      if (rests_on_others(history_, ref)) shake(ref);
    }
  }

  void judge_right() {
    if (!history_.permits(logs_.log(place_.log), place_, arrival_.body.control, arrival_.body.ops)) {
      logs_.set_void(out_.meta.ref, true);
    }
    out_.meta = logs_.meta(out_.meta.ref);
  }

  void compare_forks() {
    if (history_.is_quarantined(place_)) return;
    for (const Page& page : pages_) {
      if (history_.shows_fork(page.info.ref) != page.showed_fork) shake(page.info.ref);
    }
    for (const Foretold& said : said_) {
      if (!said.is_head) continue;
      const bool misnamed = said.log != own().ref || said.seq != arrival_.seq;
      // A head that was not held covered by seq, or nothing; now it covers its ancestors.
      if (misnamed || history_.is_forked(said.log)) shake(said.log);
    }
  }

  void shake(LogRef ref) { insert_sorted(out_.shaken, ref); }

  LogStore& logs_;
  const History& history_;
  const Arrival& arrival_;
  std::vector<Page> pages_;
  std::size_t own_;  // index into pages_
  Place place_;
  std::vector<NewEntry::Listed> listings_;
  std::vector<Foretold> foretold_;  // by this entry of others
  std::vector<Foretold> said_;      // by others of this entry
  Intake out_;
};

}  // namespace

bool rests_on_others(const History& history, LogRef ref) {
  const LogInfo& info = history.source().log(ref);
  return !info.suspects.empty() || info.misnamed || !history.cuts(ref).empty();
}

Result<Intake> take_in(LogStore& logs, const History& history, const Arrival& arrival) {
  if (const EntryRef ref = logs.find(arrival.hash); ref != 0 && !KIZ_MUTANT(count_replays)) {
    Intake out;
    out.meta = logs.meta(ref);
    out.was_held = true;
    return out;
  }
  return Book{logs, history, arrival}.enter();
}

}  // namespace kiz

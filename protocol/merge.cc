#include "protocol/merge.h"

#include <algorithm>

#include "protocol/fresh_entry.h"
#include "protocol/mutants.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

constexpr std::size_t records_per_step = 4096;  // bounds memory where many records are evaluated

void sort_unique(std::vector<RecordId>& records) {
  std::sort(records.begin(), records.end());
  records.erase(std::unique(records.begin(), records.end()), records.end());
}

/// The ops of an entry record by record, each ascending by index; without notes.
std::vector<OpAt> by_record(const std::vector<Op>& ops) {
  std::vector<OpAt> out;
  out.reserve(ops.size());
  for (std::uint32_t index = 0; index < ops.size(); ++index) {
    if (KIZ_MUTANT(drop_unknown_op) && registry::find_kind(ops[index].record.kind) == nullptr) continue;
    if (!is_note(ops[index])) out.push_back({index, &ops[index]});
  }
  const auto lower = [](const OpAt& a, const OpAt& b) { return a.op->record < b.op->record; };
  if (!std::is_sorted(out.begin(), out.end(), lower)) std::stable_sort(out.begin(), out.end(), lower);
  return out;
}

}  // namespace

// ---- entries -------------------------------------------------------------------------------------------------------

Result<EntryState> Merge::append(const Arrival& arrival) {
  const auto taken = take_in(logs_, history_, arrival);
  if (!taken) return taken.error();
  const EntryState before = history_.state(taken->meta);
  if (taken->was_held) return before;

  for (const LogRef log : taken->recut) {
    for_each_entry(log, [this](EntryRef ref) { judge_right(ref); });  // the log is shaken too: its records follow
  }
  const auto& shaken = taken->shaken;
  const bool own_shaken = std::binary_search(shaken.begin(), shaken.end(), taken->meta.place.log);
  if (!own_shaken && before == EntryState::applied) apply_ops(taken->meta, arrival.body, taken->may_be_covered);
  for (const LogRef log : shaken) {
    if (!KIZ_MUTANT(no_reevaluation)) evaluate_records_of(log);
  }
  return history_.state(logs_.meta(taken->meta.ref));
}

Result<std::vector<EntryState>> Merge::apply(const VerifiedRun& run, const AuthorKey& author) {
  std::vector<EntryState> out;
  EntryHash backlink = run.run.before;
  Seq seq = run.run.first_seq;
  for (std::size_t at = 0; at < run.run.entries.size(); ++at, ++seq) {
    const auto state = append({run.run.log, author, seq, backlink, run.hashes[at], run.run.entries[at]});
    if (!state) return state.error();
    out.push_back(*state);
    backlink = run.hashes[at];
  }
  return out;
}

void Merge::apply_ops(const EntryMeta& meta, const EntryBody& body, bool may_be_covered) {
  const std::vector<OpAt> ops = by_record(body.ops);
  FreshEntry entry{history_, meta};
  for (auto first = ops.begin(); first != ops.end();) {
    const RecordId& record = first->op->record;
    const auto last = std::find_if(first, ops.end(), [&](const OpAt& at) { return at.op->record != record; });
    RecordState state = records_.load(record);
    const bool fresh = state.empty() || !may_be_covered;  // nobody has seen anything of a record that has nothing
    if (fresh && apply_fresh(state, entry, {first, last}, types_, record.kind)) {
      records_.save(record, std::move(state));
    } else {
      records_.save(record, evaluate_record(history_, types_, record));
    }
    first = last;
  }
}

// ---- evaluating anew -----------------------------------------------------------------------------------------------

void Merge::evaluate(const RecordId& record) {
  RecordState state = evaluate_record(history_, types_, record);
  if (state != records_.load(record)) records_.save(record, std::move(state));
}

void Merge::evaluate_all(std::vector<RecordId> records) {
  sort_unique(records);
  for (const RecordId& record : records) evaluate(record);
}

void Merge::refresh(const RecordId& record) { evaluate(record); }

void Merge::for_each_entry(LogRef log, const std::function<void(EntryRef)>& take) const {
  const std::vector<Branch> branches = logs_.log(log).branches;
  for (BranchNo branch = 0; branch < branches.size(); ++branch) {
    for (Seq seq = branches[branch].fork_seq + 1; seq <= branches[branch].tip; ++seq) take(logs_.at({log, branch, seq}));
  }
}

void Merge::add_records(EntryRef ref, std::vector<RecordId>& out) const {
  std::vector<Op> ops;
  logs_.ops_of(ref, ops);
  for (const Op& op : ops) {
    if (!is_note(op) && (out.empty() || out.back() != op.record)) out.push_back(op.record);
  }
}

void Merge::evaluate_records_of(LogRef log) {
  std::vector<RecordId> records;
  for_each_entry(log, [&](EntryRef ref) {
    add_records(ref, records);
    if (records.size() < records_per_step) return;
    evaluate_all(std::move(records));
    records.clear();
  });
  evaluate_all(std::move(records));
}

// ---- control -------------------------------------------------------------------------------------------------------

void Merge::release_waiting(LogInfo& info, const std::function<void(EntryRef)>& released) const {
  for (BranchNo at = 0; at < info.branches.size(); ++at) {
    Branch& branch = info.branches[at];
    if (branch.waiting_from == seq_never) continue;
    if (branch.parent != no_branch && info.branches[branch.parent].waiting_from <= branch.fork_seq) continue;
    Seq seq = branch.waiting_from;
    for (; seq <= branch.tip; ++seq) {
      const EntryRef ref = logs_.at({info.ref, at, seq});
      if (!history_.rulings().index_of(logs_.meta(ref).control)) break;
      released(ref);
    }
    branch.waiting_from = seq <= branch.tip ? seq : seq_never;
  }
}

bool Merge::judge_right(EntryRef ref) {
  const EntryMeta meta = logs_.meta(ref);
  std::vector<Op> ops;
  logs_.ops_of(ref, ops);
  const bool is_void = !history_.permits(logs_.log(meta.place.log), meta.place, meta.control, ops);
  if (is_void != meta.is_void) logs_.set_void(ref, is_void);
  return is_void != meta.is_void;
}

void Merge::follow_control() {
  history_.forget_all();
  const Rulings& rulings = history_.rulings();
  std::vector<RecordId> changed;
  std::vector<LogRef> shaken;
  bool ends_moved = false;
  for (LogRef ref = 1; ref <= logs_.log_count(); ++ref) {
    LogInfo info = logs_.log(ref);
    if (info.branches.empty()) continue;
    release_waiting(info, [&](EntryRef entry) {
      judge_right(entry);
      add_records(entry, changed);
    });
    const auto& cuts = history_.cuts(ref);
    if (!cuts.empty() && cuts.back().index > info.judged) {
      const auto before = info.branches;
      info.branches = history_.judged_branches(info);
      ends_moved |= info.branches != before;
      shaken.push_back(ref);
    }
    const bool rights_changed = rulings.rights_changed(info.author) > info.judged;
    if (info == logs_.log(ref) && !rights_changed && (shaken.empty() || shaken.back() != ref)) continue;
    info.judged = rulings.newest();
    logs_.put_log(info);
    if (!rights_changed) continue;
    for_each_entry(ref, [&](EntryRef entry) {
      if (judge_right(entry)) add_records(entry, changed);
    });
  }
  for (LogRef ref = 1; ends_moved && ref <= logs_.log_count(); ++ref) {
    if (rests_on_others(history_, ref) && std::find(shaken.begin(), shaken.end(), ref) == shaken.end()) shaken.push_back(ref);
  }
  history_.forget_all();
  evaluate_all(std::move(changed));
  for (const LogRef ref : shaken) {
    if (!KIZ_MUTANT(cut_without_effect)) evaluate_records_of(ref);
  }
}

void Merge::rebuild() {
  history_.forget_all();
  for (LogRef ref = 1; ref <= logs_.log_count(); ++ref) {
    LogInfo info = logs_.log(ref);
    for (Branch& branch : info.branches) branch.waiting_from = branch.fork_seq + 1;
    release_waiting(info, [](EntryRef) {});
    info.branches = history_.judged_branches(info);
    info.judged = history_.rulings().newest();
    logs_.put_log(info);
    for_each_entry(ref, [this](EntryRef entry) { judge_right(entry); });
  }
  history_.forget_all();
  std::vector<RecordId> records;
  std::optional<RecordId> after;
  do {
    records.clear();
    logs_.records_after(after, records_per_step, records);
    for (const RecordId& record : records) evaluate(record);
    if (!records.empty()) after = records.back();
  } while (records.size() == records_per_step);
}

}  // namespace kiz

#include "libclient/quarantine.h"

#include <algorithm>

#include "libclient/references.h"
#include "protocol/entry_fields.h"
#include "protocol/registry.h"

namespace kiz::quarantine {
namespace {

constexpr unsigned ref_characters = 5;
constexpr char discarded_fact[] = "discarded/";

std::string fact_of(const EntryHash& first) { return discarded_fact + to_hex(first); }

EntryRef entry_at(const SpaceSlot& slot, Place place) {
  const auto& branches = slot.store.log(place.log).branches;
  while (place.seq <= branches[place.branch].fork_seq) place.branch = branches[place.branch].parent;
  return slot.store.at(place);
}

bool is_discarded(const ReplicaCore& core, const EntryHash& first, const EntryHash& last) {
  const auto upto = core.fact(fact_of(first));  // what has come since was not decided on
  return upto && std::equal(upto->begin(), upto->end(), last.bytes.begin(), last.bytes.end());
}

/// Ops of one quarantined entry, as another author enters them.
class Anew {
 public:
  Anew(const SpaceSlot& slot, EntryRef original) : slot_(slot), history_(slot.merge.history()), original_(slot.store.meta(original)) {}

  Result<std::vector<Op>> ops() {
    std::vector<Op> all, out;
    slot_.store.ops_of(original_.ref, all);
    for (std::uint32_t index = 0; index < all.size(); ++index) {
      Op& op = all[index];
      if (is_note(op)) continue;
      if (carries_value(op.mode)) {
        if (!op.value) return Error{Errc::not_found, "value"};
        if (!op.origin) op.origin = Origin{{original_.hash, index}, original_.hlc};
        if (lives(op)) continue;
      }
      if (op.mode != Mode::remove && op.mode != Mode::add) {
        if (auto kept = keep(op); !kept) return kept.error();
      }
      out.push_back(std::move(op));
    }
    return out;
  }

 private:
  bool lives(const Op& op) const {
    const RecordState state = slot_.store.load(op.record);
    const auto cells = state.cells_of(op.field);
    return std::any_of(cells.begin(), cells.end(), [&](const Cell& cell) { return state.name_of(cell) == op.origin->cell; });
  }

  bool was_seen(const EntryHash& asserting) const {
    const EntryRef ref = slot_.store.find(asserting);
    return ref != 0 && history_.covers(original_, slot_.store.meta(ref));
  }

  /// Adds to what the op keeps all that lives now and that its author had not seen.
  Result<void> keep(Op& op) const {
    const RecordState state = slot_.store.load(op.record);
    const auto wanted = [&](CellKind kind) {
      if (op.mode == Mode::replace) return kind == CellKind::replaced;
      return kind == CellKind::alive || (op.mode == Mode::undo && kind == CellKind::mark);
    };
    for (const Cell& cell : state.cells_of(op.field)) {
      const CellName name = state.name_of(cell);
      if (wanted(cell.kind) && !was_seen(name.entry)) op.cells.push_back(name);
    }
    if (op.mode == Mode::replace && slot_.fields.is_counter(op.record.kind, op.field)) add_deltas(op);
    std::sort(op.cells.begin(), op.cells.end());
    op.cells.erase(std::unique(op.cells.begin(), op.cells.end()), op.cells.end());
    if (op.cells.size() > limits::cells_max) return Error{Errc::over_limit, "cells"};
    return {};
  }

  /// A base swallows the deltas before it; those that its author had not seen count on top.
  void add_deltas(Op& base) const {
    std::vector<EntryRef> touching;
    slot_.store.touching(base.record, touching);
    for (const EntryRef ref : touching) {
      const EntryMeta meta = slot_.store.meta(ref);
      if (!history_.is_applied(meta) || history_.covers(original_, meta)) continue;
      std::vector<IndexedOp> ops;
      slot_.store.ops_on(ref, base.record, ops);
      for (const IndexedOp& delta : ops) {
        if (delta.op.field != base.field || delta.op.mode != Mode::add) continue;
        base.cells.push_back(delta.op.origin ? delta.op.origin->cell : CellName{meta.hash, delta.index});
      }
    }
  }

  const SpaceSlot& slot_;
  const History& history_;
  EntryMeta original_;
};

}  // namespace

std::vector<Stretch> stretches(const ReplicaCore& core) {
  std::vector<Stretch> out;
  for (const SpaceSlot* slot : core.slots()) {
    for (LogRef ref = 1; ref <= slot->store.log_count(); ++ref) {
      const LogInfo& info = slot->store.log(ref);
      for (BranchNo number = 0; number < info.branches.size(); ++number) {
        const Branch& branch = info.branches[number];
        const Seq first = std::max(branch.quarantined_from, branch.fork_seq + 1);
        if (first > branch.tip) continue;
        Stretch stretch;
        stretch.space = slot->store.space();
        stretch.log = info.id;
        stretch.author = info.author;
        stretch.first = {ref, number, first};
        stretch.last = {ref, number, branch.tip};
        const EntryHash first_entry = slot->store.meta(slot->store.at(stretch.first)).hash;
        stretch.last_entry = slot->store.meta(slot->store.at(stretch.last)).hash;
        stretch.ref = "Q-" + references::spell(RecordKey::from(ByteView{first_entry}.first(RecordKey::size_bytes)), ref_characters);
        if (branch.decreased_from <= first) stretch.why = Why::control_decreased;
        if (const auto cut = slot->merge.history().newest_cut(ref, core.control().last_seq())) stretch.cut_at = cut->seq;
        stretch.discarded = is_discarded(core, first_entry, stretch.last_entry);
        out.push_back(std::move(stretch));
      }
    }
  }
  return out;
}

States states(const ReplicaCore& core) {
  States out;
  std::uint64_t all = 0;
  for (const SpaceSlot* slot : core.slots()) {
    const History& history = slot->merge.history();
    for (LogRef ref = 1; ref <= slot->store.log_count(); ++ref) {
      for (const Branch& branch : slot->store.log(ref).branches) {
        const auto behind = [&](Seq from) { return from > branch.tip ? 0 : branch.tip - std::max(from, branch.fork_seq + 1) + 1; };
        all += branch.tip - branch.fork_seq;
        out.quarantined += behind(branch.quarantined_from);
        out.waiting += behind(std::min(branch.waiting_from, branch.quarantined_from)) - behind(branch.quarantined_from);
      }
    }
    auto query = core.db().query("SELECT id FROM entries WHERE space = ? AND void = 1");
    query << slot->store.number();
    while (query.step()) out.void_ += history.state(slot->store.meta(query.count(0))) == EntryState::void_ ? 1u : 0u;
  }
  out.applied = all - out.quarantined - out.waiting - out.void_;
  return out;
}

bool entered_anew(const SpaceSlot& slot, EntryRef entry) {
  const EntryHash hash = slot.store.meta(entry).hash;
  std::vector<Op> ops;
  slot.store.ops_of(entry, ops);
  const auto content = std::find_if(ops.begin(), ops.end(), [](const Op& op) { return !is_note(op) && carries_value(op.mode); });
  if (content == ops.end()) return false;
  const CellName name = content->origin ? content->origin->cell : CellName{hash, static_cast<std::uint32_t>(content - ops.begin())};
  std::vector<EntryRef> touching;
  slot.store.touching(content->record, touching);
  return std::any_of(touching.begin(), touching.end(), [&](EntryRef other) {
    if (other == entry || !slot.merge.history().is_applied(slot.store.meta(other))) return false;
    std::vector<IndexedOp> theirs;
    slot.store.ops_on(other, content->record, theirs);
    return std::any_of(theirs.begin(), theirs.end(), [&](const IndexedOp& op) { return op.op.origin && op.op.origin->cell == name; });
  });
}

Result<ControlPosition> adopt(ReplicaCore& core, const Stretch& stretch, Seq upto) {
  if (upto < stretch.first.seq || upto > stretch.last.seq || stretch.why != Why::beyond_cut) return Error{Errc::invalid_input, "seq"};
  const SpaceSlot* slot = core.slot(stretch.space);
  const LogInfo& info = slot->store.log(stretch.first.log);
  Cut cut{stretch.log, upto, slot->store.meta(entry_at(*slot, {stretch.first.log, stretch.first.branch, upto})).hash, {}};
  for (const Branch& branch : info.branches) {
    if (branch.parent != no_branch) cut.fork = std::min(cut.fork.value_or(seq_never), branch.fork_seq);
  }
  return core.issue(LogCut{cut});
}

Result<Committed> enter_anew(ReplicaCore& core, const Stretch& stretch, Seq seq, const Actor& actor) {
  if (seq < stretch.first.seq || seq > stretch.last.seq) return Error{Errc::invalid_input, "seq"};
  const SpaceSlot* slot = core.slot(stretch.space);
  auto ops = Anew{*slot, entry_at(*slot, {stretch.first.log, stretch.first.branch, seq})}.ops();
  if (!ops) return ops.error();
  return core.commit_ops(stretch.space, std::move(*ops), actor);
}

Result<void> discard(ReplicaCore& core, const Stretch& stretch) {
  const SpaceSlot* slot = core.slot(stretch.space);
  const std::string name = fact_of(slot->store.meta(slot->store.at(stretch.first)).hash);
  return core.write([&]() -> Result<void> {
    core.put_fact(name, stretch.last_entry);
    return {};
  });
}

}  // namespace kiz::quarantine

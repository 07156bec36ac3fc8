#include "protocol/fresh_entry.h"

#include <algorithm>

#include "protocol/mutants.h"

namespace kiz {
namespace {

class Application {
 public:
  Application(RecordState& state, FreshEntry& entry, const FieldTypes& types, std::uint32_t kind)
      : state_(state), entry_(entry), types_(types), kind_(kind), own_(static_cast<std::uint32_t>(state.entries.size())) {
    state_.entries.push_back(entry.source());
  }

  bool run(std::span<const OpAt> ops) {
    state_.touched = true;
    state_.cells.reserve(state_.cells.size() + ops.size() + 1);
    state_.fields.reserve(state_.fields.size() + ops.size());
    for (const OpAt& at : ops) {
      if (at.op->origin) return false;  // names a cell that others may have asserted, or removed, before
      assert_existence(at);
      if (at.op->field == field_existence) continue;
      touch(at.op->field);
      if (!apply(at)) return false;
    }
    state_.normalise();
    for (const std::uint32_t field : crowded_) hide_older(entry_.history(), state_, field);
    return true;
  }

 private:
  bool before(const Cell& cell, std::uint32_t index) {
    return cell.entry == own_ ? cell.op < index : entry_.covers(state_.entries[cell.entry]);
  }

  void assert_existence(const OpAt& at) {
    auto& cells = state_.cells;
    const bool mine_alone = !cells.empty() && cells[0].field == field_existence && cells[0].kind == CellKind::alive &&
                            cells[0].entry == own_ && (cells.size() == 1 || cells[1].field != field_existence);
    if (mine_alone && !is_existence_op(*at.op)) {
      cells[0].op = at.index;  // as below; an entry with many ops on a record comes here for each but the first
      return;
    }
    const auto end = std::find_if(state_.cells.begin(), state_.cells.end(), [](const Cell& c) { return c.field != 0; });
    const bool keeps = is_existence_op(*at.op) && !at.op->cells.empty();
    Cell* mine = nullptr;
    const auto falls = [&](Cell& cell) {
      if (cell.kind == CellKind::mark && (at.op->mode != Mode::undo || KIZ_MUTANT(undo_leaves_marks))) return false;
      if (cell.kind == CellKind::alive && cell.entry == own_ && at.op->mode != Mode::del) return false;  // moved below
      if (keeps && lists(*at.op, state_.name_of(cell))) return false;
      return before(cell, at.index);
    };
    const auto kept = std::remove_if(state_.cells.begin(), end, falls);
    const auto rest = state_.cells.erase(kept, end);
    for (auto cell = state_.cells.begin(); cell != rest; ++cell) {
      if (cell->kind == CellKind::alive && cell->entry == own_) mine = &*cell;
    }
    const CellKind kind = existence_kind(*at.op);
    if (kind == CellKind::alive && mine) {
      mine->op = at.index;  // the alive cell of the op before falls to this op's
    } else {
      state_.cells.insert(rest, Cell{field_existence, kind, false, false, own_, at.index, {}, {}});
    }
  }

  void touch(std::uint32_t field) {
    const auto at = std::lower_bound(state_.fields.begin(), state_.fields.end(), field);
    if (at == state_.fields.end() || *at != field) state_.fields.insert(at, field);
  }

  bool apply(const OpAt& at) {
    const Op& op = *at.op;
    switch (op.mode) {
      case Mode::replace: return replace(at);
      case Mode::add:
        if (types_.is_counter(kind_, op.field)) {
          // No base in force has seen this delta.
          add_delta(sum(op.field), {entry_.source().hash, at.index}, op.value, false);
        } else {
          insert(at, CellKind::added);
        }
        return true;
      case Mode::remove: return remove(op);
      case Mode::del:
      case Mode::undo: return true;
    }
    return false;
  }

  bool replace(const OpAt& at) {
    const Op& op = *at.op;
    if (state_.sum_of(op.field)) return false;  // which deltas a new base contains, only the entries tell
    auto [first, last] = range(op.field);
    const auto is_replaced = [](const Cell& cell) { return cell.kind == CellKind::replaced; };
    if (std::any_of(first, last, [&](const Cell& c) { return is_replaced(c) && (c.shared || c.origin); })) return false;
    const auto kept = std::remove_if(first, last, [&](const Cell& cell) {
      return is_replaced(cell) && (KIZ_MUTANT(bury_keep) || !lists(op, state_.name_of(cell))) && before(cell, at.index);
    });
    const bool crowded = std::any_of(first, kept, is_replaced);
    state_.cells.erase(kept, last);
    insert(at, CellKind::replaced);
    if (crowded) crowded_.push_back(op.field);
    return true;
  }

  bool remove(const Op& op) {
    for (const CellName& name : op.cells) {
      const auto [first, last] = range(op.field);
      const auto found = std::find_if(first, last, [&](const Cell& cell) {
        return cell.kind == CellKind::added && state_.name_of(cell) == name;
      });
      if (found == last) return false;  // fell already, or comes later: only the entries tell
      state_.cells.erase(found);
    }
    return true;
  }

  std::pair<std::vector<Cell>::iterator, std::vector<Cell>::iterator> range(std::uint32_t field) {
    const auto first = std::partition_point(state_.cells.begin(), state_.cells.end(),
                                            [field](const Cell& cell) { return cell.field < field; });
    return {first, std::partition_point(first, state_.cells.end(), [field](const Cell& c) { return c.field == field; })};
  }

  void insert(const OpAt& at, CellKind kind) {
    const auto [first, last] = range(at.op->field);
    state_.cells.insert(last, Cell{at.op->field, kind, false, false, own_, at.index, {}, at.op->value});
  }

  DeltaSum& sum(std::uint32_t field) {
    const auto at = std::find_if(state_.sums.begin(), state_.sums.end(), [&](const DeltaSum& s) { return s.field >= field; });
    if (at != state_.sums.end() && at->field == field) return *at;
    const auto made = state_.sums.emplace(at);
    made->field = field;
    return *made;
  }

  RecordState& state_;
  FreshEntry& entry_;
  const FieldTypes& types_;
  std::uint32_t kind_;
  std::uint32_t own_;  // index of the new entry in state_.entries
  std::vector<std::uint32_t> crowded_;  // fields in which another replaced-in cell lives beside the new one
};

}  // namespace

bool FreshEntry::covers(const CellEntry& earlier) {
  if (KIZ_MUTANT(bury_unseen)) return true;
  const LogSource& source = history_.source();
  const LogRef log = source.find_log(earlier.log);
  const bool own = log == meta_.place.log;
  if (own && source.log(log).branches.size() == 1) return true;  // one chain, and this is its end
  Place place{log, 0, earlier.seq};
  if (own || history_.is_forked(log)) place = history_.held(earlier.hash);
  if (own && history_.is_ancestor(place, meta_.place)) return true;
  for (const auto& [seen_log, coverage] : seen_) {
    if (seen_log == log) return history_.covers(coverage, place);
  }
  seen_.emplace_back(log, history_.coverage(meta_, log));
  return history_.covers(seen_.back().second, place);
}

bool apply_fresh(RecordState& state, FreshEntry& entry, std::span<const OpAt> ops, const FieldTypes& types,
                 std::uint32_t kind) {
  return Application{state, entry, types, kind}.run(ops);
}

}  // namespace kiz

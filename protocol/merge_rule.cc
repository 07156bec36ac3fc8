#include "protocol/merge_rule.h"

#include <algorithm>
#include <tuple>

#include "protocol/mutants.h"

#include "protocol/record_view.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

class RegistryTypes final : public FieldTypes {
 public:
  bool is_counter(std::uint32_t kind, std::uint32_t field) const override {
    const registry::Kind* known = registry::find_kind(kind);
    const registry::Field* found = known ? registry::find_field(*known, field) : nullptr;
    return found && found->merge == registry::Merge::counter;
  }
};

// ---- the ops on a record -------------------------------------------------------------------------------------------

/// An applied entry with an op on the record.
struct Author {
  EntryMeta meta;
  std::vector<std::pair<LogRef, Coverage>> seen;  // what was asked for so far
};

/// An op of one of them.
struct Step {
  std::uint32_t author = 0;
  std::uint32_t index = 0;  // in its entry
  Op op;
};

/// A step that asserts a cell.
struct Assertion {
  std::uint32_t field = 0;
  CellKind kind{};
  CellName name;
  std::uint32_t step = 0;
  bool original = true;  // the cell is named after this very op

  auto cell() const { return std::tie(field, kind, name); }
};

/// All assertions of one cell; the one whose content it has is the first.
using Group = std::span<const Assertion>;

class Evaluation {
 public:
  Evaluation(const History& history, const FieldTypes& types, const RecordId& record)
      : history_(history), types_(types), record_(record) {}

  RecordState run() {
    judge();
    build();
    return std::move(out_);
  }

  std::vector<CellName> superseded_ops() {
    judge();
    std::vector<CellName> out;
    for (const Group cell : gone_) {
      if (cell.front().field == field_existence) continue;
      for (const Assertion& by : cell) out.push_back({meta_of(steps_[by.step]).hash, steps_[by.step].index});
    }
    return out;
  }

 private:
  void judge() {
    gather();
    assert_all();
    for (std::size_t first = 0; first < assertions_.size();) {
      std::size_t end = first + 1;
      while (end < assertions_.size() && assertions_[end].cell() == assertions_[first].cell()) ++end;
      const Group group{assertions_.data() + first, end - first};
      (superseded(group) ? gone_ : live_).push_back(group);
      first = end;
    }
  }

  void gather() {
    std::vector<EntryRef> refs;
    history_.source().touching(record_, refs);
    for (const EntryRef ref : refs) {
      if (EntryMeta meta = history_.source().meta(ref); history_.is_applied(meta)) authors_.push_back({meta, {}});
    }
    // In log order what supersedes a cell mostly stands next to it; the outcome does not depend on the order.
    std::sort(authors_.begin(), authors_.end(), [](const Author& a, const Author& b) {
      return std::tie(a.meta.place.log, a.meta.place.seq, a.meta.place.branch) <
             std::tie(b.meta.place.log, b.meta.place.seq, b.meta.place.branch);
    });
    std::vector<IndexedOp> ops;
    for (std::uint32_t author = 0; author < authors_.size(); ++author) {
      ops.clear();
      history_.source().ops_on(authors_[author].meta.ref, record_, ops);
      for (IndexedOp& op : ops) steps_.push_back({author, op.index, std::move(op.op)});
    }
  }

  void assert_all() {
    for (std::uint32_t at = 0; at < steps_.size(); ++at) {
      const Step& step = steps_[at];
      const CellName own{meta_of(step).hash, step.index};
      assertions_.push_back({field_existence, existence_kind(step.op), own, at, true});
      if (step.op.mode == Mode::remove) removals_.push_back(at);
      if (asserts_value(step.op)) {
        const CellName name = step.op.origin ? step.op.origin->cell : own;
        assertions_.push_back({step.op.field, value_kind(step.op), name, at, name == own});
      }
    }
    // The content of a cell is the original's where that is applied, else that of the first op in (log id, seq, hash, op).
    std::sort(assertions_.begin(), assertions_.end(), [this](const Assertion& a, const Assertion& b) {
      if (a.cell() != b.cell()) return a.cell() < b.cell();
      if (a.original != b.original) return a.original;
      return lower(a.step, b.step);
    });
  }

  bool lower(std::uint32_t a, std::uint32_t b) const {
    const EntryMeta& x = meta_of(steps_[a]);
    const EntryMeta& y = meta_of(steps_[b]);
    const LogId& log_x = history_.source().log(x.place.log).id;
    const LogId& log_y = history_.source().log(y.place.log).id;
    return std::tie(log_x, x.place.seq, x.hash, steps_[a].index) < std::tie(log_y, y.place.seq, y.hash, steps_[b].index);
  }

  // ---- superseding

  bool superseded(Group cell) {
    const Assertion& content = cell.front();
    if (content.kind == CellKind::added) {
      return std::any_of(removals_.begin(), removals_.end(), [&](std::uint32_t at) {
        return steps_[at].op.field == content.field && (KIZ_MUTANT(remove_unlisted) || lists(steps_[at].op, content.name));
      });
    }
    const std::uint32_t from = content.step;
    for (std::uint32_t at = from; at < steps_.size(); ++at) {
      if (supersedes(steps_[at], cell)) return true;
    }
    for (std::uint32_t at = 0; at < from; ++at) {
      if (supersedes(steps_[at], cell)) return true;
    }
    return false;
  }

  /// A replace supersedes the replaced-in cells of its field before it that it does not keep, every op alive cells, undo
  /// marks too; `keep` holds for those in field 0 only in an op on field 0.
  bool supersedes(const Step& step, Group cell) {
    const Assertion& content = cell.front();
    switch (content.kind) {
      case CellKind::replaced:
        if (step.op.mode != Mode::replace || step.op.field != content.field) return false;
        break;
      case CellKind::mark:
        if (step.op.mode != Mode::undo || KIZ_MUTANT(undo_leaves_marks)) return false;
        break;
      case CellKind::alive:
        if (KIZ_MUTANT(delete_buries) && step.op.mode == Mode::del) return true;
        break;
      case CellKind::added: return false;
    }
    const bool may_keep = content.field == field_existence ? is_existence_op(step.op) : true;
    if (may_keep && lists(step.op, content.name) && !KIZ_MUTANT(bury_keep)) return false;
    return before(step, cell);
  }

  /// A cell is before an op if one of its assertions is earlier in the same entry, in the log, or inside `seen`.
  bool before(const Step& step, Group cell) {
    return std::any_of(cell.begin(), cell.end(), [&](const Assertion& a) {
      const Step& earlier = steps_[a.step];
      return earlier.author == step.author ? earlier.index < step.index : covers(step.author, meta_of(earlier).place);
    });
  }

  bool covers(std::uint32_t later, const Place& earlier) {
    Author& author = authors_[later];
    if (KIZ_MUTANT(bury_unseen)) return true;
    if (!KIZ_MUTANT(forget_own_chain) && history_.is_ancestor(earlier, author.meta.place)) return true;
    for (const auto& [log, coverage] : author.seen) {
      if (log == earlier.log) return history_.covers(coverage, earlier);
    }
    author.seen.emplace_back(earlier.log, history_.coverage(author.meta, earlier.log));
    return history_.covers(author.seen.back().second, earlier);
  }

  // ---- the state

  void build() {
    out_.touched = !steps_.empty();
    for (const Step& step : steps_) {
      if (step.op.field != field_existence) out_.fields.push_back(step.op.field);
    }
    std::sort(out_.fields.begin(), out_.fields.end());
    out_.fields.erase(std::unique(out_.fields.begin(), out_.fields.end()), out_.fields.end());

    std::vector<std::uint32_t> place(authors_.size(), ~0u);
    std::vector<Group> deltas;
    for (const Group cell : live_) {
      const Assertion& content = cell.front();
      if (content.kind == CellKind::added && types_.is_counter(record_.kind, content.field)) {
        deltas.push_back(cell);
        continue;
      }
      const Step& step = steps_[content.step];
      if (place[step.author] == ~0u) {
        place[step.author] = static_cast<std::uint32_t>(out_.entries.size());
        const EntryMeta& meta = meta_of(step);
        out_.entries.push_back({meta.hash, history_.source().log(meta.place.log).id, meta.place.seq, meta.hlc});
      }
      Cell made{content.field, content.kind, false, cell.size() > 1, place[step.author], step.index, {}, {}};
      if (content.field != field_existence) {
        made.origin = step.op.origin;
        made.value = step.op.value;
      }
      out_.cells.push_back(std::move(made));
    }
    out_.normalise();
    for (const std::uint32_t field : out_.fields) hide_older(history_, out_, field);
    sum_up(deltas);
  }

  void sum_up(const std::vector<Group>& deltas) {
    for (const Group delta : deltas) {
      const Assertion& content = delta.front();
      if (out_.sums.empty() || out_.sums.back().field != content.field) {
        out_.sums.emplace_back().field = content.field;
        find_base(content.field);
      }
      DeltaSum& sum = out_.sums.back();
      add_delta(sum, content.name, steps_[content.step].op.value, !KIZ_MUTANT(add_base_to_deltas) && base_ && !lists(base_->op, content.name) && before(*base_, delta));
    }
  }

  void find_base(std::uint32_t field) {
    const Cell* base = highest_read(out_, field);
    base_ = nullptr;
    if (!base) return;
    const auto found = std::find_if(steps_.begin(), steps_.end(), [&](const Step& step) {
      return step.index == base->op && meta_of(step).hash == out_.entries[base->entry].hash;
    });
    base_ = &*found;
  }

  const EntryMeta& meta_of(const Step& step) const { return authors_[step.author].meta; }

  const History& history_;
  const FieldTypes& types_;
  const RecordId& record_;
  std::vector<Author> authors_;
  std::vector<Step> steps_;
  std::vector<Assertion> assertions_;
  std::vector<std::uint32_t> removals_;
  std::vector<Group> live_, gone_;
  const Step* base_ = nullptr;
  RecordState out_;
};

/// Of two live cells of one chain the newer is read.
bool hides(const History& history, const RecordState& state, const Cell& newer, const Cell& older) {
  if (&newer == &older || newer.origin || older.origin) return false;
  if (newer.entry == older.entry) return newer.op > older.op;
  const CellEntry& x = state.entries[newer.entry];
  const CellEntry& y = state.entries[older.entry];
  return x.log == y.log && y.seq < x.seq && history.is_ancestor(history.held(y.hash), history.held(x.hash));
}

}  // namespace

const FieldTypes& registry_types() {
  static const RegistryTypes types;
  return types;
}

void hide_older(const History& history, RecordState& state, std::uint32_t field) {
  const auto first = std::partition_point(state.cells.begin(), state.cells.end(),
                                          [field](const Cell& cell) { return cell.field < field; });
  const auto last = std::find_if(first, state.cells.end(), [field](const Cell& cell) {
    return cell.field != field || cell.kind != CellKind::replaced;
  });
  for (auto older = first; older != last; ++older) {
    older->hidden = !KIZ_MUTANT(show_hidden) && std::any_of(first, last, [&](const Cell& newer) { return hides(history, state, newer, *older); });
  }
}

void add_delta(DeltaSum& sum, const CellName& name, const std::optional<Value>& value, bool inside) {
  const Hash hash = cell_name_hash(name);
  Hash& names = inside ? sum.inside_names : sum.counted_names;
  for (std::size_t i = 0; i < hash.bytes.size(); ++i) names.bytes[i] ^= hash.bytes[i];
  if (inside) {
    ++sum.inside;
    return;
  }
  ++sum.counted;
  if (!value) ++sum.unknown;
  const std::int64_t* number = value ? as_int(*value) : nullptr;
  if (number) sum.sum += *number;
}

RecordState evaluate_record(const History& history, const FieldTypes& types, const RecordId& record) {
  return Evaluation{history, types, record}.run();
}

std::vector<CellName> superseded_ops(const History& history, const FieldTypes& types, const RecordId& record) {
  return Evaluation{history, types, record}.superseded_ops();
}

}  // namespace kiz

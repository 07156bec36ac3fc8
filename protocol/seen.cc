#include "protocol/seen.h"

#include <algorithm>

#include "protocol/limits.h"
#include "protocol/mutants.h"

namespace kiz {
namespace {

bool is_listed(const History& history, const Place& own_head, const Head& head) {
  const LogSource& source = history.source();
  const LogRef cited = source.find_log(head.log);
  if (cited == 0 || !own_head) return false;
  bool found = false, more = true;
  for (Place citing = own_head; more;) {
    source.listings(citing, cited, [&](const Listing& row) {
      found = row.seq == head.seq && row.entry == head.entry;
      return more = !found && row.run_max >= head.seq;  // further back no head that high is listed
    });
    const Branch& branch = source.log(citing.log).branches[citing.branch];
    if (branch.parent == no_branch) break;
    citing = {citing.log, branch.parent, std::min(citing.seq, branch.fork_seq)};
  }
  return found;
}

void sort_unique(std::vector<CellName>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

/// Names of the cells of a field that applied entries assert, apart by whether `shown` has the entry.
struct Asserted {
  std::vector<CellName> shown, unseen;
};

Asserted asserted(const History& history, const RecordId& record, std::uint32_t field, const Frontier& shown) {
  const LogSource& source = history.source();
  std::vector<Place> heads;
  for (const Head& head : shown.heads) {
    if (const EntryRef ref = source.find(head.entry)) heads.push_back(source.meta(ref).place);
  }
  Asserted out;
  std::vector<EntryRef> refs;
  std::vector<IndexedOp> ops;
  source.touching(record, refs);
  for (const EntryRef ref : refs) {
    const EntryMeta meta = source.meta(ref);
    if (!history.is_applied(meta)) continue;
    const bool was_shown = std::any_of(heads.begin(), heads.end(), [&](const Place& head) {
      return history.is_ancestor(meta.place, head);
    });
    ops.clear();
    source.ops_on(ref, record, ops);
    for (const IndexedOp& at : ops) {
      const CellName own{meta.hash, at.index};
      auto& into = was_shown ? out.shown : out.unseen;
      if (field == field_existence) into.push_back(own);
      if (field != field_existence && at.op.field == field && asserts_value(at.op)) {
        into.push_back(at.op.origin ? at.op.origin->cell : own);
      }
    }
  }
  sort_unique(out.shown);
  sort_unique(out.unseen);
  return out;
}

}  // namespace

std::vector<Head> seen_since(const History& history, const Place& own_head, const Frontier& now) {
  std::vector<Head> out;
  for (const Head& head : now.heads) {
    const EntryRef ref = history.source().find(head.entry);
    const bool own = ref != 0 && own_head && history.is_ancestor(history.source().meta(ref).place, own_head);
    if (!own && !is_listed(history, own_head, head) && !KIZ_MUTANT(seen_nothing)) out.push_back(head);
  }
  return out;
}

Result<std::vector<CellName>> came_since(const History& history, const RecordId& record, const RecordState& now,
                                         std::uint32_t field, const Frontier& shown) {
  const Asserted names = asserted(history, record, field, shown);
  std::vector<CellName> live;
  for (const Cell& cell : now.cells_of(field)) live.push_back(now.name_of(cell));
  sort_unique(live);
  const bool has_deltas = now.sum_of(field) != nullptr;  // these are no cells of the state; a dead one kept does no harm
  std::vector<CellName> out;
  for (const CellName& name : names.unseen) {
    const bool lives = has_deltas || std::binary_search(live.begin(), live.end(), name);
    // A cell that several ops assert was shown with the first of them.
    if (lives && !std::binary_search(names.shown.begin(), names.shown.end(), name)) out.push_back(name);
  }
  if (out.size() > limits::cells_max) return Error{Errc::over_limit, "cells that came meanwhile"};
  return out;
}

}  // namespace kiz

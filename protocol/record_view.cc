#include "protocol/record_view.h"

#include <algorithm>
#include <limits>

#include "protocol/mutants.h"

namespace kiz {
namespace {

std::vector<const Cell*> cells_of_kind(const RecordState& state, std::uint32_t field, CellKind kind) {
  std::vector<const Cell*> out;
  for (const Cell& cell : state.cells_of(field)) {
    if (cell.kind == kind && !cell.hidden) out.push_back(&cell);
  }
  std::sort(out.begin(), out.end(), [&](const Cell* a, const Cell* b) { return KIZ_MUTANT(older_wins) ? state.lower(*a, *b) : state.lower(*b, *a); });
  return out;
}

/// One reading per different value, in the order of the cells; what is unknown equals nothing.
std::vector<Reading> different(const std::vector<const Cell*>& cells) {
  std::vector<Reading> out;
  for (const Cell* cell : cells) {
    const auto same = std::find_if(out.begin(), out.end(),
                                   [&](const Reading& r) { return cell->value && r.value == cell->value; });
    if (same != out.end()) {
      same->cells.push_back(cell);
    } else {
      out.push_back({cell->value, {cell}});
    }
  }
  return out;
}

std::vector<Reading> by_value(const std::vector<const Cell*>& cells) {
  std::vector<const Cell*> sorted = cells;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Cell* a, const Cell* b) {
    if (a->value.has_value() != b->value.has_value()) return a->value.has_value();
    return a->value && *a->value < *b->value;
  });
  std::vector<Reading> out;
  for (const Cell* cell : sorted) {
    if (!out.empty() && cell->value && out.back().value == cell->value) {
      out.back().cells.push_back(cell);
    } else {
      out.push_back({cell->value, {cell}});
    }
  }
  return out;
}

}  // namespace

RegisterView read_register(const RecordState& state, std::uint32_t field) {
  auto readings = different(cells_of_kind(state, field, CellKind::replaced));
  RegisterView out;
  if (readings.empty()) return out;
  out.value = std::move(readings.front());
  out.others.assign(std::make_move_iterator(readings.begin() + 1), std::make_move_iterator(readings.end()));
  return out;
}

std::vector<Reading> read_multi_value(const RecordState& state, std::uint32_t field) {
  auto out = by_value(cells_of_kind(state, field, CellKind::replaced));
  if (KIZ_MUTANT(one_value_only) && out.size() > 1) out.resize(1);
  return out;
}

std::vector<Reading> read_set(const RecordState& state, std::uint32_t field) {
  return by_value(cells_of_kind(state, field, CellKind::added));
}

CounterView read_counter(const RecordState& state, std::uint32_t field) {
  CounterView out;
  out.base = highest_read(state, field);
  out.deltas = state.sum_of(field);
  Int128 sum = out.deltas ? out.deltas->sum : 0;
  if (out.deltas) out.unknown = out.deltas->unknown;
  if (out.base && !out.base->value) ++out.unknown;
  const std::int64_t* start = out.base && out.base->value ? as_int(*out.base->value) : nullptr;
  if (start) sum += *start;
  if (out.unknown != 0) return out;
  out.overflown = sum > std::numeric_limits<std::int64_t>::max() || sum < std::numeric_limits<std::int64_t>::min();
  if (!out.overflown) out.sum = static_cast<std::int64_t>(sum);
  return out;
}

ExistenceView read_existence(const RecordState& state) {
  ExistenceView out;
  out.alive = cells_of_kind(state, field_existence, CellKind::alive);
  out.marks = cells_of_kind(state, field_existence, CellKind::mark);
  if (!out.alive.empty()) {
    out.existence = out.marks.empty() ? Existence::exists : Existence::exists_deleted;
  } else if (!out.marks.empty()) {
    out.existence = Existence::deleted;
  }
  return out;
}

const Cell* highest_read(const RecordState& state, std::uint32_t field) {
  const Cell* out = nullptr;
  for (const Cell& cell : state.cells_of(field)) {
    if (cell.kind == CellKind::replaced && !cell.hidden && (!out || state.lower(*out, cell))) out = &cell;
  }
  return out;
}

}  // namespace kiz

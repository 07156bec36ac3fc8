#include "libclient/view.h"

#include <algorithm>
#include <map>

#include "protocol/registry.h"

namespace kiz {
namespace {

std::map<std::uint32_t, std::map<std::uint32_t, MergeType>>& extensions() {
  static std::map<std::uint32_t, std::map<std::uint32_t, MergeType>> held;
  return held;
}

std::optional<MergeType> registered(std::uint32_t kind, std::uint32_t field) {
  if (const auto at = extensions().find(kind); at != extensions().end()) {
    const auto type = at->second.find(field);
    return type == at->second.end() ? MergeType::register_ : type->second;
  }
  const auto* k = registry::find_kind(kind);
  const auto* f = k == nullptr ? nullptr : registry::find_field(*k, field);
  if (f == nullptr) return std::nullopt;
  switch (f->merge) {
    case registry::Merge::last_write: return MergeType::register_;
    case registry::Merge::multi_value: return MergeType::multi_value;
    case registry::Merge::set: return MergeType::set;
    case registry::Merge::counter: return MergeType::counter;
  }
  return std::nullopt;
}

CellView cell_view(const RecordState& state, const Cell& cell) {
  return {cell.value, state.name_of(cell), state.entries[cell.entry].log, state.hlc_of(cell)};
}

// Replaced-in cells that are read, the highest first.
std::vector<const Cell*> read_cells(const RecordState& state, std::uint32_t field) {
  std::vector<const Cell*> out;
  for (const Cell& cell : state.cells_of(field)) {
    if (cell.kind == CellKind::replaced && !cell.hidden) out.push_back(&cell);
  }
  std::sort(out.begin(), out.end(), [&](const Cell* a, const Cell* b) { return state.lower(*b, *a); });
  return out;
}

// Of equal values the highest cell stands for all; an unknown value equals no other.
void keep_first_of_equals(std::vector<CellView>& cells) {
  std::vector<CellView> out;
  for (CellView& cell : cells) {
    const bool seen = cell.value && std::any_of(out.begin(), out.end(), [&](const auto& o) { return o.value == cell.value; });
    if (!seen) out.push_back(std::move(cell));
  }
  cells = std::move(out);
}

void read_counter(const RecordState& state, FieldView& out) {
  const auto bases = read_cells(state, out.field);
  Int128 sum = 0;
  if (!bases.empty() && bases.front()->value) {
    if (const auto* base = as_int(*bases.front()->value)) sum = *base;
  }
  bool unknown = !bases.empty() && !bases.front()->value;
  if (const DeltaSum* deltas = state.sum_of(out.field)) {
    sum += deltas->sum;
    unknown |= deltas->unknown > 0;
  }
  if (!bases.empty()) out.cells.push_back(cell_view(state, *bases.front()));
  if (unknown) {
    out.cells.assign(1, CellView{});
    return;
  }
  out.overflow = sum > INT64_MAX || sum < INT64_MIN;
  if (!out.overflow) out.sum = static_cast<std::int64_t>(sum);
}

void read_set(const RecordState& state, FieldView& out) {
  for (const Cell& cell : state.cells_of(out.field)) {
    if (cell.kind == CellKind::added) out.cells.push_back(cell_view(state, cell));
  }
  std::stable_sort(out.cells.begin(), out.cells.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  keep_first_of_equals(out.cells);
}

}  // namespace

void register_extension(std::uint32_t kind, std::vector<std::pair<std::uint32_t, MergeType>> fields) {
  KIZ_ASSERT(kind >= 1'000'000);
  extensions()[kind] = {fields.begin(), fields.end()};
}

bool RegisteredFields::is_counter(std::uint32_t kind, std::uint32_t field) const {
  return registered(kind, field) == MergeType::counter;
}

MergeType merge_type(std::uint32_t kind, std::uint32_t field, const RecordState& state) {
  if (const auto type = registered(kind, field)) return *type;
  const auto cells = state.cells_of(field);
  const bool added = std::any_of(cells.begin(), cells.end(), [](const Cell& c) { return c.kind == CellKind::added; });
  return added ? MergeType::set : MergeType::multi_value;
}

Existence existence_of(const RecordState& state) {
  bool alive = false;
  bool mark = false;
  for (const Cell& cell : state.cells_of(field_existence)) {
    alive |= cell.kind == CellKind::alive;
    mark |= cell.kind == CellKind::mark;
  }
  if (alive) return mark ? Existence::exists_deleted : Existence::exists;
  return mark ? Existence::deleted : Existence::absent;
}

RecordView view_of(const Space& space, const RecordId& id, const RecordState& state) {
  RecordView out;
  out.space = space;
  out.id = id;
  out.existence = existence_of(state);
  for (const std::uint32_t number : state.fields) {
    FieldView field;
    field.field = number;
    field.type = merge_type(id.kind, number, state);
    switch (field.type) {
      case MergeType::counter: read_counter(state, field); break;
      case MergeType::set: read_set(state, field); break;
      case MergeType::register_:
      case MergeType::multi_value:
        for (const Cell* cell : read_cells(state, number)) field.cells.push_back(cell_view(state, *cell));
        keep_first_of_equals(field.cells);
        break;
    }
    if (field.type == MergeType::multi_value) {
      std::stable_sort(field.cells.begin(), field.cells.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
    }
    out.fields.push_back(std::move(field));
  }
  return out;
}

std::vector<std::uint32_t> conflict_fields(std::uint32_t kind, const RecordState& state) {
  std::vector<std::uint32_t> out;
  if (existence_of(state) == Existence::exists_deleted) out.push_back(field_existence);
  // Cells are sorted by field: only a field with a second replaced-in cell can be disputed.
  for (const std::uint32_t number : state.fields) {
    const auto cells = state.cells_of(number);
    if (cells.size() < 2 || merge_type(kind, number, state) != MergeType::multi_value) continue;
    std::vector<CellView> values;
    for (const Cell* cell : read_cells(state, number)) values.push_back(cell_view(state, *cell));
    keep_first_of_equals(values);
    if (values.size() > 1) out.push_back(number);
  }
  return out;
}

}  // namespace kiz

#include "libclient/view.h"

#include <algorithm>
#include <map>

#include "protocol/crypto.h"
#include "protocol/record_view.h"
#include "protocol/registry.h"
#include "protocol/wire.h"

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

void show(const RecordState& state, const std::vector<Reading>& readings, FieldView& out) {
  for (const Reading& reading : readings) out.cells.push_back(cell_view(state, *reading.cells.front()));
}

void show_register(const RecordState& state, FieldView& out) {
  const RegisterView read = read_register(state, out.field);
  if (!read.value) return;
  out.cells.push_back(cell_view(state, *read.value->cells.front()));
  show(state, read.others, out);
}

void show_counter(const RecordState& state, FieldView& out) {
  const CounterView read = read_counter(state, out.field);
  out.overflow = read.overflown;
  out.sum = read.sum.value_or(0);
  if (read.unknown > 0) {
    out.cells.emplace_back();
  } else if (read.base != nullptr) {
    out.cells.push_back(cell_view(state, *read.base));
  }
}

}  // namespace

void register_extension(std::uint32_t kind, std::vector<std::pair<std::uint32_t, MergeType>> fields) {
  KIZ_ASSERT(kind >= 1'000'000);
  extensions()[kind] = {fields.begin(), fields.end()};
}

std::map<std::uint32_t, Hash> registered_kinds() {
  std::map<std::uint32_t, std::map<std::uint32_t, MergeType>> kinds = extensions();
  for (const registry::Kind& kind : registry::all_kinds()) {
    auto& fields = kinds[kind.number];
    for (const registry::Field& field : kind.fields) fields[field.number] = *registered(kind.number, field.number);
  }
  std::map<std::uint32_t, Hash> out;
  for (const auto& [kind, fields] : kinds) {
    wire::Writer ar;
    for (const auto& [field, type] : fields) ar(field, static_cast<std::uint32_t>(type));
    out[kind] = crypto::hash("kiz-sync registered kind v1", ar.bytes());
  }
  return out;
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

Existence existence_of(const RecordState& state) { return read_existence(state).existence; }

RecordView view_of(const Space& space, const RecordId& id, const RecordState& state) {
  RecordView out;
  out.space = space;
  out.id = id;
  out.existence = existence_of(state);
  out.fields.reserve(state.fields.size());
  for (const std::uint32_t number : state.fields) {
    FieldView field;
    field.field = number;
    field.type = merge_type(id.kind, number, state);
    const auto cells = state.cells_of(number);
    const CellKind wanted = field.type == MergeType::set ? CellKind::added : CellKind::replaced;
    if (cells.size() == 1 && field.type != MergeType::counter && cells[0].kind == wanted && !cells[0].hidden) {
      field.cells.push_back(cell_view(state, cells[0]));  // nearly every field: nothing to compare
      out.fields.push_back(std::move(field));
      continue;
    }
    switch (field.type) {
      case MergeType::counter: show_counter(state, field); break;
      case MergeType::set: show(state, read_set(state, number), field); break;
      case MergeType::register_: show_register(state, field); break;
      case MergeType::multi_value: show(state, read_multi_value(state, number), field); break;
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
    if (read_multi_value(state, number).size() > 1) out.push_back(number);
  }
  return out;
}

}  // namespace kiz

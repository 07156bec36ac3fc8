#include "libclient/list_rows.h"

#include <algorithm>

#include "libclient/field_text.h"
#include "libclient/request_support.h"

namespace kiz {

ListRows::ListRows(const Replica& replica, const registry::Kind& kind, const std::vector<std::string>& columns)
    : replica_(replica), refs_(replica, kind.number) {
  using What = Column::What;
  for (const std::string& name : columns) {
    const auto known = registry::find_field(kind, std::string_view{name});
    if (name == "ref") {
      columns_.push_back({What::ref});
    } else if (name == "member") {
      columns_.push_back({What::member});
    } else if (name == "member_name") {
      columns_.push_back({What::member_name});
    } else {
      columns_.push_back({What::field, known ? known->number : 0, known ? known->field : nullptr});
    }
  }
}

std::vector<std::uint32_t> ListRows::fields() const {
  std::vector<std::uint32_t> out;
  for (const Column& column : columns_) {
    if (column.number != 0) out.push_back(column.number);
  }
  return out;
}

void ListRows::add(const RecordView& view, const std::string& sort_key) {
  const std::size_t begin = packer_.bytes().size();
  const auto single = [&](std::string_view text) {
    packer_.begin_cell(1);
    packer_.text(text);
  };
  for (Column& column : columns_) {
    switch (column.what) {
      case Column::What::ref: single(refs_.of(view.id)); break;
      case Column::What::member: single(view.space.owner); break;
      case Column::What::member_name: {
        const auto [at, fresh] = member_names_.try_emplace(view.space.owner);
        if (fresh) at->second = request::member_name(replica_, view.space.owner);
        single(at->second);
        break;
      }
      case Column::What::field: add_field(column, view); break;
    }
  }
  rows_.push_back({sort_key, begin, packer_.bytes().size() - begin});
}

// As reply::record shows it: nothing where values stand side by side, nothing for what is unknown.
void ListRows::add_field(Column& column, const RecordView& view) {
  const FieldView* field = column.field == nullptr ? nullptr : view.field(column.number);
  if (field == nullptr || field->disputed()) return packer_.begin_cell(0);
  if (field->type == MergeType::counter) {
    packer_.begin_cell(field->overflow ? 0 : 1);
    if (!field->overflow) packer_.text(std::to_string(field->sum));
    return;
  }
  const bool set = field->type == MergeType::set;
  const auto is_shown = [](const CellView& cell) { return cell.value && !is_null(*cell.value); };
  if (!set) {
    const bool any = !field->cells.empty() && is_shown(field->cells.front());
    packer_.begin_cell(any ? 1 : 0);
    if (any) add_value(column, *field->cells.front().value);
    return;
  }
  packer_.begin_cell(static_cast<std::size_t>(std::count_if(field->cells.begin(), field->cells.end(), is_shown)));
  for (const CellView& cell : field->cells) {
    if (is_shown(cell)) add_value(column, *cell.value);
  }
}

void ListRows::add_value(Column& column, const Value& value) {
  if (as_text(value) != nullptr) return packer_.text(field_text::show(*column.field, value, field_text::Form::exchange));
  const auto [at, fresh] = column.texts.try_emplace(value);
  if (fresh) at->second = field_text::show(*column.field, value, field_text::Form::exchange);
  packer_.text(at->second);
}

Bytes ListRows::sorted() {
  std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.sort_key < b.sort_key; });
  Bytes out;
  out.reserve(packer_.bytes().size());
  for (const Row& row : rows_) {
    const auto begin = packer_.bytes().begin() + static_cast<std::ptrdiff_t>(row.begin);
    out.insert(out.end(), begin, begin + static_cast<std::ptrdiff_t>(row.bytes));
  }
  return out;
}

}  // namespace kiz

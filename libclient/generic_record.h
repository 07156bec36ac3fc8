// A record as import and export see it: fields and their values, without who said what and when.
#pragma once

#include <map>
#include <vector>

#include "kiz/ids.h"
#include "kiz/record_view.h"
#include "kiz/value.h"

namespace kiz {

struct GenericRecord {
  RecordId id;
  std::map<std::uint32_t, std::vector<Value>> fields;  // by field number; registers and counters have one value

  /// The first value of a field, nullptr when it has none.
  const Value* first(std::uint32_t field) const {
    const auto at = fields.find(field);
    return at == fields.end() || at->second.empty() ? nullptr : &at->second.front();
  }
};

/// What stands in a record now: the latest of a register, every live value of a multi_value field, the elements of a
/// set, the sum of a counter. Left out: what was emptied, and what was erased or has not arrived.
inline GenericRecord generic(const RecordView& record) {
  GenericRecord out{record.id, {}};
  for (const FieldView& field : record.fields) {
    std::vector<Value> values;
    if (field.type == MergeType::counter) {
      if (!field.overflow) values.emplace_back(field.sum);
    } else {
      for (const CellView& cell : field.cells) {
        if (cell.value && !is_null(*cell.value)) values.push_back(*cell.value);
        if (field.type == MergeType::register_) break;
      }
    }
    if (!values.empty()) out.fields.emplace(field.field, std::move(values));
  }
  return out;
}

}  // namespace kiz

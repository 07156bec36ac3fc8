// What a record looks like to those who read it: fields with their values, who wrote them and when, and what is disputed.
// How values become visible: SPEC.md "Merge". The numbers of kinds and fields: protocol/registry.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kiz/ids.h"
#include "kiz/timestamp.h"
#include "kiz/value.h"

namespace kiz {

enum class Existence : std::uint8_t { absent, exists, exists_deleted, deleted };

/// One visible value. `value` is empty when it was erased or has not arrived: it reads "unknown", never empty or 0.
struct CellView {
  std::optional<Value> value;
  CellName name;
  LogId log;  // Replica::author_of tells member and device
  Timestamp hlc;
};

/// How the field's cells are to be read; unknown fields are read as multi_value or set, by the mode they were written in.
enum class MergeType : std::uint8_t { register_, multi_value, set, counter };

struct FieldView {
  std::uint32_t field = 0;
  MergeType type = MergeType::register_;
  std::vector<CellView> cells;  // register: the value, then what was concurrently overwritten, newest first;
                                // multi_value: one per different value (null first, then ascending); set: the elements
  std::int64_t sum = 0;         // counter only
  bool overflow = false;        // counter only: the sum left the range of 64 bits; it is not to be shown

  /// Two or more different live values that only a person may choose between.
  bool disputed() const { return type == MergeType::multi_value && cells.size() > 1; }
};

struct RecordView {
  Space space;
  RecordId id;
  Existence existence = Existence::absent;
  std::vector<FieldView> fields;  // ascending field numbers; existence is not among them

  const FieldView* field(std::uint32_t number) const {
    for (const FieldView& f : fields) {
      if (f.field == number) return &f;
    }
    return nullptr;
  }
  /// The value of a register, or of a multi_value field that is not disputed; empty when absent, emptied or unknown.
  std::optional<Value> value(std::uint32_t number) const {
    const FieldView* f = this->field(number);
    if (f == nullptr || f->cells.empty() || f->disputed()) return std::nullopt;
    const auto& v = f->cells.front().value;
    return v && !is_null(*v) ? v : std::nullopt;
  }
  std::string text(std::uint32_t number) const {
    const auto v = value(number);
    const auto* t = v ? as_text(*v) : nullptr;
    return t != nullptr ? *t : std::string{};
  }
  std::optional<std::int64_t> number(std::uint32_t field_number) const {
    const auto v = value(field_number);
    const auto* n = v ? as_int(*v) : nullptr;
    return n != nullptr ? std::optional{*n} : std::nullopt;
  }
  bool exists() const { return existence == Existence::exists || existence == Existence::exists_deleted; }
};

}  // namespace kiz

// Records as a store would show them, made by hand: views are pure functions over these.
#pragma once

#include <string>
#include <utility>

#include "kiz/record_view.h"
#include "protocol/registry.h"

namespace kiz::test {

/// Cells get rising times unless at() sets one: 1000 ms, 2000 ms, ...
class RecordBuilder {
 public:
  explicit RecordBuilder(std::uint32_t kind, std::string owner = "05554004") {
    record_.id.kind = kind;
    record_.space.owner = std::move(owner);
    record_.existence = Existence::exists;
  }

  RecordBuilder& key(const std::string& text) {
    record_.id.key = registry::natural_record_key(record_.id.kind, text);
    return set(registry::fields::key, text);
  }
  RecordBuilder& at(std::uint64_t ms) {
    now_ms_ = ms;
    return *this;
  }
  RecordBuilder& by(std::uint8_t log) {
    log_.bytes[0] = log;
    return *this;
  }
  /// Register; multi_value when called for one: a second value stands beside the first.
  RecordBuilder& set(std::uint32_t field, Value value) { return put(field, MergeType::register_, std::move(value)); }
  RecordBuilder& multi(std::uint32_t field, Value value) { return put(field, MergeType::multi_value, std::move(value)); }
  RecordBuilder& add(std::uint32_t field, Value value) { return put(field, MergeType::set, std::move(value)); }
  RecordBuilder& tally(std::uint32_t field, std::int64_t sum) {
    put(field, MergeType::counter, sum);
    view_of(field).sum = sum;
    return *this;
  }
  /// A cell whose value was erased or has not arrived.
  RecordBuilder& missing(std::uint32_t field, MergeType type = MergeType::multi_value) {
    put(field, type, Null{});
    view_of(field).cells.back().value.reset();
    return *this;
  }
  RecordBuilder& deleted() {
    record_.existence = Existence::deleted;
    return *this;
  }

  operator RecordView() const { return record_; }  // NOLINT: meant to convert
  const RecordView& view() const { return record_; }

 private:
  FieldView& view_of(std::uint32_t number) {
    auto at = record_.fields.begin();
    while (at != record_.fields.end() && at->field < number) ++at;
    if (at == record_.fields.end() || at->field != number) {
      at = record_.fields.insert(at, FieldView{});
      at->field = number;
    }
    return *at;
  }
  RecordBuilder& put(std::uint32_t number, MergeType type, Value value) {
    FieldView& field = view_of(number);
    field.type = type;
    CellView cell;
    cell.value = std::move(value);
    cell.log = log_;
    cell.name.op = next_op_++;
    now_ms_ += 1000;
    cell.hlc = Timestamp::of(now_ms_);
    field.cells.push_back(std::move(cell));
    return *this;
  }

  RecordView record_;
  LogId log_;
  std::uint32_t next_op_ = 0;
  std::uint64_t now_ms_ = 0;
};

}  // namespace kiz::test

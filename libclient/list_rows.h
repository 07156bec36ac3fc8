// The rows of a list of records: what stands on the screen of each, packed (packed_rows.h).
#pragma once

#include <map>

#include "libclient/packed_rows.h"
#include "libclient/references.h"
#include "protocol/registry.h"

namespace kiz {

class ListRows {
 public:
  /// columns: "ref", "member", "member_name" or English names of fields; what has another name stays empty.
  ListRows(const Replica& replica, const registry::Kind& kind, const std::vector<std::string>& columns);

  /// What a view must show for it, as in ScanRange.
  std::vector<std::uint32_t> fields() const;
  void add(const RecordView& view, const std::string& sort_key);
  std::size_t size() const { return rows_.size(); }
  /// All rows by their sort keys; of equal ones, as they were added.
  Bytes sorted();

 private:
  struct Column {
    enum class What : std::uint8_t { ref, member, member_name, field } what = What::field;
    std::uint32_t number = 0;
    const registry::Field* field = nullptr;
    std::map<Value, std::string> texts = {};  // of values that are no text: ten thousand records have few different ones
  };
  struct Row {
    std::string sort_key;
    std::size_t begin, bytes;
  };
  void add_field(Column& column, const RecordView& view);
  void add_value(Column& column, const Value& value);

  const Replica& replica_;
  references::ShortReferences refs_;
  std::vector<Column> columns_;
  std::map<MemberId, std::string> member_names_;
  packed_rows::Packer packer_;
  std::vector<Row> rows_;
};

}  // namespace kiz

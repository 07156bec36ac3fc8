// A table put together record by record from a source that has no columns: JSON of ours and HSDS.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "libclient/table_import.h"

namespace kiz::table_import {

class CellTable {
 public:
  void begin_row() { rows_.emplace_back(header_.size()); }

  /// The cell of the row begun last; a name not seen before becomes a column.
  void set(const std::string& name, std::string text) {
    const auto at = std::find(header_.begin(), header_.end(), name);
    const auto place = static_cast<std::size_t>(at - header_.begin());
    if (at == header_.end()) header_.push_back(name);
    rows_.back().resize(header_.size());
    rows_.back()[place] = std::move(text);
  }

  std::size_t columns() const { return header_.size(); }

  /// As table_import::read_table; a table without rows gives nothing and complains of nothing.
  Import read(const Options& options) {
    if (rows_.empty()) return {};
    for (auto& row : rows_) row.resize(header_.size());
    return read_table(header_, rows_, options);
  }

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace kiz::table_import

// The cells of one row as values of our fields. Part of table_import.h.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "libclient/table_columns.h"
#include "libclient/table_import.h"

namespace kiz::table_import {

/// Without blanks and line breaks around it.
std::string_view trimmed_view(std::string_view text);

/// Adds values to a field of a draft: sets grow, a register keeps the first it got.
void add_values(Draft& draft, std::uint32_t number, const registry::Field& field, std::vector<Value> values);

/// The column that a source's complaints are about.
std::optional<std::size_t> place_of(const BoundSource& source);

class CellReader {
 public:
  /// Both arguments must outlive the reader.
  CellReader(const Options& options, const Columns& columns) : options_(options), columns_(columns) {}

  /// Goes on to a row; complaints about it go to `out`.
  void begin(const csv::Row& row, Import& out);

  /// An empty cell where the row has none.
  const csv::Cell& cell(std::size_t place) const;
  /// With the place of the cell, or the row's line. Nothing beyond the bound of complaints.
  void complain(Complaint complaint, std::optional<std::size_t> place = {});
  bool has_room() const;

  void read_field(const BoundField& field, Draft& draft);
  void read_flag(const BoundFlag& flag, Draft& draft);
  /// The canonical text of one dimension of the key, empty when no source says anything; nullopt: complained about.
  /// field   nullptr: the table has no column for it; the municipality is then whoever imports
  std::optional<std::string> read_part(const registry::KeyPart& part, const BoundField* field);

 private:
  std::string joined(const BoundSource& source) const;
  std::optional<std::string> translated(const BoundSource& source, const std::string& element, std::string_view label,
                                        registry::Type type);
  Read<Value> parsed(const Target& target, const std::string& text);
  Read<std::string> parsed_part(const registry::KeyPart& part, const std::string& text);
  void read_source(const BoundField& field, const BoundSource& source, std::vector<Value>& values);

  const Options& options_;
  const Columns& columns_;
  const csv::Row* row_ = nullptr;
  Import* out_ = nullptr;
  // Languages and places are looked up by name in long lists; a file says the same few over and over.
  std::unordered_map<std::uint32_t, std::unordered_map<std::string, Value>> values_;
  std::unordered_map<std::string, std::unordered_map<std::string, std::string>> parts_;
};

}  // namespace kiz::table_import

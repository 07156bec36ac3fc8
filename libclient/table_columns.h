// Which columns of a table feed which of our fields: a mapping tied to a header. Part of table_import.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libclient/csv.h"
#include "libclient/mapping.h"

namespace kiz::table_import {

/// A field, or a dimension of the natural key, that a column goes to.
struct Target {
  std::string name;                        // English
  std::uint32_t number = 0;                // of the field
  const registry::Field* field = nullptr;  // or
  const registry::KeyPart* part = nullptr;
  std::size_t part_index = 0;
};

struct BoundSource {
  mapping::Source source;
  std::vector<std::size_t> columns;  // places in the row, from 0
  bool own_split = false;            // "|" with backslashes, as table_export writes sets
};

struct BoundField {
  Target target;
  std::vector<BoundSource> sources;
};

struct BoundFlag {
  mapping::Flag flag;
  Target target;
  std::size_t column;
};

struct BoundRule {
  mapping::RowRule rule;
  std::size_t column;
};

/// Everything that reading a row needs.
struct Columns {
  std::vector<std::string> names;  // as the file has them; "1", "2", ... without a header
  std::vector<BoundField> fields;
  std::vector<BoundFlag> flags;
  std::vector<BoundRule> only;
  std::vector<BoundRule> skip;
  std::optional<std::size_t> owner;
  std::vector<std::size_t> identity;
  std::optional<std::size_t> id;  // our own export's record key
  std::vector<std::string> unused;
};

/// Ties a mapping to the first row: its header, or its first data where it has none.
/// complaints  missing_column (with what the file has), repeated_column, wrong_separator
Read<Columns> bind(const mapping::Mapping& mapping, const csv::Row& first);

/// The same for a file whose columns are our own fields.
/// complaints  unknown_column (with the nearest), repeated_column, missing_column for required fields, wrong_separator
Read<Columns> bind_own(const registry::Kind& kind, const csv::Row& header, Tongue tongue);

}  // namespace kiz::table_import

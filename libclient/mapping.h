// How the columns of a foreign table become our fields: a TOML file, given with --zuordnung. Those of the formats that
// offices meet are shipped (packaging/mappings) and found by name. Manual: packaging/mappings/README.md.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libclient/complaint.h"
#include "protocol/registry.h"

namespace kiz::mapping {

/// A header's text, or the place of the column, from 1.
using Column = std::variant<std::string, std::size_t>;

/// How the cell's text is read before the field reads it.
enum class Format : std::uint8_t {
  as_field,       // as the field reads text
  destatis,       // Destatis state key -> alpha-3
  month_of_date,  // 2021-12-31 or 31.12.2021 -> 2021-12
};

/// What happens to a text that the field does not understand, or that `values` does not list.
enum class Unknown : std::uint8_t {
  keep,    // not listed: the field reads it; not understood: refused
  omit,    // left out, the row counts without it
  refuse,  // not listed: refused
};

/// Where one field's values come from.
struct Source {
  std::vector<Column> columns;  // several: joined, empty cells left out
  std::string constant;         // instead of columns
  bool owner = false;           // instead of columns: the official key of whoever imports
  std::string join = " ";
  bool label = false;    // "Header: text" in a join
  std::string split;     // characters between the elements of a set; empty: one value
  std::string prefix;    // before what is not empty
  std::string fallback;  // where the cell is empty (key "default")
  Format format = Format::as_field;
  std::map<std::string, std::string> values;  // folded (registry.h) -> what the field reads; "" leaves it out
  Unknown unknown = Unknown::keep;
};

/// A column that marks: a cell that says `means` adds one value.
struct Flag {
  Column column;
  std::vector<std::string> means;  // folded; empty: anything but an empty cell
  std::string field;
  std::string value;
  enum class Combine : std::uint8_t { all, lowest, highest } combine = Combine::all;  // for a field with one number
};

/// Rows whose cell is one of `in` (folded).
struct RowRule {
  Column column;
  std::vector<std::string> in;
};

/// What makes a row the same record when it is imported again.
struct Identity {
  std::string scheme;           // as in external_ids; empty: the mapping has none
  std::vector<Column> columns;  // one: its text is the identifier; several: a hash of them
  bool number_repeats = false;  // the second row with the same cells is a second record
};

struct Mapping {
  std::string name;
  std::string description;
  const registry::Kind* kind = nullptr;
  bool header = true;
  char separator = 0;                                 // 0: detected
  std::map<std::string, std::vector<Source>> fields;  // by English name of the field or key part
  std::vector<Flag> flags;
  std::vector<RowRule> only;
  std::vector<RowRule> skip;
  std::optional<Column> owner_column;  // only rows whose cell names whoever imports
  std::size_t modulo = 0;              // 0: all rows; else those with (offset + index) % modulo == remainder
  std::size_t remainder = 0;
  std::size_t offset = 0;
  Identity identity;
};

/// Reads a mapping.
/// complaints  mapping_syntax, mapping_unknown_key (with the nearest), mapping_wrong_type, mapping_missing,
///             mapping_unknown_name; all with the line in the mapping
Read<Mapping> parse(std::string_view toml, std::string_view name);

/// Names of the shipped mappings ("bamf", "integreat-seiten"), ascending.
std::vector<std::string> shipped_names();
/// complaints  mapping_unknown_name
Read<Mapping> shipped(std::string_view name);

}  // namespace kiz::mapping

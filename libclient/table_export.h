// Records as a table, in the dialect of German offices or as RFC 4180. What is written here, table_import reads back to
// the same values: the first column is the record's key, sets stand in one cell with "|" between their elements.
//
// German: the registry's German labels as headers, labels for enumerations, DD.MM.YYYY, decimal comma; international:
// English names, ISO dates, decimal point. Both: languages, states and places as codes; formula guard (csv.h).
// Not in a table: fields that this version has no name for; record_json.h exports those too.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "libclient/csv.h"
#include "libclient/generic_record.h"
#include "protocol/registry.h"

namespace kiz::table_export {

struct Options {
  csv::Dialect dialect = csv::german;
  bool all_fields = false;  // columns of fields that no record fills, too: a form to fill in
  bool personal = true;     // false: fields that name a person are left out
};

/// Header and rows: what every form of a table has.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<csv::Out>> rows;
};
Table table(const registry::Kind& kind, std::span<const GenericRecord> records, const Options& options = {});

/// The whole file. Rows in the order of the records.
std::string write(const registry::Kind& kind, std::span<const GenericRecord> records, const Options& options = {});

/// The elements of a set as one cell.
std::string join_elements(const std::vector<std::string>& elements);

}  // namespace kiz::table_export

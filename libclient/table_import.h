// A table becomes drafts of records: bytes in, drafts and complaints out; nothing is written here. Whether one
// complaint refuses the whole file (it does: an import is atomic) and how drafts become edits is the caller's business.
//
// Without a mapping the columns are our own fields, German or English names, as table_export writes them. Elements of a
// set stand in one cell with "|" between ("\|" and "\\" for the characters themselves). An empty cell says nothing
// about its field. Columns "id" (32 hex digits) and "ref" are those of the export; "ref" is not read.
//
// The same rows give the same drafts with the same record keys, in any office of one town:
//   kinds with a natural key   registry::natural_record_key
//   a column "id"              that key
//   a mapping's identity       first 16 bytes of hash("kiz-sync import v1", kind name, owner, scheme, identifier; each
//                              followed by U+001F); offers and actors get "scheme:identifier" among their external_ids
//   external_ids in the row    the first of them, as with an identity
//   else                       scheme "inhalt": title or name, provider, place.name, place.street, valid_from
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kiz/ids.h"
#include "kiz/value.h"
#include "libclient/complaint.h"
#include "libclient/mapping.h"
#include "libclient/text_encoding.h"

namespace kiz::table_import {

struct DraftField {
  std::uint32_t number;
  std::vector<Value> values;  // sets: the elements the row names (others stay); multi_value: usually one; never empty
};

struct Draft {
  RecordId id;
  std::string natural_key;  // of kinds that have one; also in field 1
  std::size_t line = 0;
  std::vector<DraftField> fields;  // ascending

  const DraftField* find(std::uint32_t number) const;
};

struct Options {
  const registry::Kind* kind = nullptr;       // without a mapping
  const mapping::Mapping* mapping = nullptr;  // not kept
  std::string owner;                          // official key of the member that imports
  std::string today;                          // YYYY-MM-DD: no count lies in a later month; empty: not checked
  Tongue tongue = Tongue::german;
  char separator = 0;      // 0: as the mapping says, else detected
  std::size_t modulo = 0;  // as in Mapping, and before it
  std::size_t remainder = 0;
  std::size_t offset = 0;
  std::size_t complaints_max = 100;  // reading stops there; the file is refused anyway
};

struct Import {
  std::vector<Draft> drafts;  // in the order of the rows; no two with the same id
  std::vector<Complaint> complaints;
  // for the preview
  text_encoding::Encoding encoding = text_encoding::Encoding::utf8;
  std::size_t first_line_1252 = 0;
  char separator = ';';
  std::vector<std::string> columns;         // as the file has them
  std::vector<std::string> unused_columns;  // that the mapping does not read
  std::size_t rows = 0;
  std::size_t skipped = 0;   // by the rules of mapping and options
  std::size_t repeated = 0;  // rows that say again, word for word, what an earlier one said

  bool ok() const { return complaints.empty(); }
};

/// errors are complaints in the result, in the order of the file; those of the file as such come alone.
Import read(std::string_view bytes, const Options& options);

/// The same for a table that was no file: columns are our own fields; complaints name the record, from 1, not a line.
Import read_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                  const Options& options);

/// The first `rows_max` drafts as a table for people: headers first, then only columns that some draft fills.
std::vector<std::vector<std::string>> preview(const registry::Kind& kind, const std::vector<Draft>& drafts,
                                              std::size_t rows_max, Tongue tongue);

/// The record key of an imported record, as in the head of this file.
RecordKey imported_key(const registry::Kind& kind, std::string_view owner, std::string_view scheme,
                       std::string_view id);

}  // namespace kiz::table_import

// A table as a workbook for spreadsheets (Office Open XML). Written for people, not to be read back: table_export.h is.
//
// A text stays a text: a cell that begins with = is stored as a string, and no program takes it for a formula. Control
// characters and marks that turn the reading direction are made visible (safe_text.h). Whole numbers of ours are numbers.
// Nothing of it touches the disk: workbook and scratch files lie in memory.
#pragma once

#include <string>
#include <vector>

#include "kiz/result.h"
#include "libclient/csv.h"

namespace kiz::xlsx {

inline constexpr std::size_t cell_characters_max = 32'767;  // what the format can hold; a longer text ends in "…"
inline constexpr const char* media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
inline constexpr std::size_t rows_max = 1'048'576;

struct Sheet {
  std::string name;  // at most 31 characters are kept
  std::vector<std::string> header;
  std::vector<std::vector<csv::Out>> rows;
  std::vector<std::string> notes = {};  // on a sheet of their own, named `notes_name`
  std::string notes_name = {};
};

/// The bytes of the file. errors: over_limit (too many rows), no_space, io_error
Result<std::string> write(const Sheet& sheet);

}  // namespace kiz::xlsx

// CSV as German offices read and write it. RFC 4180, and what real files do besides: semicolons or tabs, lines ended by
// CRLF, LF or CR, mixed; line breaks in quoted cells; a first line "sep=;"; blank lines.
//
// Formula guard. A spreadsheet runs what begins with = + - @ TAB CR (full-width forms too) and eats the zero of
// "05554008". So a text that has such a beginning, after any number of apostrophes, is written with one apostrophe
// more; the reader takes one apostrophe away before such a beginning. Every text comes back as it was, "'=x" included.
// Numbers, dates and amounts that we formatted ourselves are written bare.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "libclient/complaint.h"

namespace kiz::csv {

inline constexpr std::size_t file_bytes_max = std::size_t{256}
                                              << 20;  // an office's file has megabytes; memory is bounded
inline constexpr std::size_t columns_max = 4096;
inline constexpr std::size_t cell_bytes_max = std::size_t{1} << 20;

struct Cell {
  std::string text;        // guard removed
  std::size_t line = 0;    // where the cell begins, from 1
  std::size_t column = 0;  // characters from 1
};

struct Row {
  std::size_t line = 0;
  std::vector<Cell> cells;
};

/// Of ; TAB , the one that the first lines agree on, quotes respected; ';' when there is none (one column).
char detect_separator(std::string_view text);

/// Reads rows one after the other; holds a view of the text, which must outlive it (the only such class, for speed).
class Reader {
 public:
  /// separator 0: detected.
  explicit Reader(std::string_view text, char separator = 0);

  char separator() const { return separator_; }

  /// The next row that is not blank. false: the end, or a complaint. Reuses the row's memory.
  /// complaints  unclosed_quote (where it opens), text_after_quote, too_many_columns, cell_too_large
  bool next(Row& row);
  const std::optional<Complaint>& wrong() const { return wrong_; }

 private:
  bool read_cell(Row& row);
  bool read_quoted(Cell& cell);
  bool end_of_line();
  bool complain(Complaint::Code code, std::size_t at, std::string allowed = {});
  std::size_t column(std::size_t at) const;

  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;
  std::optional<Complaint> wrong_;
};

/// What a written file looks like.
struct Dialect {
  char separator;
  bool mark;  // UTF-8 byte order mark: without it German Excel reads Windows-1252
  bool decimal_comma;
  bool german;  // dates DD.MM.YYYY, German words, zero guard
  Tongue tongue() const { return german ? Tongue::german : Tongue::english; }
};
inline constexpr Dialect german{';', true, true, true};
inline constexpr Dialect international{',', false, false, false};

/// A cell to write. `bare`: formatted by us, holds no one's text, never guarded.
struct Out {
  std::string text;
  bool bare = false;
};

/// The byte order mark, if the dialect has one.
std::string begin(const Dialect& dialect);
/// One row with its CRLF, appended.
void append(std::string& out, const std::vector<Out>& cells, const Dialect& dialect);

/// The guard and its inverse, as in the head of this file.
std::string guard(std::string_view text, const Dialect& dialect);
std::string_view unguard(std::string_view text);

}  // namespace kiz::csv

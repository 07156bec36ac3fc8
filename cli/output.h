// Text for a terminal or a pipe: lines, tables and labelled values that fit the width there is, from 40 columns on.
//
// Everything that is printed here is made harmless first (libclient/safe_text.h): a title may hold escape sequences.
// Colour is decoration on a terminal only; no meaning is carried by colour alone.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "libclient/requests.h"

namespace kiz::cli {

enum class Style { plain, bold, dim, good, warn, bad };
enum class Colour { automatic, always, never };

struct Column {
  std::string header;
  bool right = false;      // numbers
  std::size_t floor = 6;   // narrowed to no less than this; then a cell goes on in further lines
  bool whole = false;      // never narrowed: references, dates
};

class Output {
 public:
  /// width 0: that of the terminal, else $COLUMNS, else 80.
  Output(std::FILE* to, Colour colour, std::size_t width = 0);

  std::size_t width() const { return width_; }
  bool terminal() const { return terminal_; }

  /// A paragraph: wrapped at blanks, following lines indented. Line breaks in the text stay.
  void line(std::string_view text = {}, Style style = Style::plain, std::size_t indent = 0);
  /// A command to type: where it does not fit, it goes on in the next line behind a backslash, so that it can be pasted.
  void command(std::string_view text, std::size_t indent = 2);
  /// "Label:   value", an empty label goes on with the one before; values below each other at `label_width`, wrapped. On narrow screens the value follows the label.
  void pair(std::string_view label, std::string_view value, std::size_t label_width = 16, Style style = Style::plain);
  /// Columns side by side, cells wrapped at blanks; when they do not fit with whole words, one block of labelled values
  /// for each row.
  void table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows);
  /// One JSON object; on one line in a pipe. Characters that hide or turn text are written as \u escapes.
  void json(const Json& object);
  void raw(std::string_view bytes);
  void flush() { std::fflush(to_); }

 private:
  void print(std::string_view line, Style style);
  void blocks(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows);

  std::FILE* to_;
  bool terminal_;
  bool coloured_;
  std::size_t width_;
};

/// The text broken into lines of at most `width` columns, at blanks where there are any.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// JSON text in which characters that hide or turn text are escapes; the same value when read again.
std::string safe_json(const Json& value, int indent);

}  // namespace kiz::cli

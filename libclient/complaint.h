// What is wrong with something a person or a file gave us, kept apart from the words it is told in: code, place and the
// pieces of the sentence. The sentences stand in complaint.cc, German and English, one table.
//
// Pieces quote what was given; they are clipped and escaped for a terminal (safe_text.h), so a sentence can be printed.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kiz/result.h"

namespace kiz {

/// The language of names, sentences and number forms.
enum class Tongue : std::uint8_t { german, english };

struct Complaint {
  enum class Code : std::uint8_t {
    // the file as such
    empty_file,
    file_too_large,
    utf16,
    broken_encoding,
    nul_byte,
    unclosed_quote,
    text_after_quote,
    too_many_columns,
    cell_too_large,
    row_width,
    wrong_separator,
    missing_column,
    unknown_column,
    repeated_column,
    json_syntax,
    json_too_deep,
    json_shape,
    // one value
    unknown_field,
    missing_value,
    unknown_value,
    too_long,
    too_long_bytes,
    line_break,
    bad_text,
    bad_integer,
    fraction,
    out_of_range,
    bad_decimal,
    bad_money,
    bad_date,
    bad_month,
    bad_period,
    future_month,
    bad_boolean,
    unknown_ags,
    ambiguous_place,
    unknown_language,
    unknown_country,
    bad_reference,
    bad_digest,
    bad_slot,
    bad_external_id,
    bad_attachment,
    bad_instant,
    // one row
    repeated_key,
    foreign_owner,
    age_band_split,
    age_order,
    date_order,
    // a mapping
    mapping_syntax,
    mapping_unknown_key,
    mapping_wrong_type,
    mapping_missing,
    mapping_unknown_name,
  };

  Code code{};
  std::string field = {};       // as the office calls it, or the column's header
  std::string given = {};       // what was read
  std::string allowed = {};     // allowed values, a bound, an example
  std::string suggestion = {};  // the nearest allowed word, if one is near
  std::size_t line = 0;         // from 1; 0: not from a file
  std::size_t column = 0;       // characters from 1 within the line, or 0
  std::size_t record = 0;       // from 1, where the file has records rather than lines

  auto operator<=>(const Complaint&) const = default;
};

/// Stable name for JSON: "E_UNKNOWN_VALUE".
std::string_view name(Complaint::Code code);

/// "Zeile 3, Spalte 17: ..." without a full stop; place only where there is one.
std::string sentence(const Complaint& complaint, Tongue tongue = Tongue::german);

/// For callers that pass on one Error: invalid_input or over_limit with the sentence as its context.
Error to_error(const Complaint& complaint, Tongue tongue = Tongue::german);

/// The word nearest to `given` by typing errors (insert, delete, replace, swap), compared folded (registry.h). Empty
/// when none is near: at most a third of the letters may differ.
std::string nearest(std::string_view given, std::span<const std::string> words);

/// A value, or what is wrong with it.
template <class T>
struct Read {
  T value{};
  std::optional<Complaint> wrong = {};

  Read(T good) : value(std::move(good)) {}        // NOLINT: meant to convert
  Read(Complaint bad) : wrong(std::move(bad)) {}  // NOLINT: meant to convert
  explicit operator bool() const { return !wrong; }
};

}  // namespace kiz

// Between what people write and what a field holds: "Türkisch" and "tur", "12,50" and 1250 cents, "01.02.2026" and
// "2026-02-01". Both forms of each are read wherever they come from; the form that is written depends on for whom.
#pragma once

#include <string>
#include <string_view>

#include "kiz/value.h"
#include "libclient/complaint.h"
#include "protocol/registry.h"

namespace kiz::field_text {

/// For whom a value is written. Every form is read back by parse() to the same value, but for references, which the
/// screen forms show by what `names` says.
enum class Form : std::uint8_t {
  screen_german,   // "Türkisch", "01.02.2026", "12,50"
  screen_english,  // "Turkish", "2026-02-01", "12.50"
  table_german,    // as screen_german, but codes for languages and countries: for CSV that comes back
  exchange,        // "tur", "2026-02-01", "12.50", English names of values: JSON, CSV of the international dialect
};

/// Reads one value of a field. Blanks around it do not count, but for long texts. Empty text gives Null.
///
/// field       of registry.h; for sets one element
/// complaints  as the type says, with the field's label in `tongue`, allowed values and the nearest of them; every
/// value
///             that is given back passes registry::check()
Read<Value> parse(const registry::Field& field, std::string_view text, Tongue tongue = Tongue::german);

/// Writes one value. A number that the registry has no name for is written as "#7"; parse() reads that too.
std::string show(const registry::Field& field, const Value& value, Form form);

/// Reads one dimension of a natural key to its canonical text: "grundschule", "2016-08", "SYR"; empty or "*" gives "*".
/// complaints  as for fields; missing_value when the dimension is required
Read<std::string> parse_key_part(const registry::KeyPart& part, std::string_view text, Tongue tongue = Tongue::german);

/// The dimension's text for people: "Grundschule", "Syrien".
std::string show_key_part(const registry::KeyPart& part, std::string_view text, Form form);

/// The field that a person names, translations included: "titel[Türkisch]", "title[tr]".
/// complaints  unknown_field with the nearest name
Read<registry::FieldName> find_field(const registry::Kind& kind, std::string_view name);

/// "unter 25": true when `text` may be an age band: "6-9", "65+", "0-2"; upper end not below lower, at most 120.
bool is_age_band(std::string_view text);

}  // namespace kiz::field_text

#include "libclient/complaint.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "libclient/safe_text.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

struct Wording {
  Complaint::Code code;
  std::string_view name;
  std::string_view german;  // {f} field, {g} given, {a} allowed
  std::string_view english;
};

using enum Complaint::Code;

constexpr Wording wordings[] = {
    {empty_file, "E_EMPTY_FILE", "Die Datei ist leer", "The file is empty"},
    {file_too_large, "E_FILE_TOO_LARGE", "Die Datei ist größer als {a}", "The file is larger than {a}"},
    {utf16, "E_UTF16", "Die Datei ist in UTF-16 geschrieben; bitte als „CSV UTF-8“ speichern",
     "The file is written in UTF-16; please save it as \"CSV UTF-8\""},
    {broken_encoding, "E_BROKEN_ENCODING",
     "Das Byte {g} ist weder UTF-8 noch Windows-1252; bitte als „CSV UTF-8“ speichern",
     "The byte {g} is neither UTF-8 nor Windows-1252; please save the file as \"CSV UTF-8\""},
    {nul_byte, "E_NUL_BYTE", "Ein Nullbyte steht im Text; das ist keine Textdatei",
     "There is a NUL byte: not a text file"},
    {unclosed_quote, "E_UNCLOSED_QUOTE", "Das Anführungszeichen, das hier beginnt, wird nicht geschlossen",
     "The quotation mark that opens here is never closed"},
    {text_after_quote, "E_TEXT_AFTER_QUOTE", "Nach dem schließenden Anführungszeichen steht noch Text",
     "There is text after the closing quotation mark"},
    {too_many_columns, "E_TOO_MANY_COLUMNS", "Mehr als {a} Spalten", "More than {a} columns"},
    {cell_too_large, "E_CELL_TOO_LARGE", "Die Zelle ist größer als {a}", "The cell is larger than {a}"},
    {row_width, "E_ROW_WIDTH", "Die Zeile hat {g} Spalten statt {a}", "The row has {g} columns instead of {a}"},
    {wrong_separator, "E_WRONG_SEPARATOR",
     "Keine bekannte Spalte gefunden, nur „{g}“; ist das Trennzeichen Semikolon, Komma oder Tabulator?",
     "No known column found, only \"{g}\"; is the separator one of semicolon, comma, tab?"},
    {missing_column, "E_MISSING_COLUMN", "Die Spalte „{f}“ fehlt; die Datei hat: {a}",
     "The column \"{f}\" is missing; the file has: {a}"},
    {unknown_column, "E_UNKNOWN_COLUMN", "Die Spalte „{f}“ ist unbekannt", "The column \"{f}\" is unknown"},
    {repeated_column, "E_REPEATED_COLUMN", "Die Spalte „{f}“ kommt zweimal vor", "The column \"{f}\" appears twice"},
    {json_syntax, "E_JSON_SYNTAX", "Das ist kein gültiges JSON", "This is not valid JSON"},
    {json_too_deep, "E_JSON_TOO_DEEP", "Das JSON ist tiefer verschachtelt als {a} Ebenen",
     "The JSON is nested deeper than {a} levels"},
    {json_shape, "E_JSON_SHAPE", "„{f}“ muss {a} sein", "\"{f}\" must be {a}"},

    {unknown_field, "E_UNKNOWN_FIELD", "Das Feld „{g}“ gibt es nicht", "There is no field \"{g}\""},
    {missing_value, "E_MISSING_VALUE", "{f} fehlt", "{f} is missing"},
    {unknown_value, "E_UNKNOWN_VALUE", "{f}: „{g}“ ist nicht möglich; erlaubt: {a}",
     "{f}: \"{g}\" is not possible; allowed: {a}"},
    {too_long, "E_TOO_LONG", "{f} hat {g} Zeichen, erlaubt sind {a}", "{f} has {g} characters, {a} are allowed"},
    {too_long_bytes, "E_TOO_LONG", "{f} ist {g} Byte lang, erlaubt sind {a}", "{f} is {g} bytes long, {a} are allowed"},
    {line_break, "E_LINE_BREAK", "{f} darf nur eine Zeile haben", "{f} must be one line"},
    {bad_text, "E_BAD_TEXT", "{f} enthält Zeichen, die kein Text sind", "{f} holds characters that are no text"},
    {bad_integer, "E_BAD_INTEGER", "{f}: „{g}“ ist keine ganze Zahl", "{f}: \"{g}\" is not a whole number"},
    {fraction, "E_FRACTION", "{f}: „{g}“ ist keine ganze Zahl, sondern ein Bruch",
     "{f}: \"{g}\" is a fraction, not a whole number"},
    {out_of_range, "E_OUT_OF_RANGE", "{f}: {g} liegt nicht zwischen {a}", "{f}: {g} is not between {a}"},
    {bad_decimal, "E_BAD_DECIMAL", "{f}: „{g}“ ist keine Zahl wie {a}", "{f}: \"{g}\" is not a number like {a}"},
    {bad_money, "E_BAD_MONEY", "{f}: „{g}“ ist kein Betrag wie {a}", "{f}: \"{g}\" is not an amount like {a}"},
    {bad_date, "E_BAD_DATE", "{f}: „{g}“ ist kein Datum wie {a}", "{f}: \"{g}\" is not a date like {a}"},
    {bad_month, "E_BAD_MONTH", "{f}: „{g}“ ist kein Monat wie {a}", "{f}: \"{g}\" is not a month like {a}"},
    {bad_period, "E_BAD_PERIOD", "{f}: „{g}“ ist kein Zeitraum wie {a}", "{f}: \"{g}\" is not a period like {a}"},
    {future_month, "E_FUTURE_MONTH", "{f}: {g} liegt in der Zukunft", "{f}: {g} lies in the future"},
    {bad_boolean, "E_BAD_BOOLEAN", "{f}: „{g}“ ist weder ja noch nein", "{f}: \"{g}\" is neither yes nor no"},
    {unknown_ags, "E_UNKNOWN_AGS", "{f}: „{g}“ ist keine Gemeinde und kein Kreis in Nordrhein-Westfalen",
     "{f}: \"{g}\" is no municipality or Kreis in North Rhine-Westphalia"},
    {ambiguous_place, "E_AMBIGUOUS_PLACE", "{f}: „{g}“ ist mehrdeutig; gemeint sein kann {a}",
     "{f}: \"{g}\" is ambiguous; it may mean {a}"},
    {unknown_language, "E_UNKNOWN_LANGUAGE", "{f}: „{g}“ ist keine bekannte Sprache (Name oder ISO 639)",
     "{f}: \"{g}\" is no known language (name or ISO 639)"},
    {unknown_country, "E_UNKNOWN_COUNTRY",
     "{f}: „{g}“ ist kein bekannter Staat (Name, ISO 3166-1 oder Destatis-Schlüssel)",
     "{f}: \"{g}\" is no known country (name, ISO 3166-1 or Destatis key)"},
    {bad_reference, "E_BAD_REFERENCE", "{f}: „{g}“ ist kein Verweis auf einen Eintrag",
     "{f}: \"{g}\" does not refer to a record"},
    {bad_digest, "E_BAD_DIGEST", "{f}: eine Prüfsumme hat 64 Hexadezimalziffern",
     "{f}: a digest has 64 hexadecimal digits"},
    {bad_slot, "E_BAD_SLOT", "{f}: „{g}“ ist kein Termin wie {a}", "{f}: \"{g}\" is not a schedule like {a}"},
    {bad_external_id, "E_BAD_EXTERNAL_ID", "{f}: „{g}“ ist keine Kennung wie {a}",
     "{f}: \"{g}\" is not an identifier like {a}"},
    {bad_attachment, "E_BAD_ATTACHMENT", "{f}: „{g}“ ist kein Anhang wie {a}",
     "{f}: \"{g}\" is not an attachment like {a}"},
    {bad_instant, "E_BAD_INSTANT", "{f}: „{g}“ ist kein Zeitpunkt wie {a}", "{f}: \"{g}\" is not a time like {a}"},

    {repeated_key, "E_REPEATED_KEY", "Derselbe Eintrag steht schon in Zeile {g}, mit anderem Inhalt ({f})",
     "The same record already stands in line {g}, with other content ({f})"},
    {foreign_owner, "E_FOREIGN_OWNER", "{f}: {g} gehört nicht hierher; diese Einfuhr ist für {a}",
     "{f}: {g} does not belong here; this import is for {a}"},
    {age_band_split, "E_AGE_BAND_SPLIT", "{f}: „{g}“ lässt sich nicht auf {a} aufteilen, ohne zu raten",
     "{f}: \"{g}\" cannot be split into {a} without guessing"},
    {age_order, "E_AGE_ORDER", "Das Höchstalter {g} liegt unter dem Mindestalter {a}",
     "The age limit {g} lies below {a}"},
    {date_order, "E_DATE_ORDER", "Das Ende {g} liegt vor dem Beginn {a}", "The end {g} lies before the beginning {a}"},

    {mapping_syntax, "E_MAPPING_SYNTAX", "Die Zuordnung ist kein gültiges TOML: {g}",
     "The mapping is not valid TOML: {g}"},
    {mapping_unknown_key, "E_MAPPING_UNKNOWN_KEY", "Die Zuordnung kennt kein „{g}“ in {f}; erlaubt: {a}",
     "The mapping knows no \"{g}\" in {f}; allowed: {a}"},
    {mapping_wrong_type, "E_MAPPING_WRONG_TYPE", "Zuordnung: „{f}“ muss {a} sein", "Mapping: \"{f}\" must be {a}"},
    {mapping_missing, "E_MAPPING_MISSING", "Zuordnung: „{f}“ fehlt", "Mapping: \"{f}\" is missing"},
    {mapping_unknown_name, "E_MAPPING_UNKNOWN_NAME", "Zuordnung: {f} „{g}“ gibt es nicht; es gibt: {a}",
     "Mapping: there is no {f} \"{g}\"; there are: {a}"},
};

const Wording& wording(Complaint::Code code) {
  return *std::find_if(std::begin(wordings), std::end(wordings), [&](const auto& w) { return w.code == code; });
}

/// Edit distance in which swapping two neighbours counts once: what fingers do.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t same = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + same});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

}  // namespace

std::string_view name(Complaint::Code code) { return wording(code).name; }

std::string sentence(const Complaint& complaint, Tongue tongue) {
  const bool german = tongue == Tongue::german;
  std::string out;
  if (complaint.line > 0) {
    out = (german ? "Zeile " : "Line ") + std::to_string(complaint.line);
    if (complaint.column > 0) out += (german ? ", Spalte " : ", column ") + std::to_string(complaint.column);
    out += ": ";
  } else if (complaint.record > 0) {
    out = (german ? "Eintrag " : "Record ") + std::to_string(complaint.record) + ": ";
  }
  const auto piece = [&](const std::string& text) { return safe_text::line(text, 120); };
  const std::string_view words = german ? wording(complaint.code).german : wording(complaint.code).english;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != '{' || i + 2 >= words.size() || words[i + 2] != '}') {
      out += words[i];
      continue;
    }
    switch (words[i + 1]) {
      case 'f':
        out += piece(complaint.field);
        break;
      case 'g':
        out += piece(complaint.given);
        break;
      default:
        out += safe_text::line(complaint.allowed, 1000);
        break;  // a list of ours, it may be long
    }
    i += 2;
  }
  if (!complaint.suggestion.empty()) {
    const std::string near = piece(complaint.suggestion);
    out += german ? "; meinten Sie „" + near + "“?" : "; did you mean \"" + near + "\"?";
  }
  return out;
}

Error to_error(const Complaint& complaint, Tongue tongue) {
  switch (complaint.code) {
    case file_too_large:
    case too_many_columns:
    case cell_too_large:
    case json_too_deep:
    case too_long:
    case too_long_bytes:
      return {Errc::over_limit, sentence(complaint, tongue)};
    default:
      return {Errc::invalid_input, sentence(complaint, tongue)};
  }
}

std::string nearest(std::string_view given, std::span<const std::string> words) {
  if (given.size() > 64) return {};  // not a typing error, and the distance costs its square
  const std::string wanted = registry::fold(given);
  std::string best;
  std::size_t best_distance = wanted.size() / 3 + 1;
  for (const std::string& word : words) {
    const std::size_t apart = distance(wanted, registry::fold(word));
    if (apart < best_distance) {
      best_distance = apart;
      best = word;
    }
  }
  return best;
}

}  // namespace kiz

// Kinds of records, their fields and the values of their enumerations, with the numbers that stand in entries for ever.
// Rules: SPEC.md "Registry". What the fields mean to an office: ARCHITECTURE.md "The domain".
//
// Append only: a number is never given a second meaning, a merge type never changes; what goes out of use stays.
// A replica that does not know a number stores, forwards and merges it by the op's mode, and shows it after an upgrade.
//
// Reserved numbers
//   kind 0    not a record but a note about the entry: field 1 = the acting person (text, personal, erasable)
//   field 0   existence of the record (alive cells and marks); no value
//   field 1   of kinds with a natural key: the key itself, see natural_key()
//   fields 10000..27575, 40000..57575   title and text in another language, one register per language
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "kiz/value.h"

namespace kiz::registry {

/// How the live cells of a field are read (merge.h) and which op mode writes it.
enum class Merge : std::uint8_t {
  last_write,   // register: the latest counts, concurrent ones stay restorable; op mode replace
  multi_value,  // two different live values are a conflict that a person settles; op mode replace
  set,          // elements come and go on their own; op modes add and remove
  counter,      // base and deltas; op modes add (delta) and set base
};

/// What a value may look like. The variant's alternative in brackets.
enum class Type : std::uint8_t {
  text,          // [text] one line, at most `max` characters
  long_text,     // [text] several lines, at most `max` bytes of UTF-8
  integer,       // [int] min..max
  enumeration,   // [int] number of an EnumValue; numbers not listed come from a newer program and are kept
  date,          // [text] YYYY-MM-DD
  month,         // [text] YYYY-MM
  period,        // [text] YYYY-MM, YYYY, YYYY-H1 or school year YYYY/YY
  boolean,       // [int] 0 or 1
  micro_degree,  // [int] millionths of a degree
  cents,         // [int] euro cents
  instant,       // [int] milliseconds since 1970 UTC
  ags,           // [text] official key of a municipality (8 digits), a Kreis (5) or the Land (2)
  language,      // [text] ISO 639-3, lower case
  country,       // [text] ISO 3166-1 alpha-3, XXA stateless, XXB and XXC refugee, XXX unknown
  reference,     // [bytes] record key (16 bytes) of a record of kind `refers_to`
  party,         // [bytes] record key of an actor, or [text] a name where no such record is meant
  digest,        // [bytes] 32 bytes, BLAKE2b-256
  slot,          // [text] one date or series of dates: SPEC.md "Slot", read and written by libclient/field_text.h
  external_id,   // [text] scheme ":" identifier; the scheme has no colon
  attachment,    // [text] lower-case hex digest ":" size in bytes ":" file name
};

enum class Personal : std::uint8_t {
  no,
  office,  // reachability of an organisation; may name a person in office
  yes,     // travels in an op of its own, so that it can be erased alone
};

struct EnumValue {
  std::uint32_t number;       // >= 1
  std::string_view name;      // English, ASCII: JSON and scripts
  std::string_view name_de;   // German, ASCII
  std::string_view label_de;  // as shown
  std::string_view label_en;
  std::string_view aliases = {};  // further accepted words, separated by one comma each
};

struct Field {
  std::uint32_t number;
  std::string_view name;     // English: JSON, CSV header of the international dialect, FELD=WERT
  std::string_view name_de;  // German, ASCII
  std::string_view label_de;
  std::string_view label_en;
  Merge merge = Merge::last_write;
  Type type = Type::text;
  bool required = false;  // a new record without it is refused on entry; a received one is shown as it is
  Personal personal = Personal::no;
  std::int64_t min = 0;
  std::int64_t max = 0;  // characters (text), bytes (long_text), value (integer, cents, micro_degree)
  std::span<const EnumValue> values = {};
  std::uint32_t refers_to = 0;    // kind, for reference
  std::string_view aliases = {};  // further accepted names, separated by one comma each
};

/// One dimension of a natural key. An unused one is "*".
struct KeyPart {
  std::string_view name;
  std::string_view name_de;
  Type type;  // text, enumeration (its English name stands in the key), ags, period, month, language, country
  bool required;
  std::span<const EnumValue> values = {};
  std::string_view label_de = {};
  std::string_view label_en = {};
};

/// Who writes records of a kind, hence whose space they live in.
enum class Home : std::uint8_t {
  municipality,  // the municipality's own space
  area,          // the Kreis's own space
  area_about,    // the Kreis's space with the municipality concerned as counterpart
  either,        // the space of whoever writes it
};

struct Kind {
  std::uint32_t number;
  std::string_view name;
  std::string_view name_de;
  std::string_view label_de;
  std::string_view label_en;
  Collection collection;
  Home home;
  std::string_view letter;  // of short references: offers are A-7K3
  std::span<const Field> fields;
  std::span<const KeyPart> key = {};  // empty: records get random keys
};

// Numbers that program code names.
namespace kinds {
inline constexpr std::uint32_t note = 0, offer = 1, need = 2, count = 3, month_return = 4, return_review = 5,
                               consent = 6, consent_subject = 7, actor = 8, paper_consent = 9, paper_return = 10;
}
namespace fields {
inline constexpr std::uint32_t existence = 0, key = 1, acting_person = 1 /* of kind note */;
inline constexpr std::uint32_t translated_title = 10000, translated_text = 40000, translations = 26 * 26 * 26;
namespace offer {
inline constexpr std::uint32_t title = 1, description = 2, provider = 3, cooperation = 4, kind = 5, languages = 10,
                               schedule = 20, status = 40, confirmed_on = 41, confirmed_by = 42, is_public = 43,
                               external_ids = 44;
}
namespace need {
inline constexpr std::uint32_t title = 1, met_by = 13, status = 14;
}
namespace count {
inline constexpr std::uint32_t value = 2, tally = 3, unknown = 4, stock_day = 5, scope_note = 6, parent = 7, note = 8;
}
namespace month_return {
inline constexpr std::uint32_t state = 2, complete = 3, reported_at = 4, revision = 5, digest = 6, explanation = 7;
}
namespace return_review {
inline constexpr std::uint32_t received_at = 2, queries = 3, accepted_at = 4, accepted_revision = 5,
                               accepted_digest = 6, locked = 7, reopened_reason = 8, accepted_values = 9;
}
namespace consent {
inline constexpr std::uint32_t state = 2, document_digest = 3, decided_on = 4, decided_by = 5, reference = 6,
                               conditions = 7, conditions_met_on = 8, reason = 9, signed_by_role = 10, evidence = 11;
}
namespace consent_subject {
inline constexpr std::uint32_t kind = 1, title = 2, description = 3, version_ref = 4, document_digest = 5,
                               opened_on = 6, wanted_by = 7, asked = 8, is_required = 9, closed_on = 10;
}
namespace actor {
inline constexpr std::uint32_t name = 1, external_ids = 14;
}
}  // namespace fields

/// Numbers of the enumerations that rules depend on.
namespace consent_state {
inline constexpr std::uint32_t deliberating = 1, granted = 2, granted_with_conditions = 3, refused = 4, withdrawn = 5;
}
namespace return_state {
inline constexpr std::uint32_t open = 1, in_progress = 2, reported = 3, corrected = 4;
}
namespace offer_status {
inline constexpr std::uint32_t planned = 1, active = 2, paused = 3, ended = 4;
}
namespace need_status {
inline constexpr std::uint32_t open = 1, partly_met = 2, met = 3, dropped = 4;
}

/// All kinds with their fields, by number. Kinds whose number is only reserved are not in it.
std::span<const Kind> all_kinds();

/// nullptr: unknown or only reserved.
const Kind* find_kind(std::uint32_t number);
/// By English or German name, any case, umlauts or not.
const Kind* find_kind(std::string_view name);
/// Name of a reserved number ("concept"), empty when the number is free. For dumps.
std::string_view reserved_kind_name(std::uint32_t number);

/// The field with this number; translations give the template of their block. nullptr: unknown.
const Field* find_field(const Kind& kind, std::uint32_t number);

/// A field as a person names it.
struct FieldName {
  std::uint32_t number;
  const Field* field;  // lives as long as the program
};
/// By English or German name, label or alias, any case, umlauts or not, "-" like "_". Translations are
/// "title[tur]" or "titel[tur]" and "text[tur]"; the language is ISO 639-3 here, libclient takes names too.
std::optional<FieldName> find_field(const Kind& kind, std::string_view name);

/// The inverse of find_field by name: "title", "titel", "title[tur]"; "#77" for a number that is not known.
std::string field_name(const Kind& kind, std::uint32_t number, bool german = false);

/// Number of a translation field. `base` is fields::translated_title or translated_text; nullopt: not three letters
/// a-z.
std::optional<std::uint32_t> translation_field(std::uint32_t base, std::string_view language);
/// The language of a translation field; empty when the number is none.
std::string translation_language(std::uint32_t number);

const EnumValue* find_value(std::span<const EnumValue> values, std::uint32_t number);
const EnumValue* find_value(std::span<const EnumValue> values, std::string_view name);

/// True when a count of this measure is a stock: the state on a day, never added over months. Unknown: true, so that
/// no report adds up what it does not understand.
bool is_stock(std::string_view measure);

/// The canonical key of a record with a natural key: the parts joined by U+001F in the order of `kind.key`.
///
/// parts    one canonical text per key part; empty stands for "*"
/// errors   invalid_input, with the part's name in the context: wrong number of parts, a required one missing, a
///          control character inside a part, a key over 1024 bytes
Result<std::string> natural_key(const Kind& kind, std::span<const std::string> parts);
/// The inverse. Empty when the text has not one part per dimension.
std::vector<std::string> split_natural_key(const Kind& kind, std::string_view key);

/// The key of the record that a natural key names: the first 16 bytes of
/// hash("kiz-sync natural key v1", kind as unsigned LEB128, the key's text).
RecordKey natural_record_key(std::uint32_t kind, std::string_view key);

/// Shape and bounds of a value as an office may enter it: the right alternative, limits, digits, no NUL. Null is fine:
/// it empties a field. Whether an AGS, a language or a country exists is checked in libclient, which has the lists.
/// errors   invalid_input or over_limit, with the field's name in the context
Result<void> check(const Field& field, const Value& value);

/// Lower case ASCII with "ae", "oe", "ue", "ss" for umlauts and "_" for blank and "-": what names are compared by.
std::string fold(std::string_view name);

}  // namespace kiz::registry

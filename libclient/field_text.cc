#include "libclient/field_text.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdlib>

#include "libclient/countries.h"
#include "libclient/dates.h"
#include "libclient/languages.h"
#include "libclient/places.h"
#include "libclient/slot.h"
#include "protocol/wire.h"

namespace kiz::field_text {
namespace {

using registry::Field;
using registry::Type;
using Code = Complaint::Code;

constexpr std::string_view reference_prefix = "ref:";

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  for (;;) {
    if (!text.empty() && blanks.find(text.front()) != std::string_view::npos) {
      text.remove_prefix(1);
    } else if (text.starts_with("\xC2\xA0")) {  // no-break space, which Word leaves behind
      text.remove_prefix(2);
    } else if (!text.empty() && blanks.find(text.back()) != std::string_view::npos) {
      text.remove_suffix(1);
    } else if (text.ends_with("\xC2\xA0")) {
      text.remove_suffix(2);
    } else {
      return text;
    }
  }
}

std::string_view label(const Field& field, Tongue tongue) {
  return tongue == Tongue::german ? field.label_de : field.label_en;
}

std::size_t characters(std::string_view utf8) {
  std::size_t out = 0;
  for (const char c : utf8) out += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return out;
}

/// One attempt at one value; knows what to call the field.
struct Attempt {
  const Field& field;
  std::string_view text;
  Tongue tongue;

  Complaint wrong(Code code, std::string allowed = {}, std::string suggestion = {}) const {
    return {.code = code,
            .field = std::string(label(field, tongue)),
            .given = std::string(text),
            .allowed = std::move(allowed),
            .suggestion = std::move(suggestion)};
  }
  Complaint sized(Code code, std::size_t size) const {
    return {.code = code,
            .field = std::string(label(field, tongue)),
            .given = std::to_string(size),
            .allowed = std::to_string(field.max)};
  }
};

Read<Value> read_text(const Attempt& a) {
  if (a.text.find('\0') != std::string_view::npos) return a.wrong(Code::nul_byte);
  if (!wire::is_text(a.text)) return a.wrong(Code::bad_text);
  if (a.field.type == Type::long_text) {
    if (a.text.size() > static_cast<std::size_t>(a.field.max)) return a.sized(Code::too_long_bytes, a.text.size());
    return Value{std::string(a.text)};
  }
  if (a.text.find_first_of("\r\n") != std::string_view::npos) return a.wrong(Code::line_break);
  if (const auto size = characters(a.text); size > static_cast<std::size_t>(a.field.max))
    return a.sized(Code::too_long, size);
  return Value{std::string(a.text)};
}

/// A number without its thousands marks: "90 164", "17.947.221"; empty when the marks do not stand where they belong.
std::string without_groups(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t mark = 0;
    if (text[i] == ' ' || text[i] == '.' || text[i] == '\'') mark = 1;
    if (text.substr(i).starts_with("\xC2\xA0")) mark = 2;      // no-break space
    if (text.substr(i).starts_with("\xE2\x80\xAF")) mark = 3;  // narrow no-break space
    if (mark == 0) {
      plain += text[i];
      continue;
    }
    const auto group = text.substr(i + mark, 3);
    const bool digits = group.size() == 3 && group.find_first_not_of("0123456789") == std::string_view::npos;
    const auto next = text.substr(std::min(text.size(), i + mark + 3), 1);
    if (plain.empty() || plain == "-" || !digits || (!next.empty() && next[0] >= '0' && next[0] <= '9')) return {};
    i += mark - 1;
  }
  return plain;
}

std::optional<std::int64_t> whole(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return out;
}

Read<Value> in_range(const Attempt& a, std::int64_t number, std::string shown_min, std::string shown_max) {
  const bool counter = a.field.merge == registry::Merge::counter;
  if (number >= (counter ? -a.field.max : a.field.min) && number <= a.field.max) return Value{number};
  return a.wrong(Code::out_of_range, shown_min + (a.tongue == Tongue::german ? " und " : " and ") + shown_max);
}

Read<Value> read_integer(const Attempt& a) {
  auto number = whole(a.text);
  if (!number) number = whole(without_groups(a.text));
  if (number) return in_range(a, *number, std::to_string(a.field.min), std::to_string(a.field.max));
  const bool fraction = a.text.find_first_of(",.") != std::string_view::npos &&
                        a.text.find_first_not_of("0123456789,.-+") == std::string_view::npos;
  return a.wrong(fraction ? Code::fraction : Code::bad_integer);
}

/// "-12,5" as -12500000 for `places` 6. More digits than places are rounded where `rounds`, refused otherwise.
std::optional<std::int64_t> fixed_point(std::string_view text, std::size_t places, bool rounds) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto mark = text.find_first_of(",.");
  std::string digits(text.substr(0, mark));
  std::string fraction(mark == std::string_view::npos ? std::string_view{} : text.substr(mark + 1));
  const auto all_digits = [](std::string_view t) {
    return t.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (digits.empty() || digits.size() > 12 || !all_digits(digits) || !all_digits(fraction)) return std::nullopt;
  if (mark != std::string_view::npos && fraction.empty()) return std::nullopt;
  const bool up = fraction.size() > places && fraction[places] >= '5';
  if (fraction.size() > places && !rounds) return std::nullopt;
  fraction.resize(places, '0');
  const auto number = whole(digits + fraction);
  if (!number) return std::nullopt;
  return (negative ? -1 : 1) * (*number + (up ? 1 : 0));
}

Read<Value> read_degrees(const Attempt& a) {
  const auto number = fixed_point(a.text, 6, true);
  if (!number) return a.wrong(Code::bad_decimal, a.tongue == Tongue::german ? "51,837931" : "51.837931");
  return in_range(a, *number, std::to_string(a.field.min / 1'000'000), std::to_string(a.field.max / 1'000'000));
}

Read<Value> read_money(const Attempt& a) {
  std::string_view text = a.text;
  for (const std::string_view unit : {"EUR", "Euro", "€"}) {
    if (text.ends_with(unit)) text = trim(text.substr(0, text.size() - unit.size()));
  }
  const std::string word = registry::fold(text);
  if (word == "kostenlos" || word == "kostenfrei" || word == "free") return Value{std::int64_t{0}};
  auto cents = fixed_point(text, 2, false);
  if (!cents) {  // 1.250,00 and 1,250.00: the last mark is the decimal one
    const auto mark = text.find_last_of(",.");
    if (mark != std::string_view::npos && text.size() - mark <= 3) {
      std::string groups(text.substr(0, mark));
      for (char& c : groups) c = c == ',' ? '.' : c;
      cents = fixed_point(without_groups(groups) + "." + std::string(text.substr(mark + 1)), 2, false);
    } else {
      cents = fixed_point(without_groups(text), 2, false);  // "12,505" stays wrong: nobody knows what it means
    }
  }
  if (!cents) return a.wrong(Code::bad_money, a.tongue == Tongue::german ? "12,50" : "12.50");
  return in_range(a, *cents, "0", std::to_string(a.field.max / 100));
}

std::string names_of(std::span<const registry::EnumValue> values, Tongue tongue) {
  std::string out;
  for (const auto& value : values) {
    if (!out.empty()) out += ", ";
    out += tongue == Tongue::german ? value.name_de : value.name;
  }
  return out;
}

std::string nearest_value(std::span<const registry::EnumValue> values, std::string_view given, Tongue tongue) {
  std::vector<std::string> words;
  for (const auto& value : values) {
    words.emplace_back(tongue == Tongue::german ? value.name_de : value.name);
    words.emplace_back(tongue == Tongue::german ? value.label_de : value.label_en);
    words.emplace_back(tongue == Tongue::german ? value.name : value.name_de);
  }
  return nearest(given, words);
}

Read<Value> read_enumeration(const Attempt& a) {
  if (const auto* value = registry::find_value(a.field.values, a.text)) return Value{std::int64_t{value->number}};
  if (a.text.starts_with('#')) {  // from a newer program, exported by show()
    const auto number = whole(a.text.substr(1));
    if (number && *number >= 1 && *number <= 0xFFFFFFFF) return Value{*number};
  }
  return a.wrong(Code::unknown_value, names_of(a.field.values, a.tongue),
                 nearest_value(a.field.values, a.text, a.tongue));
}

Read<Value> read_boolean(const Attempt& a) {
  const std::string word = registry::fold(a.text);
  for (const std::string_view yes : {"ja", "yes", "j", "y", "1", "true", "wahr", "x"}) {
    if (word == yes) return Value{std::int64_t{1}};
  }
  for (const std::string_view no : {"nein", "no", "n", "0", "false", "falsch"}) {
    if (word == no) return Value{std::int64_t{0}};
  }
  return a.wrong(Code::bad_boolean);
}

Read<Value> read_time_text(const Attempt& a) {
  const bool german = a.tongue == Tongue::german;
  switch (a.field.type) {
    case Type::date: {
      auto date = dates::read_date(a.text);
      if (date.empty()) return a.wrong(Code::bad_date, german ? "31.10.2026" : "2026-10-31");
      return Value{std::move(date)};
    }
    case Type::month: {
      auto month = dates::read_month(a.text);
      if (month.empty()) return a.wrong(Code::bad_month, "2026-10");
      return Value{std::move(month)};
    }
    default: {
      auto period = dates::read_period(a.text);
      if (period.empty()) return a.wrong(Code::bad_period, "2026-10, 2026, 2026-H1, 2026/27");
      return Value{std::move(period)};
    }
  }
}

Read<Value> read_instant(const Attempt& a) {
  // YYYY-MM-DDThh:mm[:ss[.mmm]]Z; what we write ourselves
  const auto wrong = [&] { return a.wrong(Code::bad_instant, "2026-10-31T12:00:00Z"); };
  const std::string date = dates::read_date(a.text.substr(0, 10));
  if (date.empty() || a.text.size() < 17 || a.text[10] != 'T' || a.text.back() != 'Z' || a.text[13] != ':')
    return wrong();
  const auto part = [&](std::size_t at, std::size_t size) { return whole(a.text.substr(at, size)).value_or(99'999); };
  const std::int64_t hour = part(11, 2), minute = part(14, 2);
  const std::int64_t second = a.text.size() >= 20 ? part(17, 2) : 0, milli = a.text.size() == 24 ? part(20, 3) : 0;
  const bool shape = a.text.size() == 17 || a.text.size() == 20 || a.text.size() == 24;
  if (!shape || hour > 23 || minute > 59 || second > 59 || milli > 999 || hour < 0 || minute < 0 || second < 0 ||
      milli < 0) {
    return wrong();
  }
  using namespace std::chrono;
  const auto digits = [&](std::size_t at, std::size_t size) {
    return static_cast<int>(*whole(std::string_view(date).substr(at, size)));
  };
  const sys_days day = year_month_day{year(digits(0, 4)), month(static_cast<unsigned>(digits(5, 2))),
                                      std::chrono::day(static_cast<unsigned>(digits(8, 2)))};
  const std::int64_t millis =
      day.time_since_epoch().count() * 86'400'000LL + hour * 3'600'000 + minute * 60'000 + second * 1000 + milli;
  if (millis < 0) return wrong();
  return Value{millis};
}

Read<Value> read_reference(const Attempt& a) {
  std::string_view hex = a.text;
  const bool marked = hex.starts_with(reference_prefix);
  if (marked) hex.remove_prefix(reference_prefix.size());
  if (auto key = from_hex(hex); key.size() == RecordKey::size_bytes && (marked || a.field.type == Type::reference)) {
    return Value{std::move(key)};
  }
  if (a.field.type == Type::party && !marked) return read_text(a);
  return a.wrong(Code::bad_reference);
}

Read<Value> read_external_id(const Attempt& a) {
  const auto colon = a.text.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == a.text.size()) {
    return a.wrong(Code::bad_external_id, "integreat:5338632");
  }
  return read_text(a);
}

Read<Value> read_attachment(const Attempt& a) {
  const auto first = a.text.find(':');
  const auto second = first == std::string_view::npos ? first : a.text.find(':', first + 1);
  const bool shape = second != std::string_view::npos && from_hex(a.text.substr(0, first)).size() == Hash::size_bytes &&
                     whole(a.text.substr(first + 1, second - first - 1)).value_or(-1) >= 0 &&
                     second + 1 < a.text.size();
  if (!shape) return a.wrong(Code::bad_attachment, "<Prüfsumme>:<Bytes>:beschluss.pdf");
  return read_text(a);
}

Read<Value> as_value(const Attempt& a, Read<std::string> read) {
  if (read) return Value{std::move(read.value)};
  read.wrong->field = label(a.field, a.tongue);
  return *read.wrong;
}

Read<Value> read_slot_text(const Attempt& a) {
  const auto slot = read_slot(a.text, label(a.field, a.tongue));
  if (!slot) return *slot.wrong;
  const std::string canonical = write_slot(slot.value);
  return read_text({a.field, canonical, a.tongue});
}

std::string decimal(std::int64_t number, std::int64_t unit, std::size_t places, bool comma, bool trimmed) {
  const std::uint64_t size = number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  const auto one = static_cast<std::uint64_t>(unit);
  std::string out = fmt::format("{}{}.{:0{}}", number < 0 ? "-" : "", size / one, size % one, places);
  while (trimmed && out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  if (comma) {
    if (const auto point = out.find('.'); point != std::string::npos) out[point] = ',';
  }
  return out;
}

std::string show_instant(std::int64_t millis) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(millis)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

bool is_german(Form form) { return form == Form::screen_german || form == Form::table_german; }
bool is_screen(Form form) { return form == Form::screen_german || form == Form::screen_english; }
Tongue tongue_of(Form form) { return is_german(form) ? Tongue::german : Tongue::english; }

std::string show_number(const Field& field, std::int64_t number, Form form) {
  switch (field.type) {
    case Type::enumeration: {
      const auto* value = number > 0 && number <= 0xFFFFFFFF
                              ? registry::find_value(field.values, static_cast<std::uint32_t>(number))
                              : nullptr;
      if (!value) return "#" + std::to_string(number);
      if (form == Form::exchange) return std::string(value->name);
      return std::string(is_german(form) ? value->label_de : value->label_en);
    }
    case Type::boolean:
      if (form == Form::exchange) return number ? "true" : "false";
      return is_german(form) ? (number ? "ja" : "nein") : (number ? "yes" : "no");
    case Type::cents:
      return decimal(number, 100, 2, is_german(form), false);
    case Type::micro_degree:
      return decimal(number, 1'000'000, 6, is_german(form), true);
    case Type::instant:
      return show_instant(number);
    default:
      return std::to_string(number);
  }
}

std::string show_text(const Field& field, const std::string& text, Form form) {
  switch (field.type) {
    case Type::date:
      return is_german(form) ? dates::german(text) : text;
    case Type::language:
      return is_screen(form) ? languages::name(text, tongue_of(form)) : text;
    case Type::country:
      return is_screen(form) ? countries::name(text, tongue_of(form)) : text;
    case Type::ags:
      return is_screen(form) ? places::display_name(text) : text;
    case Type::slot: {
      if (form == Form::exchange) return text;
      const auto slot = read_slot(text, "");
      return slot ? show_slot(slot.value, tongue_of(form)) : text;
    }
    default:
      return text;
  }
}

}  // namespace

Read<Value> parse(const Field& field, std::string_view text, Tongue tongue) {
  const std::string_view bare = trim(text);
  if (bare.empty()) return Value{};
  const Attempt a{field, field.type == Type::long_text ? text : bare, tongue};
  switch (field.type) {
    case Type::text:
    case Type::long_text:
      return read_text(a);
    case Type::integer:
      return read_integer(a);
    case Type::enumeration:
      return read_enumeration(a);
    case Type::date:
    case Type::month:
    case Type::period:
      return read_time_text(a);
    case Type::boolean:
      return read_boolean(a);
    case Type::micro_degree:
      return read_degrees(a);
    case Type::cents:
      return read_money(a);
    case Type::instant:
      return read_instant(a);
    case Type::ags:
      return as_value(a, places::resolve(bare, ""));
    case Type::language:
      return as_value(a, languages::resolve(bare, ""));
    case Type::country:
      return as_value(a, countries::resolve(bare, ""));
    case Type::reference:
    case Type::party:
      return read_reference(a);
    case Type::digest: {
      auto digest = from_hex(bare);
      if (digest.size() != Hash::size_bytes) return a.wrong(Code::bad_digest);
      return Value{std::move(digest)};
    }
    case Type::slot:
      return read_slot_text(a);
    case Type::external_id:
      return read_external_id(a);
    case Type::attachment:
      return read_attachment(a);
  }
  return a.wrong(Code::bad_text);
}

std::string show(const Field& field, const Value& value, Form form) {
  if (const auto* number = as_int(value)) return show_number(field, *number, form);
  if (const auto* text = as_text(value)) return show_text(field, *text, form);
  if (const auto* bytes = std::get_if<Bytes>(&value)) {
    const bool reference = field.type == Type::reference || field.type == Type::party;
    return (reference ? std::string(reference_prefix) : std::string{}) + to_hex(*bytes);
  }
  return {};
}

bool is_age_band(std::string_view text) {
  const auto hyphen = text.find('-');
  if (text.ends_with('+')) {
    const auto from = whole(text.substr(0, text.size() - 1));
    return from && *from >= 0 && *from <= 120 && text[0] != '+' && text[0] != '-';
  }
  if (hyphen == std::string_view::npos || hyphen == 0) return false;
  const auto from = whole(text.substr(0, hyphen)), to = whole(text.substr(hyphen + 1));
  return from && to && *from >= 0 && *from <= *to && *to <= 120;
}

Read<std::string> parse_key_part(const registry::KeyPart& part, std::string_view text, Tongue tongue) {
  const std::string_view bare = trim(text);
  const std::string label(tongue == Tongue::german ? part.label_de : part.label_en);
  if (bare.empty() || bare == "*") {
    if (part.required) return Complaint{.code = Code::missing_value, .field = label};
    return std::string("*");
  }
  const Field field{.number = 1,
                    .name = part.name,
                    .name_de = part.name_de,
                    .label_de = part.label_de,
                    .label_en = part.label_en,
                    .type = part.type == Type::reference ? Type::text : part.type,
                    .max = 200,
                    .values = part.values};
  const auto value = parse(field, bare, tongue);
  if (!value) return *value.wrong;
  if (part.name == "age_band" && !is_age_band(bare)) {
    return Complaint{.code = Code::unknown_value, .field = label, .given = std::string(bare), .allowed = "6-9, 65+"};
  }
  if (const auto* number = as_int(value.value)) {
    const auto* named = registry::find_value(part.values, static_cast<std::uint32_t>(*number));
    return named ? std::string(named->name) : "#" + std::to_string(*number);
  }
  return *as_text(value.value);
}

std::string show_key_part(const registry::KeyPart& part, std::string_view text, Form form) {
  if (text == "*" || form == Form::exchange) return text == "*" ? std::string{} : std::string(text);
  if (part.type == Type::enumeration) {
    const auto* value = registry::find_value(part.values, text);
    if (value) return std::string(is_german(form) ? value->label_de : value->label_en);
  }
  if (!is_screen(form)) return std::string(text);
  switch (part.type) {
    case Type::language:
      return languages::name(text, tongue_of(form));
    case Type::country:
      return countries::name(text, tongue_of(form));
    case Type::ags:
      return places::display_name(text);
    default:
      return std::string(text);
  }
}

Read<registry::FieldName> find_field(const registry::Kind& kind, std::string_view name) {
  const std::string_view bare = trim(name);
  if (auto found = registry::find_field(kind, bare)) return *found;
  const auto open = bare.find('[');
  if (open != std::string_view::npos && bare.ends_with(']')) {
    const auto language = languages::resolve(bare.substr(open + 1, bare.size() - open - 2), bare);
    if (!language) return *language.wrong;
    const std::string precise = std::string(bare.substr(0, open)) + "[" + language.value + "]";
    if (auto found = registry::find_field(kind, precise)) return *found;
  }
  std::vector<std::string> names;
  for (const Field& field : kind.fields) {
    names.emplace_back(field.name_de);
    names.emplace_back(field.name);
    names.emplace_back(field.label_de);
  }
  return Complaint{.code = Code::unknown_field, .given = std::string(bare), .suggestion = nearest(bare, names)};
}

}  // namespace kiz::field_text

#include "protocol/registry.h"

#include <algorithm>

#include "protocol/crypto.h"
#include "protocol/registry_tables.h"
#include "protocol/wire.h"

namespace kiz::registry {
namespace {

constexpr char separator = '\x1f';

/// `aliases` is a list with one comma between the words; they are written folded already.
bool listed(std::string_view aliases, std::string_view folded) {
  while (!aliases.empty()) {
    const auto comma = aliases.find(',');
    if (aliases.substr(0, comma) == folded) return true;
    if (comma == std::string_view::npos) break;
    aliases.remove_prefix(comma + 1);
  }
  return false;
}

template <class Named>
bool named(const Named& thing, std::string_view folded) {
  if (thing.name == folded || thing.name_de == folded) return true;
  if constexpr (requires { thing.aliases; }) {
    if (listed(thing.aliases, folded)) return true;
  }
  return fold(thing.label_de) == folded || fold(thing.label_en) == folded;
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view digits) {
  int out = 0;
  for (const char c : digits) out = out * 10 + (c - '0');
  return out;
}

bool is_year(std::string_view text) { return text.size() == 4 && all_digits(text) && number(text) >= 1900; }

bool is_month(std::string_view text) {
  if (text.size() != 7 || text[4] != '-' || !is_year(text.substr(0, 4)) || !all_digits(text.substr(5))) return false;
  const int month = number(text.substr(5));
  return month >= 1 && month <= 12;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[7] != '-' || !is_month(text.substr(0, 7)) || !all_digits(text.substr(8))) return false;
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int year = number(text.substr(0, 4)), month = number(text.substr(5, 2)), day = number(text.substr(8));
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day >= 1 && day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool is_period(std::string_view text) {
  if (is_month(text) || is_year(text)) return true;
  if (text.size() != 7 || !is_year(text.substr(0, 4))) return false;
  if (text[4] == '-') return text.substr(5) == "H1" || text.substr(5) == "H2";
  // a school year names the next year's last two digits, else it is a typing error
  return text[4] == '/' && all_digits(text.substr(5)) &&
         number(text.substr(5)) == (number(text.substr(0, 4)) + 1) % 100;
}

bool is_letters(std::string_view text, std::size_t size, char first, char last) {
  return text.size() == size && std::all_of(text.begin(), text.end(), [&](char c) { return c >= first && c <= last; });
}

bool is_official_key(std::string_view text) {
  return (text.size() == 8 || text.size() == 5 || text.size() == 2) && all_digits(text);
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// One line may hold a tab but no other control character; a long text line breaks too.
bool has_control(std::string_view text, bool lines) {
  return std::any_of(text.begin(), text.end(),
                     [&](char c) { return c == '\0' || (!lines && (c == '\n' || c == '\r')); });
}

bool is_slot_or_line(Type type) {
  return type == Type::text || type == Type::party || type == Type::slot || type == Type::external_id ||
         type == Type::attachment;
}

Result<void> check_text(const Field& field, const std::string& text) {
  const auto wrong = [&](Errc code = Errc::invalid_input) { return Error{code, std::string(field.name)}; };
  if (!wire::is_text(text)) return wrong();
  if (field.type == Type::long_text) {
    if (has_control(text, true)) return wrong();
    return text.size() <= static_cast<std::size_t>(field.max) ? Result<void>{} : wrong(Errc::over_limit);
  }
  if (is_slot_or_line(field.type)) {
    if (has_control(text, false)) return wrong();
    if (characters(text) > static_cast<std::size_t>(field.max)) return wrong(Errc::over_limit);
    if (text.empty() && field.min > 0) return wrong();
    if (field.type == Type::external_id && (text.find(':') == 0 || text.find(':') == std::string::npos)) return wrong();
    return {};
  }
  bool fits = false;
  switch (field.type) {
    case Type::date:
      fits = is_date(text);
      break;
    case Type::month:
      fits = is_month(text);
      break;
    case Type::period:
      fits = is_period(text);
      break;
    case Type::ags:
      fits = is_official_key(text);
      break;
    case Type::language:
      fits = is_letters(text, 3, 'a', 'z');
      break;
    case Type::country:
      fits = is_letters(text, 3, 'A', 'Z');
      break;
    default:
      break;  // a number or bytes is asked for
  }
  return fits ? Result<void>{} : wrong();
}

Result<void> check_number(const Field& field, std::int64_t value) {
  const auto wrong = Error{Errc::invalid_input, std::string(field.name)};
  switch (field.type) {
    case Type::integer:
    case Type::cents:
    case Type::micro_degree:
      // the deltas of a counter may be negative; its sum is what min and max speak of
      if (field.merge == Merge::counter) return value >= -field.max && value <= field.max ? Result<void>{} : wrong;
      return value >= field.min && value <= field.max ? Result<void>{} : wrong;
    case Type::boolean:
      return value == 0 || value == 1 ? Result<void>{} : wrong;
    case Type::enumeration:
      return value >= 1 && value <= 0xFFFFFFFF ? Result<void>{} : wrong;
    case Type::instant:
      return value >= 0 && value < (std::int64_t{1} << 48) ? Result<void>{} : wrong;
    default:
      return wrong;
  }
}

Result<void> check_bytes(const Field& field, const Bytes& bytes) {
  const bool key = field.type == Type::reference || field.type == Type::party;
  if (key && bytes.size() == RecordKey::size_bytes) return {};
  if (field.type == Type::digest && bytes.size() == Hash::size_bytes) return {};
  return Error{Errc::invalid_input, std::string(field.name)};
}

}  // namespace

std::string fold(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '\xC3' && i + 1 < name.size()) {
      constexpr std::string_view seconds = "\xA4\xB6\xBC\x84\x96\x9C\x9F";  // ä ö ü Ä Ö Ü ß
      constexpr std::string_view folded[] = {"ae", "oe", "ue", "ae", "oe", "ue", "ss"};
      if (const auto at = seconds.find(name[i + 1]); at != std::string_view::npos) {
        out += folded[at];
        ++i;
        continue;
      }
    }
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c == ' ' || (c == '-' && name.size() > 1) ? '_' : c;
    }
  }
  return out;
}

#ifndef KIZ_KINDS_KNOWN
#define KIZ_KINDS_KNOWN std::size(tables::all)  // tests build an older program, which knows fewer
#endif
std::span<const Kind> all_kinds() { return std::span{tables::all}.first(KIZ_KINDS_KNOWN); }

const Kind* find_kind(std::uint32_t number) {
  const auto kinds = all_kinds();
  const auto at = std::lower_bound(kinds.begin(), kinds.end(), number, [](const Kind& kind, std::uint32_t n) { return kind.number < n; });
  return at != kinds.end() && at->number == number ? &*at : nullptr;
}

const Kind* find_kind(std::string_view name) {
  const std::string folded = fold(name);
  for (const Kind& kind : all_kinds()) {
    if (named(kind, folded)) return &kind;
  }
  return nullptr;
}

std::string_view reserved_kind_name(std::uint32_t number) {
  for (const auto& entry : tables::reserved) {
    if (entry.number == number) return entry.name;
  }
  return {};
}

const Field* find_field(const Kind& kind, std::uint32_t number) {
  for (const Field& field : kind.fields) {
    if (field.number == number) return &field;
  }
  const auto in_block = [&](std::uint32_t base) { return number >= base && number - base < fields::translations; };
  if (kind.number == kinds::note) return nullptr;
  if (in_block(fields::translated_title)) return &tables::title_translation;
  if (in_block(fields::translated_text)) return &tables::text_translation;
  return nullptr;
}

std::optional<FieldName> find_field(const Kind& kind, std::string_view name) {
  const std::string folded = fold(name);
  if (folded.size() > 5 && folded.back() == ']' && folded[folded.size() - 5] == '[') {
    const std::string_view block = std::string_view(folded).substr(0, folded.size() - 5);
    const std::string_view language = std::string_view(folded).substr(folded.size() - 4, 3);
    const bool title = block == "title" || block == "titel";
    if (!title && block != "text" && block != "beschreibung" && block != "description") return std::nullopt;
    const auto number = translation_field(title ? fields::translated_title : fields::translated_text, language);
    if (!number || kind.number == kinds::note) return std::nullopt;
    return FieldName{*number, find_field(kind, *number)};
  }
  for (const Field& field : kind.fields) {
    if (field.name == folded || field.name_de == folded) return FieldName{field.number, &field};
  }
  for (const Field& field : kind.fields) {  // labels and aliases only where no field has the name itself
    if (named(field, folded)) return FieldName{field.number, &field};
  }
  return std::nullopt;
}

std::string field_name(const Kind& kind, std::uint32_t number, bool german) {
  const Field* field = find_field(kind, number);
  if (!field) return "#" + std::to_string(number);
  std::string out(german ? field->name_de : field->name);
  const std::string language = translation_language(number);
  return language.empty() ? out : out + "[" + language + "]";
}

std::optional<std::uint32_t> translation_field(std::uint32_t base, std::string_view language) {
  if (!is_letters(language, 3, 'a', 'z')) return std::nullopt;
  std::uint32_t packed = 0;
  for (const char c : language) packed = packed * 26 + static_cast<std::uint32_t>(c - 'a');
  return base + packed;
}

std::string translation_language(std::uint32_t number) {
  for (const std::uint32_t base : {fields::translated_title, fields::translated_text}) {
    if (number < base || number - base >= fields::translations) continue;
    const std::uint32_t packed = number - base;
    return {static_cast<char>('a' + packed / 676), static_cast<char>('a' + packed / 26 % 26),
            static_cast<char>('a' + packed % 26)};
  }
  return {};
}

const EnumValue* find_value(std::span<const EnumValue> values, std::uint32_t number) {
  const auto at = std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.number == number; });
  return at == values.end() ? nullptr : &*at;
}

const EnumValue* find_value(std::span<const EnumValue> values, std::string_view name) {
  const std::string folded = fold(name);
  const auto at = std::find_if(values.begin(), values.end(), [&](const auto& v) { return named(v, folded); });
  return at == values.end() ? nullptr : &*at;
}

bool is_stock(std::string_view measure) {
  constexpr std::string_view flows[] = {"arrived", "registered", "invited",        "counselled",
                                        "placed",  "left",       "adults_arrived", "adults_counselled"};
  return std::find(std::begin(flows), std::end(flows), measure) == std::end(flows);
}

Result<std::string> natural_key(const Kind& kind, std::span<const std::string> parts) {
  if (kind.key.empty() || parts.size() != kind.key.size()) return Error{Errc::invalid_input, "key"};
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto wrong = Error{Errc::invalid_input, std::string(kind.key[i].name)};
    const bool unused = parts[i].empty() || parts[i] == "*";
    if (unused && kind.key[i].required) return wrong;
    if (std::any_of(parts[i].begin(), parts[i].end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
      return wrong;
    }
    if (i > 0) out += separator;
    out += unused ? "*" : parts[i];
  }
  if (out.size() > static_cast<std::size_t>(tables::key_max)) return Error{Errc::over_limit, "key"};
  return out;
}

std::vector<std::string> split_natural_key(const Kind& kind, std::string_view key) {
  std::vector<std::string> out;
  for (std::size_t start = 0;;) {
    const auto end = key.find(separator, start);
    out.emplace_back(key.substr(start, end == std::string_view::npos ? end : end - start));
    if (end == std::string_view::npos) break;
    start = end + 1;
  }
  if (out.size() != kind.key.size()) out.clear();
  return out;
}

RecordKey natural_record_key(std::uint32_t kind, std::string_view key) {
  Bytes in;
  for (std::uint32_t rest = kind;; rest >>= 7) {
    in.push_back(static_cast<std::uint8_t>((rest & 0x7F) | (rest > 0x7F ? 0x80 : 0)));
    if (rest <= 0x7F) break;
  }
  in.insert(in.end(), key.begin(), key.end());
  const Hash hash = crypto::hash("kiz-sync natural key v1", in);
  return RecordKey::from(ByteView(hash).first(RecordKey::size_bytes));
}

Result<void> check(const Field& field, const Value& value) {
  if (is_null(value)) return {};
  if (const auto* text = as_text(value)) return check_text(field, *text);
  if (const auto* number = as_int(value)) return check_number(field, *number);
  return check_bytes(field, std::get<Bytes>(value));
}

}  // namespace kiz::registry

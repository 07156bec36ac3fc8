#include "libclient/mapping.h"

#include <toml++/toml.h>

#include <algorithm>

#include "libclient/embedded.h"
#include "libclient/field_text.h"

namespace kiz::mapping {
namespace {

using Code = Complaint::Code;

/// Thrown inside this file alone, so that each reader below can be one expression; parse() turns it into a Read.
struct Wrong {
  Complaint complaint;
};

[[noreturn]] void wrong(Code code, const toml::node& at, std::string field, std::string given = {},
                        std::string allowed = {}, std::string suggestion = {}) {
  const auto& place = at.source().begin;
  throw Wrong{{.code = code,
               .field = std::move(field),
               .given = std::move(given),
               .allowed = std::move(allowed),
               .suggestion = std::move(suggestion),
               .line = place.line,
               .column = place.column}};
}

std::string join(std::span<const std::string> words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

void check_keys(const toml::table& table, const std::string& where, std::initializer_list<std::string_view> known) {
  const std::vector<std::string> words(known.begin(), known.end());
  for (const auto& [key, node] : table) {
    const std::string word(key.str());
    if (std::find(words.begin(), words.end(), word) != words.end()) continue;
    const auto& place = key.source().begin;
    throw Wrong{{.code = Code::mapping_unknown_key,
                 .field = where,
                 .given = word,
                 .allowed = join(words),
                 .suggestion = nearest(word, words),
                 .line = place.line,
                 .column = place.column}};
  }
}

std::string text(const toml::node& node, const std::string& what) {
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_integer()) return std::to_string(value->get());
  if (const auto* value = node.as_boolean()) return value->get() ? "ja" : "nein";
  wrong(Code::mapping_wrong_type, node, what, {}, "Text");
}

std::string text_or(const toml::table& table, std::string_view key, std::string fallback) {
  const auto* node = table.get(key);
  return node ? text(*node, std::string(key)) : std::move(fallback);
}

bool yes_or(const toml::table& table, std::string_view key, bool fallback) {
  const auto* node = table.get(key);
  if (!node) return fallback;
  if (const auto* value = node->as_boolean()) return value->get();
  wrong(Code::mapping_wrong_type, *node, std::string(key), {}, "true/false");
}

std::size_t number_or(const toml::table& table, std::string_view key, std::size_t fallback) {
  const auto* node = table.get(key);
  if (!node) return fallback;
  const auto* value = node->as_integer();
  if (value && value->get() >= 0) return static_cast<std::size_t>(value->get());
  wrong(Code::mapping_wrong_type, *node, std::string(key), {}, "0, 1, 2, ...");
}

const toml::table& table(const toml::node& node, const std::string& what) {
  if (const auto* value = node.as_table()) return *value;
  wrong(Code::mapping_wrong_type, node, what, {}, "[" + what + "]");
}

std::vector<std::string> texts(const toml::node& node, const std::string& what) {
  std::vector<std::string> out;
  if (const auto* list = node.as_array()) {
    for (const auto& item : *list) out.push_back(text(item, what));
  } else {
    out.push_back(text(node, what));
  }
  return out;
}

std::vector<std::string> folded(std::vector<std::string> words) {
  for (auto& word : words) word = registry::fold(word);
  return words;
}

Column column(const toml::node& node, const std::string& what) {
  if (const auto* value = node.as_string()) return value->get();
  const auto* value = node.as_integer();
  if (value && value->get() >= 1) return static_cast<std::size_t>(value->get());
  wrong(Code::mapping_wrong_type, node, what, {}, "„Spaltenname“, 1, 2, 3, ...");
}

std::vector<Column> columns(const toml::table& from, const std::string& what) {
  std::vector<Column> out;
  if (const auto* one = from.get("column")) out.push_back(column(*one, what + ".column"));
  if (const auto* many = from.get("columns")) {
    const auto* list = many->as_array();
    if (!list) wrong(Code::mapping_wrong_type, *many, what + ".columns", {}, "[ ... ]");
    for (const auto& item : *list) out.push_back(column(item, what + ".columns"));
  }
  return out;
}

Format format(const toml::table& from) {
  const auto* node = from.get("format");
  if (!node) return Format::as_field;
  const std::string word = text(*node, "format");
  if (word == "destatis") return Format::destatis;
  if (word == "month_of_date") return Format::month_of_date;
  wrong(Code::mapping_unknown_name, *node, "format", word, "destatis, month_of_date");
}

Unknown unknown(const toml::table& from) {
  const auto* node = from.get("unknown");
  if (!node) return Unknown::keep;
  const std::string word = text(*node, "unknown");
  if (word == "keep") return Unknown::keep;
  if (word == "omit") return Unknown::omit;
  if (word == "refuse") return Unknown::refuse;
  wrong(Code::mapping_unknown_name, *node, "unknown", word, "keep, omit, refuse");
}

Source source(const toml::node& node, const std::string& target) {
  Source out;
  if (!node.is_table()) {
    out.columns.push_back(column(node, target));
    return out;
  }
  const auto& from = *node.as_table();
  check_keys(from, target,
             {"column", "columns", "constant", "owner", "join", "label", "split", "prefix", "default", "format",
              "values", "unknown"});
  out.columns = columns(from, target);
  out.constant = text_or(from, "constant", {});
  out.owner = yes_or(from, "owner", false);
  if (out.columns.empty() && out.constant.empty() && !out.owner) {
    wrong(Code::mapping_missing, node, target + ".column");
  }
  out.join = text_or(from, "join", " ");
  out.label = yes_or(from, "label", false);
  out.split = text_or(from, "split", {});
  out.prefix = text_or(from, "prefix", {});
  out.fallback = text_or(from, "default", {});
  out.format = format(from);
  out.unknown = unknown(from);
  if (const auto* values = from.get("values")) {
    for (const auto& [key, value] : table(*values, target + ".values")) {
      out.values[registry::fold(key.str())] = text(value, target + ".values");
    }
  }
  return out;
}

/// English name of a field or of a dimension of the key, from any of its names.
std::string target_name(const registry::Kind& kind, const std::string& word, const toml::node& at) {
  const std::string wanted = registry::fold(word);
  for (const auto& part : kind.key) {
    if (part.name == wanted || part.name_de == wanted || registry::fold(part.label_de) == wanted)
      return std::string(part.name);
  }
  const auto found = field_text::find_field(kind, word);
  if (found) return registry::field_name(kind, found.value.number);
  std::vector<std::string> names;
  for (const auto& part : kind.key) names.emplace_back(part.name);
  for (const auto& field : kind.fields) names.emplace_back(field.name);
  std::string suggestion = nearest(word, names);
  if (suggestion.empty()) suggestion = found.wrong->suggestion;
  wrong(Code::mapping_unknown_name, at, "Feld", word, join(names), suggestion);
}

void read_fields(Mapping& out, const toml::table& fields) {
  for (const auto& [key, node] : fields) {
    const std::string target = target_name(*out.kind, std::string(key.str()), node);
    auto& sources = out.fields[target];
    if (const auto* list = node.as_array()) {
      for (const auto& item : *list) sources.push_back(source(item, target));
    } else {
      sources.push_back(source(node, target));
    }
  }
}

void read_constants(Mapping& out, const toml::table& constants) {
  for (const auto& [key, node] : constants) {
    auto& sources = out.fields[target_name(*out.kind, std::string(key.str()), node)];
    for (auto& value : texts(node, std::string(key.str()))) {
      Source constant;
      constant.constant = std::move(value);
      sources.push_back(std::move(constant));
    }
  }
}

const toml::array& list(const toml::node& node, const std::string& what) {
  if (const auto* value = node.as_array()) return *value;
  wrong(Code::mapping_wrong_type, node, what, {}, "[[" + what + "]]");
}

void read_flags(Mapping& out, const toml::node& node) {
  for (const auto& item : list(node, "flags")) {
    const auto& from = table(item, "flags");
    check_keys(from, "flags", {"column", "means", "field", "value", "combine"});
    for (const auto* key : {"column", "field", "value"}) {
      if (!from.get(key)) wrong(Code::mapping_missing, item, std::string("flags.") + key);
    }
    Flag flag{column(*from.get("column"), "flags.column"), {}, {}, text(*from.get("value"), "flags.value")};
    flag.field = target_name(*out.kind, text(*from.get("field"), "flags.field"), *from.get("field"));
    if (const auto* means = from.get("means")) flag.means = folded(texts(*means, "flags.means"));
    const std::string combine = text_or(from, "combine", "all");
    if (combine == "lowest")
      flag.combine = Flag::Combine::lowest;
    else if (combine == "highest")
      flag.combine = Flag::Combine::highest;
    else if (combine != "all")
      wrong(Code::mapping_unknown_name, *from.get("combine"), "combine", combine, "all, lowest, highest");
    out.flags.push_back(std::move(flag));
  }
}

std::vector<RowRule> row_rules(const toml::node* node, const std::string& what) {
  std::vector<RowRule> out;
  if (!node) return out;
  for (const auto& item : list(*node, what)) {
    const auto& from = table(item, what);
    check_keys(from, what, {"column", "in"});
    for (const auto* key : {"column", "in"}) {
      if (!from.get(key)) wrong(Code::mapping_missing, item, what + "." + key);
    }
    out.push_back({column(*from.get("column"), what), folded(texts(*from.get("in"), what))});
  }
  return out;
}

void read_rows(Mapping& out, const toml::table& rows) {
  check_keys(rows, "rows", {"only", "skip", "owner", "modulo", "remainder", "offset"});
  out.only = row_rules(rows.get("only"), "rows.only");
  out.skip = row_rules(rows.get("skip"), "rows.skip");
  if (const auto* owner = rows.get("owner")) out.owner_column = column(*owner, "rows.owner");
  out.modulo = number_or(rows, "modulo", 0);
  out.remainder = number_or(rows, "remainder", 0);
  out.offset = number_or(rows, "offset", 0);
}

void read_identity(Mapping& out, const toml::table& identity) {
  check_keys(identity, "identity", {"scheme", "column", "columns", "repeats"});
  out.identity.scheme = text_or(identity, "scheme", {});
  out.identity.columns = columns(identity, "identity");
  if (out.identity.scheme.empty() || out.identity.scheme.find(':') != std::string::npos) {
    wrong(Code::mapping_missing, identity, "identity.scheme");
  }
  if (out.identity.columns.empty()) wrong(Code::mapping_missing, identity, "identity.column");
  const std::string repeats = text_or(identity, "repeats", "refuse");
  if (repeats != "refuse" && repeats != "number") {
    wrong(Code::mapping_unknown_name, *identity.get("repeats"), "repeats", repeats, "refuse, number");
  }
  out.identity.number_repeats = repeats == "number";
}

void read_file(Mapping& out, const toml::table& file) {
  check_keys(file, "file", {"header", "separator"});
  out.header = yes_or(file, "header", true);
  const std::string separator = text_or(file, "separator", {});
  if (separator.size() > 1) wrong(Code::mapping_wrong_type, *file.get("separator"), "separator", {}, "\";\"");
  if (!separator.empty()) out.separator = separator[0];
}

Mapping read(const toml::table& all, std::string_view name) {
  check_keys(all, "Zuordnung", {"description", "kind", "file", "fields", "constants", "flags", "rows", "identity"});
  Mapping out;
  out.name = name;
  out.description = text_or(all, "description", {});
  const auto* kind = all.get("kind");
  if (!kind) wrong(Code::mapping_missing, all, "kind");
  out.kind = registry::find_kind(text(*kind, "kind"));
  if (!out.kind || out.kind->number == registry::kinds::note) {
    wrong(Code::mapping_unknown_name, *kind, "kind", text(*kind, "kind"), "offer, need, count, actor");
  }
  if (const auto* file = all.get("file")) read_file(out, table(*file, "file"));
  if (const auto* fields = all.get("fields")) read_fields(out, table(*fields, "fields"));
  if (const auto* constants = all.get("constants")) read_constants(out, table(*constants, "constants"));
  if (const auto* flags = all.get("flags")) read_flags(out, *flags);
  if (const auto* rows = all.get("rows")) read_rows(out, table(*rows, "rows"));
  if (const auto* identity = all.get("identity")) read_identity(out, table(*identity, "identity"));
  return out;
}

constexpr std::string_view suffix = ".toml";

}  // namespace

Read<Mapping> parse(std::string_view toml, std::string_view name) {
  constexpr std::size_t bytes_max = 1u << 20;
  if (toml.size() > bytes_max) return Complaint{.code = Code::file_too_large, .allowed = "1 MiB"};
  try {
    return read(toml::parse(toml), name);
  } catch (const Wrong& found) {
    return found.complaint;
  } catch (const toml::parse_error& error) {
    return Complaint{.code = Code::mapping_syntax,
                     .given = std::string(error.description()),
                     .line = error.source().begin.line,
                     .column = error.source().begin.column};
  }
}

std::vector<std::string> shipped_names() {
  std::vector<std::string> out;
  for (const auto& file : embedded_files()) {
    if (file.name.ends_with(suffix)) out.emplace_back(file.name.substr(0, file.name.size() - suffix.size()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

Read<Mapping> shipped(std::string_view name) {
  for (const auto& file : embedded_files()) {
    if (file.name == std::string(name) + std::string(suffix)) return parse(file.text, name);
  }
  const auto names = shipped_names();
  return Complaint{.code = Code::mapping_unknown_name,
                   .field = "Zuordnung",
                   .given = std::string(name),
                   .allowed = join(names),
                   .suggestion = nearest(name, names)};
}

}  // namespace kiz::mapping

#include "libclient/table_cells.h"

#include <algorithm>

#include "libclient/countries.h"
#include "libclient/dates.h"
#include "libclient/field_text.h"

namespace kiz::table_import {
namespace {

using Code = Complaint::Code;
using mapping::Format;
using mapping::Unknown;
using registry::Merge;
using registry::Type;

constexpr std::size_t remembered_max = 10'000;  // different texts per field

/// Splits at any of `separators`; with `escapes`, a backslash takes the next character as it is.
std::vector<std::string> split(std::string_view text, std::string_view separators, bool escapes) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (escapes && text[i] == '\\' && i + 1 < text.size()) {
      out.back() += text[++i];
    } else if (separators.find(text[i]) != std::string_view::npos) {
      out.emplace_back();
    } else {
      out.back() += text[i];
    }
  }
  return out;
}

std::vector<std::string> elements(const BoundSource& bound, const std::string& text) {
  if (bound.own_split) return split(text, "|", true);
  if (!bound.source.split.empty()) return split(text, bound.source.split, false);
  return {text};
}

std::string formatted(Format format, const std::string& text) {
  switch (format) {
    case Format::destatis: {
      const auto code = countries::from_destatis(trimmed_view(text));
      return code ? *code : "destatis:" + text;  // the field refuses it by that name
    }
    case Format::month_of_date: {
      const auto date = dates::read_date(trimmed_view(text));
      return date.empty() ? text : date.substr(0, 7);
    }
    case Format::as_field:
      break;
  }
  return text;
}

/// Such a field takes any text, so that with "omit" only listed words can count.
bool is_plain(Type type) { return type == Type::text || type == Type::long_text || type == Type::party; }

bool is_looked_up(Type type) {
  return type == Type::language || type == Type::country || type == Type::ags || type == Type::enumeration;
}

}  // namespace

std::string_view trimmed_view(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

void add_values(Draft& draft, std::uint32_t number, const registry::Field& field, std::vector<Value> values) {
  if (values.empty()) return;
  auto at = std::lower_bound(draft.fields.begin(), draft.fields.end(), number,
                             [](const DraftField& f, std::uint32_t n) { return f.number < n; });
  if (at == draft.fields.end() || at->number != number) at = draft.fields.insert(at, {number, {}});
  at->values.insert(at->values.end(), values.begin(), values.end());
  if (field.merge == Merge::set || field.merge == Merge::multi_value) {
    std::sort(at->values.begin(), at->values.end());
    at->values.erase(std::unique(at->values.begin(), at->values.end()), at->values.end());
  } else {
    at->values.resize(1);
  }
}

std::optional<std::size_t> place_of(const BoundSource& source) {
  return source.columns.empty() ? std::nullopt : std::optional(source.columns.front());
}

void CellReader::begin(const csv::Row& row, Import& out) {
  row_ = &row;
  out_ = &out;
}

const csv::Cell& CellReader::cell(std::size_t place) const {
  static const csv::Cell none;
  return place < row_->cells.size() ? row_->cells[place] : none;
}

bool CellReader::has_room() const { return out_->complaints.size() < options_.complaints_max; }

void CellReader::complain(Complaint complaint, std::optional<std::size_t> place) {
  complaint.line = place ? cell(*place).line : row_->line;
  complaint.column = place ? cell(*place).column : 0;
  if (has_room()) out_->complaints.push_back(std::move(complaint));
}

/// The source's text before anything is made of it.
std::string CellReader::joined(const BoundSource& bound) const {
  if (bound.source.owner) return options_.owner;
  if (!bound.source.constant.empty()) return bound.source.constant;
  if (bound.columns.size() == 1 && !bound.source.label) return cell(bound.columns.front()).text;
  std::string out;
  for (const std::size_t place : bound.columns) {
    const auto text = trimmed_view(cell(place).text);
    if (text.empty()) continue;
    if (!out.empty()) out += bound.source.join;
    if (bound.source.label) out += columns_.names[place] + ": ";
    out += text;
  }
  return out;
}

/// The element as the field shall read it; nullopt: left out, or complained about.
std::optional<std::string> CellReader::translated(const BoundSource& bound, const std::string& element,
                                                  std::string_view label, Type type) {
  const auto bare = trimmed_view(element);
  if (bare.empty()) return std::nullopt;
  const auto& source = bound.source;
  std::string text = element;
  if (!source.values.empty()) {
    const auto found = source.values.find(registry::fold(bare));
    if (found != source.values.end()) {
      if (found->second.empty()) return std::nullopt;
      text = found->second;
    } else if (source.unknown == Unknown::refuse) {
      std::string allowed;
      for (const auto& [word, meaning] : source.values) allowed += (allowed.empty() ? "" : ", ") + word;
      complain({.code = Code::unknown_value, .field = std::string(label), .given = element, .allowed = allowed},
               place_of(bound));
      return std::nullopt;
    } else if (source.unknown == Unknown::omit && is_plain(type)) {
      return std::nullopt;
    }
  }
  return source.prefix + formatted(source.format, text);
}

Read<Value> CellReader::parsed(const Target& target, const std::string& text) {
  if (!is_looked_up(target.field->type)) return field_text::parse(*target.field, text, options_.tongue);
  auto& known = values_[target.number];
  if (const auto at = known.find(text); at != known.end()) return at->second;
  auto read = field_text::parse(*target.field, text, options_.tongue);
  if (read && known.size() < remembered_max) known.emplace(text, read.value);
  return read;
}

Read<std::string> CellReader::parsed_part(const registry::KeyPart& part, const std::string& text) {
  auto& known = parts_[std::string(part.name)];
  if (const auto at = known.find(text); at != known.end()) return at->second;
  auto read = field_text::parse_key_part(part, text, options_.tongue);
  if (read && known.size() < remembered_max) known.emplace(text, read.value);
  return read;
}

void CellReader::read_source(const BoundField& bound, const BoundSource& source, std::vector<Value>& values) {
  const auto& field = *bound.target.field;
  const auto label = options_.tongue == Tongue::german ? field.label_de : field.label_en;
  const std::size_t before = values.size();
  const auto take = [&](const std::string& text) {
    auto read = parsed(bound.target, text);
    if (!read) {
      if (source.source.unknown != Unknown::omit) complain(*read.wrong, place_of(source));
    } else if (!is_null(read.value)) {
      values.push_back(std::move(read.value));
    }
  };
  for (const auto& element : elements(source, joined(source))) {
    if (const auto text = translated(source, element, label, field.type)) take(*text);
  }
  if (values.size() == before && !source.source.fallback.empty()) take(source.source.fallback);
}

void CellReader::read_field(const BoundField& bound, Draft& draft) {
  std::vector<Value> values;
  const bool single = bound.target.field->merge != Merge::set && bound.target.field->merge != Merge::multi_value;
  for (const auto& source : bound.sources) {
    read_source(bound, source, values);
    if (single && !values.empty()) break;  // the first column that says something
  }
  add_values(draft, bound.target.number, *bound.target.field, std::move(values));
}

void CellReader::read_flag(const BoundFlag& bound, Draft& draft) {
  const std::string said = registry::fold(trimmed_view(cell(bound.column).text));
  const auto& means = bound.flag.means;
  const bool set = means.empty() ? !said.empty() : std::find(means.begin(), means.end(), said) != means.end();
  if (!set) return;
  auto read = parsed(bound.target, bound.flag.value);
  if (!read) return complain(*read.wrong, bound.column);
  const auto held = std::find_if(draft.fields.begin(), draft.fields.end(),
                                 [&](const auto& field) { return field.number == bound.target.number; });
  if (bound.flag.combine != mapping::Flag::Combine::all && held != draft.fields.end()) {
    const bool lowest = bound.flag.combine == mapping::Flag::Combine::lowest;
    Value& value = held->values.front();
    value = lowest ? std::min(value, read.value) : std::max(value, read.value);
    return;
  }
  add_values(draft, bound.target.number, *bound.target.field, {std::move(read.value)});
}

std::optional<std::string> CellReader::read_part(const registry::KeyPart& part, const BoundField* bound) {
  if (!bound) return part.name == "ags" ? options_.owner : std::string{};
  const auto label = options_.tongue == Tongue::german ? part.label_de : part.label_en;
  for (const auto& source : bound->sources) {
    const std::size_t before = out_->complaints.size();
    const auto take = [&](const std::string& text) -> std::string {
      auto read = parsed_part(part, text);
      if (read) return read.value;
      if (source.source.unknown != Unknown::omit) complain(*read.wrong, place_of(source));
      return {};
    };
    std::string out;
    if (const auto text = translated(source, joined(source), label, part.type)) out = take(*text);
    if (out.empty() && !source.source.fallback.empty()) out = take(source.source.fallback);
    if (out_->complaints.size() != before) return std::nullopt;
    if (!out.empty()) return out;
  }
  return std::string{};
}

}  // namespace kiz::table_import

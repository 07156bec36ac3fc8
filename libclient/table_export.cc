#include "libclient/table_export.h"

#include <algorithm>
#include <set>

#include "libclient/field_text.h"

namespace kiz::table_export {
namespace {

using registry::Field;
using registry::Type;

/// Digits and marks that we wrote ourselves: a guard would turn a number into a text.
bool is_bare(Type type) {
  switch (type) {
    case Type::integer:
    case Type::date:
    case Type::month:
    case Type::boolean:
    case Type::micro_degree:
    case Type::cents:
    case Type::instant:
      return true;
    default:
      return false;
  }
}

std::vector<std::uint32_t> columns_of(const registry::Kind& kind, std::span<const GenericRecord> records,
                                      const Options& options) {
  const bool natural = !kind.key.empty();
  const auto wanted = [&](std::uint32_t number) {
    const Field* field = registry::find_field(kind, number);
    if (!field || (natural && number == registry::fields::key)) return false;
    return options.personal || field->personal != registry::Personal::yes;
  };
  std::set<std::uint32_t> filled;
  for (const auto& record : records) {
    for (const auto& [number, values] : record.fields) {
      if (!values.empty() && wanted(number)) filled.insert(number);
    }
  }
  for (const auto& field : kind.fields) {
    if ((options.all_fields || field.required) && wanted(field.number)) filled.insert(field.number);
  }
  return {filled.begin(), filled.end()};
}

std::string header(const registry::Kind& kind, std::uint32_t number, bool german) {
  const std::string language = registry::translation_language(number);
  if (!german || !language.empty()) return registry::field_name(kind, number, german);
  return std::string(registry::find_field(kind, number)->label_de);
}

csv::Out cell(const Field& field, const std::vector<Value>* values, const csv::Dialect& dialect) {
  if (!values || values->empty()) return {};
  const auto form = dialect.german ? field_text::Form::table_german : field_text::Form::exchange;
  const bool one = field.merge == registry::Merge::last_write || field.merge == registry::Merge::counter;
  if (one) return {field_text::show(field, values->front(), form), is_bare(field.type)};
  std::vector<std::string> elements;
  for (const auto& value : *values) elements.push_back(field_text::show(field, value, form));
  return {join_elements(elements), is_bare(field.type) && elements.size() == 1};
}

}  // namespace

std::string join_elements(const std::vector<std::string>& elements) {
  std::string out;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out += '|';
    for (const char c : elements[i]) {
      if (c == '|' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

Table table(const registry::Kind& kind, std::span<const GenericRecord> records, const Options& options) {
  const auto& dialect = options.dialect;
  const auto columns = columns_of(kind, records, options);
  Table out{{"id"}, {}};
  for (const auto& part : kind.key) out.header.emplace_back(dialect.german ? part.label_de : part.name);
  for (const auto number : columns) out.header.push_back(header(kind, number, dialect.german));

  const auto form = dialect.german ? field_text::Form::table_german : field_text::Form::exchange;
  for (const auto& record : records) {
    std::vector<csv::Out> row{{to_hex(record.id.key), true}};
    if (!kind.key.empty()) {
      const auto* key = record.first(registry::fields::key);
      auto parts = registry::split_natural_key(kind, key && as_text(*key) ? *as_text(*key) : std::string{});
      parts.resize(kind.key.size());
      for (std::size_t i = 0; i < parts.size(); ++i) {
        row.push_back({field_text::show_key_part(kind.key[i], parts[i], form), false});
      }
    }
    for (const auto number : columns) {
      const auto at = record.fields.find(number);
      row.push_back(
          cell(*registry::find_field(kind, number), at == record.fields.end() ? nullptr : &at->second, dialect));
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

std::string write(const registry::Kind& kind, std::span<const GenericRecord> records, const Options& options) {
  const Table all = table(kind, records, options);
  std::string out = csv::begin(options.dialect);
  std::vector<csv::Out> header;
  for (std::size_t i = 0; i < all.header.size(); ++i) header.push_back({all.header[i], i == 0});
  csv::append(out, header, options.dialect);
  for (const auto& row : all.rows) csv::append(out, row, options.dialect);
  return out;
}

}  // namespace kiz::table_export

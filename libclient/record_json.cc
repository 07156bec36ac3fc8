#include "libclient/record_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "libclient/cell_table.h"
#include "libclient/csv.h"
#include "libclient/field_text.h"
#include "libclient/table_export.h"

namespace kiz::record_json {
namespace {

using Code = Complaint::Code;
using nlohmann::json;
using registry::Type;

bool is_list(const registry::Field& field) {
  return field.merge == registry::Merge::set || field.merge == registry::Merge::multi_value;
}

/// Nesting of brackets outside strings, at most depth_max + 1.
std::size_t depth(std::string_view text) {
  std::size_t now = 0, most = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size() && most <= depth_max; ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      most = std::max(most, ++now);
    } else if ((c == ']' || c == '}') && now > 0) {
      --now;
    }
  }
  return most;
}

Complaint at_byte(Complaint complaint, std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(text.size(), byte > 0 ? byte - 1 : 0));
  const auto line_break = before.rfind('\n');
  complaint.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  complaint.column = before.size() - (line_break == std::string_view::npos ? 0 : line_break + 1) + 1;
  return complaint;
}

Complaint shape(std::string field, std::string wanted) {
  return {.code = Code::json_shape, .field = std::move(field), .allowed = std::move(wanted)};
}

table_import::Import refused(Complaint complaint) {
  table_import::Import out;
  out.complaints.push_back(std::move(complaint));
  return out;
}

/// Without exponent, to the millionth: what fields of ours hold.
std::string decimal(double number) {
  std::string out = fmt::format("{:.6f}", number);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

}  // namespace

json value(const registry::Field& field, const Value& value) {
  if (const auto* number = as_int(value)) {
    switch (field.type) {
      case Type::integer:
        return *number;
      case Type::boolean:
        return *number != 0;
      case Type::cents:
        return static_cast<double>(*number) / 100;  // prints as the shortest text that reads back
      case Type::micro_degree:
        return static_cast<double>(*number) / 1'000'000;
      default:
        break;
    }
  }
  if (is_null(value)) return nullptr;
  return field_text::show(field, value, field_text::Form::exchange);
}

json fields(const registry::Kind& kind, const GenericRecord& record, bool personal) {
  json out = json::object();
  for (const auto& [number, values] : record.fields) {
    const auto* field = registry::find_field(kind, number);
    const bool key = !kind.key.empty() && number == registry::fields::key;
    if (key || values.empty() || (field && !personal && field->personal == registry::Personal::yes)) continue;
    static constexpr registry::Field nameless{.number = 0, .name = {}, .name_de = {}, .label_de = {}, .label_en = {}};
    const auto one = [&](const Value& v) {
      if (!field && as_int(v)) return json(*as_int(v));
      return value(field ? *field : nameless, v);
    };
    json& target = out[registry::field_name(kind, number)];
    if (field && !is_list(*field)) {
      target = one(values.front());
    } else {
      target = json::array();
      for (const auto& v : values) target.push_back(one(v));
    }
  }
  return out;
}

json document(const registry::Kind& kind, std::span<const GenericRecord> records, bool personal) {
  json out = {{"schema", "kiz.records/1"}, {"kind", std::string(kind.name)}, {"records", json::array()}};
  for (const auto& record : records) {
    json entry = {{"id", to_hex(record.id.key)}, {"fields", fields(kind, record, personal)}};
    const auto* key = record.first(registry::fields::key);
    if (!kind.key.empty() && key && as_text(*key)) {
      const auto parts = registry::split_natural_key(kind, *as_text(*key));
      for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i] != "*") entry["key"][std::string(kind.key[i].name)] = parts[i];
      }
    }
    out["records"].push_back(std::move(entry));
  }
  return out;
}

Read<json> parse(std::string_view bytes) {
  if (bytes.size() > bytes_max) return Complaint{.code = Code::file_too_large, .allowed = "64 MiB"};
  auto decoded = text_encoding::to_utf8(bytes);
  if (!decoded) return *decoded.wrong;
  const std::string& text = decoded.value.text;
  if (text.empty()) return Complaint{.code = Code::empty_file};
  if (depth(text) > depth_max) return Complaint{.code = Code::json_too_deep, .allowed = std::to_string(depth_max)};
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    return at_byte({.code = Code::json_syntax}, text, error.byte);
  } catch (const json::out_of_range&) {  // a number beyond what a double holds
    return Complaint{.code = Code::json_syntax};
  }
}

std::string cell_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return value.dump();
  if (value.is_number()) return decimal(value.get<double>());
  if (!value.is_array()) return {};
  std::vector<std::string> elements;
  for (const auto& element : value) elements.push_back(cell_text(element));
  return table_export::join_elements(elements);
}

table_import::Import read(std::string_view bytes, const table_import::Options& options) {
  const auto all = parse(bytes);
  if (!all) return refused(*all.wrong);
  const auto text = [](const json& object, const char* key) {
    const auto at = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
  };
  if (text(all.value, "schema") != "kiz.records/1") return refused(shape("schema", "\"kiz.records/1\""));
  if (text(all.value, "kind") != options.kind->name)
    return refused(shape("kind", "\"" + std::string(options.kind->name) + "\""));
  if (!all.value.contains("records") || !all.value["records"].is_array()) return refused(shape("records", "[...]"));
  table_import::CellTable table;
  for (const auto& record : all.value["records"]) {
    if (!record.is_object()) return refused(shape("records", "[{...}]"));
    table.begin_row();
    if (const auto id = text(record, "id"); !id.empty() && options.kind->key.empty()) table.set("id", id);
    for (const char* section : {"key", "fields"}) {
      const auto at = record.find(section);
      if (at == record.end()) continue;
      if (!at->is_object()) return refused(shape(section, "{...}"));
      for (const auto& [name, value] : at->items()) {
        if (value.is_object()) return refused(shape(name, "Text"));
        if (!name.starts_with('#')) table.set(name, cell_text(value));
      }
    }
    if (table.columns() > csv::columns_max) {
      return refused({.code = Code::too_many_columns, .allowed = std::to_string(csv::columns_max)});
    }
  }
  return table.read(options);
}

}  // namespace kiz::record_json

// Records as JSON of our own, and back: {"schema":"kiz.records/1","kind":"offer","records":[{"id":"...", "key":{...},
// "fields":{"title":"...","languages":["ara","ukr"],"cost":12.5,"public":true}}]}. English names and ISO codes;
// numbers are JSON numbers, never localised; sets and multi_value fields are arrays. Fields that this version has no
// name for stand as "#77" and are exported, not imported.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "libclient/generic_record.h"
#include "libclient/table_import.h"
#include "protocol/registry.h"

namespace kiz::record_json {

inline constexpr std::size_t bytes_max = std::size_t{64} << 20;
inline constexpr std::size_t depth_max = 32;

/// One value: text, number or true/false.
nlohmann::json value(const registry::Field& field, const Value& value);
/// "fields" of one record.
nlohmann::json fields(const registry::Kind& kind, const GenericRecord& record, bool personal = true);
/// The whole document, without line breaks; nlohmann's dump() indents it.
nlohmann::json document(const registry::Kind& kind, std::span<const GenericRecord> records, bool personal = true);

/// Parses text from outside: size and depth are checked before anything is built.
/// complaints  file_too_large, json_too_deep, json_syntax (line and column), broken encodings
Read<nlohmann::json> parse(std::string_view bytes);

/// Reads a document; `options.kind` must be the document's. Complaints name the record, from 1.
table_import::Import read(std::string_view bytes, const table_import::Options& options);

/// One JSON value as the text that field_text reads; empty for null. Arrays become one cell of a set.
std::string cell_text(const nlohmann::json& value);

}  // namespace kiz::record_json

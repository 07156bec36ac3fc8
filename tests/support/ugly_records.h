// Records that hold everything that is legal and hurts: control characters, turned text, formulas, separators, the
// longest values, fields of every type, conflicts, values of newer programs.
#pragma once

#include <algorithm>
#include <vector>

#include "libclient/generic_record.h"
#include "protocol/registry.h"

namespace kiz::test {

inline Value sample(const registry::Field& field, std::size_t turn) {
  static const std::string texts[] = {
      "'=1+1",
      "＝cmd|' /C calc'!A0",
      "a;b,c\td\"e\"|f\\g",
      "\x1b[2J\xE2\x80\xAE txet",
      "05554004",
      "-12",
      "مقهى اللغة",
      "Straße 1, 46325 Borken",
      "@SUM(A1)",
      "|",
      "\\",
  };
  if (field.type == registry::Type::text && field.max < 50) return std::string("'0555");
  const std::string& text = texts[(field.number + turn) % std::size(texts)];
  switch (field.type) {
    case registry::Type::long_text:
      return text + "\r\n\n  " + std::string(6568, 'x') + "\n";
    case registry::Type::integer:
      return std::min(field.max, field.min + static_cast<std::int64_t>(turn) + 1);
    case registry::Type::enumeration:
      return turn == 2 ? std::int64_t{4711} : std::int64_t{field.values[turn % field.values.size()].number};
    case registry::Type::date:
      return std::string("2026-02-0") + static_cast<char>('1' + turn);
    case registry::Type::month:
      return std::string("2026-0") + static_cast<char>('1' + turn);
    case registry::Type::period:
      return std::string(turn % 2 ? "2021/22" : "2026-H1");
    case registry::Type::boolean:
      return std::int64_t{turn % 2 ? 1 : 0};
    case registry::Type::micro_degree:
      return turn == 2 ? std::int64_t{7} : std::int64_t{-6'765'470} + static_cast<std::int64_t>(turn);
    case registry::Type::cents:
      return std::int64_t{105} + static_cast<std::int64_t>(turn);
    case registry::Type::instant:
      return std::int64_t{1'793'404'800'123} + static_cast<std::int64_t>(turn);
    case registry::Type::ags:
      return std::string(turn % 2 ? "05554004" : "05554");
    case registry::Type::language:
      return std::string(turn % 2 ? "kmr" : "ara");
    case registry::Type::country:
      return std::string(turn % 2 ? "XXA" : "SYR");
    case registry::Type::reference:
      return Bytes(16, static_cast<std::uint8_t>(turn + 1));
    case registry::Type::party:
      return turn % 2 ? Value{Bytes(16, 7)} : Value{text};
    case registry::Type::digest:
      return Bytes(32, static_cast<std::uint8_t>(turn));
    case registry::Type::slot:
      return std::string(turn % 2 ? "MO,WE 09:00-11:30 from 2026-01-12 every 2 (Raum 3|4; links)"
                                  : "(nach Vereinbarung)");
    case registry::Type::external_id:
      return "integreat:" + std::to_string(turn) + ":x|y";
    case registry::Type::attachment:
      return std::string(64, 'a') + ":12:Beschluss|1.pdf";
    default:
      break;
  }
  return field.name == "contact.name" ? std::string("Erika |=Müller") : text;
}

inline std::vector<GenericRecord> ugly_records(const registry::Kind& kind) {
  std::vector<GenericRecord> out;
  for (std::size_t turn = 0; turn < 3; ++turn) {
    GenericRecord record{{kind.number, RecordKey{{static_cast<std::uint8_t>(turn + 1)}}}, {}};
    for (const auto& field : kind.fields) {
      const bool many = field.merge == registry::Merge::set || field.merge == registry::Merge::multi_value;
      auto& values = record.fields[field.number];
      values.push_back(sample(field, turn));
      if (many && turn > 0) values.push_back(sample(field, 0));
      std::sort(values.begin(), values.end());
      values.erase(std::unique(values.begin(), values.end()), values.end());
    }
    if (!kind.key.empty()) {
      const std::vector<std::string> parts = {"05554004",
                                              "2026-0" + std::to_string(turn + 1),
                                              turn ? "=b;c" : "*",
                                              "arrived",
                                              turn == 2 ? "65+" : "6-9",
                                              "grundschule",
                                              "SDN",
                                              "destatis:276",
                                              "ara",
                                              "-"};
      const auto key = registry::natural_key(kind, parts);
      record.fields[registry::fields::key] = {Value{*key}};
      record.id.key = registry::natural_record_key(kind.number, *key);
    } else if (kind.number == registry::kinds::offer) {
      record.fields[*registry::translation_field(registry::fields::translated_title, "tur")] = {
          Value{std::string("=Dil kafe")}};
      auto age = registry::find_field(kind, "age_max")->number;
      record.fields[age] = {Value{std::int64_t{120}}};
      record.fields[registry::find_field(kind, "valid_until")->number] = {Value{std::string("2026-12-31")}};
    }
    out.push_back(std::move(record));
  }
  return out;
}

}  // namespace kiz::test

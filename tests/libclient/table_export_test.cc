#include "libclient/table_export.h"

#include <doctest/doctest.h>

#include "libclient/record_json.h"
#include "libclient/table_import.h"
#include "tests/support/ugly_records.h"

using namespace kiz;

TEST_CASE("table_export: every label that stands as a header is understood as its field") {
  for (const auto& kind : registry::all_kinds()) {
    for (const auto& field : kind.fields) {
      CAPTURE(field.name);
      CHECK(registry::find_field(kind, field.label_de)->number == field.number);
    }
  }
}

TEST_CASE("table_export: ugly but legal records come back as they were, in both dialects and as JSON") {
  for (const auto* name : {"offer", "count", "need"}) {
    CAPTURE(name);
    const auto& kind = *registry::find_kind(name);
    const auto records = test::ugly_records(kind);
    table_import::Options options;
    options.kind = &kind;
    options.owner = "05554004";
    const auto same = [&](const table_import::Import& import) {
      for (const auto& complaint : import.complaints) MESSAGE(sentence(complaint));
      REQUIRE(import.ok());
      REQUIRE(import.drafts.size() == records.size());
      for (std::size_t i = 0; i < records.size(); ++i) {
        CHECK(import.drafts[i].id == records[i].id);
        std::map<std::uint32_t, std::vector<Value>> fields;
        for (const auto& field : import.drafts[i].fields) fields[field.number] = field.values;
        CHECK(fields == records[i].fields);
      }
    };
    for (const auto& dialect : {csv::german, csv::international}) {
      const std::string written = table_export::write(kind, records, {.dialect = dialect});
      CAPTURE(written);
      same(table_import::read(written, options));
    }
    same(record_json::read(record_json::document(kind, records).dump(2), options));
  }
}

TEST_CASE("table_export: the German dialect is what German Excel opens") {
  const auto& kind = *registry::find_kind("offer");
  GenericRecord record{{kind.number, {}}, {}};
  record.fields[registry::fields::offer::title] = {std::string("=HYPERLINK(\"http://x\")")};
  record.fields[registry::find_field(kind, "cost")->number] = {std::int64_t{1250}};
  record.fields[registry::find_field(kind, "valid_from")->number] = {std::string("2026-02-01")};
  record.fields[registry::find_field(kind, "service_area")->number] = {std::string("05554004")};
  record.fields[registry::find_field(kind, "place.lon")->number] = {std::int64_t{-6'765'000}};
  CHECK(
      table_export::write(kind, std::span(&record, 1)) ==
      "\xEF\xBB\xBFid;Titel;Träger;Angebotsart;Länge;Einzugsgebiet;Laufzeit von;Kosten (EUR)\r\n"
      "00000000000000000000000000000000;\"'=HYPERLINK(\"\"http://x\"\")\";;;-6,765;\"'05554004\";01.02.2026;12,50\r\n");
}

TEST_CASE("table_export: names of persons stay behind when they are not asked for") {
  const auto& kind = *registry::find_kind("offer");
  const auto records = test::ugly_records(kind);
  CHECK(table_export::write(kind, records, {.personal = true}).find("Erika") != std::string::npos);
  CHECK(table_export::write(kind, records, {.personal = false}).find("Erika") == std::string::npos);
  CHECK(record_json::document(kind, records, false).dump().find("Erika") == std::string::npos);
}

TEST_CASE("record_json: wrong documents are refused with a sentence") {
  const auto refusal = [](const std::string& text) {
    table_import::Options options;
    options.kind = registry::find_kind("offer");
    const auto import = record_json::read(text, options);
    REQUIRE_FALSE(import.ok());
    return sentence(import.complaints.front());
  };
  CHECK(refusal("") == "Die Datei ist leer");
  CHECK(refusal("{\n  \"schema\": }") == "Zeile 2, Spalte 13: Das ist kein gültiges JSON");
  CHECK(refusal(std::string(100'000, '[')) == "Das JSON ist tiefer verschachtelt als 32 Ebenen");
  CHECK(refusal("[]") == "„schema“ muss \"kiz.records/1\" sein");
  CHECK(refusal(R"({"schema":"kiz.records/1","kind":"need"})") == "„kind“ muss \"offer\" sein");
  CHECK(refusal(R"({"schema":"kiz.records/1","kind":"offer","records":[3]})") == "„records“ muss [{...}] sein");
  CHECK(
      refusal(
          R"({"schema":"kiz.records/1","kind":"offer","records":[{"fields":{"title":"a","provider":"b","kind":["sports"]}},
      {"fields":{"title":"a","provider":"b","kind":["sprots"]}}]})")
          .starts_with("Eintrag 2: Angebotsart: „sprots“"));
  CHECK(refusal(R"({"schema":"kiz.records/1","kind":"offer","records":[{"fields":{"titl":"a"}}]})").find("titel") !=
        std::string::npos);
}

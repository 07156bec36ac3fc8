#include "libclient/table_import.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "libclient/csv.h"
#include "tests/support/real_data.h"

using namespace kiz;
using Code = Complaint::Code;

namespace {

const registry::Kind& kind(std::string_view name) { return *registry::find_kind(name); }

table_import::Import read(std::string_view kind_name, std::string_view bytes, std::string owner = "05554004") {
  table_import::Options options;
  options.kind = &kind(kind_name);
  options.owner = std::move(owner);
  options.today = "2026-11-22";
  return table_import::read(bytes, options);
}

Complaint refusal(std::string_view kind_name, std::string_view bytes) {
  const auto import = read(kind_name, bytes);
  REQUIRE_FALSE(import.ok());
  return import.complaints.front();
}

std::vector<Value> values(const table_import::Draft& draft, std::string_view kind_name, std::string_view field) {
  const auto* found = draft.find(registry::find_field(kind(kind_name), field)->number);
  return found ? found->values : std::vector<Value>{};
}

std::string text(const table_import::Draft& draft, std::string_view kind_name, std::string_view field) {
  const auto all = values(draft, kind_name, field);
  return all.empty() || !as_text(all.front()) ? std::string{} : *as_text(all.front());
}

std::string file(const std::string& path) {
  std::ifstream in(test::real_data() / "data" / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

table_import::Import read_mapped(const std::string& mapping_name, const std::string& bytes, std::string owner,
                                 std::size_t modulo = 0, std::size_t remainder = 0, std::size_t offset = 0) {
  const auto mapping = mapping::shipped(mapping_name);
  REQUIRE(mapping);
  table_import::Options options;
  options.mapping = &mapping.value;
  options.owner = std::move(owner);
  options.today = "2026-11-22";
  options.modulo = modulo;
  options.remainder = remainder;
  options.offset = offset;
  auto out = table_import::read(bytes, options);
  for (const auto& complaint : out.complaints) MESSAGE(sentence(complaint));
  REQUIRE(out.ok());
  return out;
}

std::int64_t sum(const table_import::Import& import, bool parts_too = false) {
  std::int64_t out = 0;
  for (const auto& draft : import.drafts) {
    if (!parts_too && !values(draft, "count", "parent").empty()) continue;
    out += *as_int(values(draft, "count", "value").front());
  }
  return out;
}

constexpr std::string_view small =
    "Titel;Träger;Angebotsart;Sprachen;Kosten (EUR)\r\n"
    "Sprachcafé;Caritas;Treffpunkt|Beratung;Arabisch|uk;12,50\r\n"
    "\"Mutter-Kind-\"\"Café\"\"\";AWO;treffpunkt;;\r\n";

}  // namespace

TEST_CASE("table_import: our own columns, German or English, become drafts") {
  const auto import = read("offer", small);
  REQUIRE(import.ok());
  REQUIRE(import.drafts.size() == 2);
  const auto& first = import.drafts[0];
  CHECK(first.line == 2);
  CHECK(text(first, "offer", "title") == "Sprachcafé");
  CHECK(values(first, "offer", "kind") == std::vector<Value>{std::int64_t{2}, std::int64_t{4}});
  CHECK(values(first, "offer", "languages") == std::vector<Value>{std::string("ara"), std::string("ukr")});
  CHECK(values(first, "offer", "cost") == std::vector<Value>{std::int64_t{1250}});
  CHECK(text(import.drafts[1], "offer", "title") == "Mutter-Kind-\"Café\"");
  CHECK(values(import.drafts[1], "offer", "cost").empty());

  const auto english =
      read("offer", "title,provider,kind,languages,cost\nSprachcafé,Caritas,counselling|meeting_place,ara|ukr,12.50\n");
  REQUIRE(english.ok());
  CHECK(english.drafts[0].id == first.id);
  CHECK(values(english.drafts[0], "offer", "cost") == values(first, "offer", "cost"));
}

TEST_CASE("table_import: the same file gives the same records in every office of a town, others in another") {
  const auto once = read("offer", small), again = read("offer", small), elsewhere = read("offer", small, "05554008");
  CHECK(once.drafts[0].id == again.drafts[0].id);
  CHECK(once.drafts[0].id != once.drafts[1].id);
  CHECK(once.drafts[0].id != elsewhere.drafts[0].id);
}

TEST_CASE("table_import: identifiers from elsewhere name the record, whatever its title becomes") {
  const std::string head = "title;provider;kind;external_ids\n";
  const auto before = read("offer", head + "Alt;X;sport;integreat:1\n"),
             after = read("offer", head + "Neu;X;sport;integreat:1\n");
  CHECK(before.drafts[0].id == after.drafts[0].id);
  CHECK(to_hex(before.drafts[0].id.key) == "31ad8b020b7267996ca68c852cb539ef");  // SPEC.md "Imported records"
  const auto by_id = read("offer", "id;title\n000102030405060708090a0b0c0d0e0f;Neu\n");
  REQUIRE(by_id.ok());
  CHECK(to_hex(by_id.drafts[0].id.key) == "000102030405060708090a0b0c0d0e0f");
  CHECK(refusal("offer", "id;title\nxyz;Neu\n").code == Code::bad_reference);
}

TEST_CASE("table_import: each wrong thing has its line, its column and its own sentence") {
  const auto told = [](const Complaint& complaint) { return sentence(complaint); };
  const std::string head = "titel;traeger;art;alter_von;einzugsgebiet\n";
  CHECK(told(refusal("offer", head + "a;\"b;sport;;\n")) ==
        "Zeile 2, Spalte 3: Das Anführungszeichen, das hier beginnt, wird nicht geschlossen");
  CHECK(told(refusal("offer", "titel|traeger|art\na|b|sport\n")) ==
        "Zeile 1, Spalte 1: Keine bekannte Spalte gefunden, nur „titel|traeger|art“; ist das Trennzeichen "
        "Semikolon, Komma oder Tabulator?");
  CHECK(told(refusal("offer", "titel;art\na;sport\n")) ==
        "Zeile 1: Die Spalte „traeger“ fehlt; die Datei hat: titel, art");
  CHECK(told(refusal("offer", head + "ok;b;sport;;\na\x8D;b;sport;;\n")) ==
        "Zeile 3, Spalte 2: Das Byte 8D ist weder UTF-8 noch Windows-1252; bitte als „CSV UTF-8“ speichern");
  CHECK(told(refusal("offer", head + "a;b;sport;;Ahuas\n")) ==
        "Zeile 2, Spalte 12: Einzugsgebiet: „Ahuas“ ist keine Gemeinde und kein Kreis in Nordrhein-Westfalen; meinten Sie "
        "„Ahaus“?");
  CHECK(told(refusal("offer", head + "a;b;sport;;09162000\n")).find("09162000") != std::string::npos);
  CHECK(told(refusal("offer", "titel;traeger;art;altr_von\na;b;sport;3\n")) ==
        "Zeile 1, Spalte 19: Die Spalte „altr_von“ ist unbekannt; meinten Sie „alter_von“?");
  CHECK(told(refusal("offer", head + std::string(201, 'a') + ";b;sport;;\n")) ==
        "Zeile 2, Spalte 1: Titel hat 201 Zeichen, erlaubt sind 200");
  CHECK(told(refusal("offer", "titel;traeger;art;beschreibung\na;b;sport;" + std::string(32769, 'x') + "\n")) ==
        "Zeile 2, Spalte 11: Beschreibung ist 32769 Byte lang, erlaubt sind 32768");
  CHECK(refusal("offer", std::string_view("titel;traeger;art\na\0b;c;sport\n", 31)).code == Code::nul_byte);
  CHECK(refusal("offer", std::string(8'000'000, ';')).code == Code::too_many_columns);
  CHECK(told(refusal("offer", head + "a;b;sport;;\n;b;sport;;\n")) == "Zeile 3, Spalte 1: Titel fehlt");
  CHECK(told(refusal("offer", head + "a;b;sport\n")) == "Zeile 2: Die Zeile hat 3 Spalten statt 5");
  CHECK(refusal("offer", "").code == Code::empty_file);
  CHECK(refusal("offer", "titel;titel;traeger;art\n").code == Code::repeated_column);
  CHECK(refusal("offer", "titel;traeger;art;gueltig_von;gueltig_bis\na;b;sport;01.02.2026;31.01.2026\n").code ==
        Code::date_order);
  CHECK(refusal("offer", "titel;traeger;art;alter_von;alter_bis\na;b;sport;9;6\n").code == Code::age_order);
}

TEST_CASE("table_import: wrong months, negative and broken counts, foreign towns are refused") {
  const std::string head = "monat;messgroesse;anzahl;gemeinde\n";
  const auto told = [&](const std::string& row) {
    const std::string with_period = "zeitraum" + head.substr(5);
    return sentence(refusal("count", with_period + row + "\n"));
  };
  CHECK(told("2026-13;zugezogen;1;05554004") ==
        "Zeile 2, Spalte 1: Zeitraum: „2026-13“ ist kein Zeitraum wie 2026-10, 2026, 2026-H1, 2026/27");
  CHECK(told("2026-12;zugezogen;1;05554004") == "Zeile 2, Spalte 1: Zeitraum: 2026-12 liegt in der Zukunft");
  CHECK(told("2027/28;zugezogen;1;05554004") == "Zeile 2, Spalte 1: Zeitraum: 2027/28 liegt in der Zukunft");
  CHECK(told("2026-10;zugezogen;-1;05554004").starts_with("Zeile 2, Spalte 19: Anzahl: -1 liegt nicht zwischen 0 und"));
  CHECK(told("2026-10;zugezogen;1,5;05554004").starts_with("Zeile 2, Spalte 19: Anzahl: „1,5“ ist keine ganze Zahl"));
  CHECK(told("2026-10;zugezogn;1;05554004").find("meinten Sie „zugezogen“?") != std::string::npos);
  CHECK(told("2026-10;zugezogen;1;05554008") ==
        "Zeile 2, Spalte 21: Gemeinde: 05554008 gehört nicht hierher; diese Einfuhr ist für 05554004");
  CHECK(told("2026-10;zugezogen;1;05554004\n2026-10;arrived;2;Ahaus") ==
        "Zeile 3: Derselbe Eintrag steht schon in Zeile 2, mit anderem Inhalt (wert)");
}

TEST_CASE("table_import: a count's own town is meant where the file names none; a row said twice counts once") {
  const auto import = read("count", "period,measure,value\n2026-10,arrived,3\n2026-10,arrived,3\n2026-11,arrived,0\n");
  REQUIRE(import.ok());
  CHECK(import.drafts.size() == 2);
  CHECK(import.repeated == 1);
  CHECK(
      import.drafts[0].natural_key.starts_with("05554004\x1f"
                                               "2026-10\x1f*\x1f"
                                               "arrived\x1f"));
  CHECK(import.drafts[0].id.key == registry::natural_record_key(registry::kinds::count, import.drafts[0].natural_key));
}

TEST_CASE("table_import: complaints stop at a bound and name every row until there") {
  std::string bytes = "titel;traeger;art\n";
  for (int i = 0; i < 500; ++i) bytes += "a;b;unsinn\n";
  const auto import = read("offer", bytes);
  CHECK(import.complaints.size() == 100);
  CHECK(import.complaints[99].line == 101);
}

TEST_CASE("table_import: Windows-1252 and cells that would run as formulas are taken as they are") {
  const auto import = read("offer",
                           "Titel;Tr\xE4ger;art\nB\xFC"
                           "cherei;\"'=1+1\";sport\n");
  REQUIRE(import.ok());
  CHECK(import.encoding == text_encoding::Encoding::windows_1252);
  CHECK(text(import.drafts[0], "offer", "title") == "Bücherei");
  CHECK(text(import.drafts[0], "offer", "provider") == "=1+1");
}

TEST_CASE("table_import: a preview shows what would come in") {
  const auto import = read("offer", small);
  const auto table = table_import::preview(kind("offer"), import.drafts, 1, Tongue::german);
  CHECK(table == std::vector<std::vector<std::string>>{
                     {"Titel", "Träger", "Angebotsart", "Sprachen", "Kosten (EUR)"},
                     {"Sprachcafé", "Caritas", "Beratung, Treffpunkt", "Arabisch, Ukrainisch", "12,50"}});
}

TEST_CASE("table_import: a mapping that misses its column names what the file has") {
  const auto mapping = mapping::shipped("integreat-seiten");
  table_import::Options options;
  options.mapping = &mapping.value;
  const auto import = table_import::read("region,seiten_id,title,text\na,1,b,c\n", options);
  REQUIRE_FALSE(import.ok());
  CHECK(sentence(import.complaints[0]) ==
        "Zeile 1: Die Spalte „titel“ fehlt; die Datei hat: region, seiten_id, title, text; meinten Sie „title“?");
}

TEST_CASE("real data: 277 pages for newcomers come in whole") {
  const auto import =
      read_mapped("integreat-seiten", file("offers/integreat_seiten_augsburg_muenchen.csv"), "05554004");
  CHECK(import.drafts.size() == 277);
  std::set<RecordKey> keys;
  std::size_t longest = 0;
  for (const auto& draft : import.drafts) {
    keys.insert(draft.id.key);
    longest = std::max(longest, text(draft, "offer", "description").size());
    CHECK_FALSE(text(draft, "offer", "title").empty());
  }
  CHECK(keys.size() == 277);
  CHECK(longest == 6568);
}

TEST_CASE("real data: 50 volunteer circles, with their quirks") {
  const auto import = read_mapped("helferkreise", file("offers/helferkreise_muenchen.csv"), "05554004");
  REQUIRE(import.drafts.size() == 50);
  std::size_t placed = 0;
  bool broken_url = false;
  for (const auto& draft : import.drafts) {
    placed += !values(draft, "offer", "place.lat").empty();
    broken_url = broken_url || text(draft, "offer", "contact.url") == "http://www.asylkreis-wuermtal.de/";
  }
  CHECK(placed == 49);
  CHECK(broken_url);
}

TEST_CASE("real data: 609 programmes at their places, in two encodings") {
  const auto import = read_mapped("dcyf", file("offers/sf_dcyf_programme_2013.csv"), "05554004");
  CHECK(import.drafts.size() == 609);
  CHECK(import.encoding == text_encoding::Encoding::mixed);
  std::map<std::string, std::size_t> languages;
  bool utf8 = false, windows = false;
  for (const auto& draft : import.drafts) {
    for (const auto& language : values(draft, "offer", "languages")) ++languages[*as_text(language)];
    utf8 = utf8 || text(draft, "offer", "place.name").find("ABAD\xCC\x81") != std::string::npos;
    windows = windows || text(draft, "offer", "title").find("‰ÛÒ") != std::string::npos ||
              text(draft, "offer", "place.name").find("‰ÛÒ") != std::string::npos;
  }
  CHECK(utf8);
  CHECK(windows);
  CHECK(languages["eng"] > 400);
  CHECK(languages["smo"] > 20);
  const auto& first = import.drafts[0];
  CHECK(values(first, "offer", "age_min") == std::vector<Value>{std::int64_t{6}});
  CHECK(values(first, "offer", "age_max") == std::vector<Value>{std::int64_t{17}});
}

TEST_CASE("real data: every row of both years of asylum statistics reaches exactly one of 17 towns") {
  const std::string first = file("counts/bamf_asyl_2016_alle_monate.csv"),
                    second = file("counts/bamf_asyl_2017_alle_monate.csv");
  std::int64_t expected = 0;
  std::size_t rows = 0;
  for (const auto& bytes : {first, second}) {
    csv::Reader reader(bytes);
    csv::Row row;
    for (; reader.next(row); ++rows) expected += std::stoll(row.cells[3].text);
  }
  CHECK(rows == 3623);
  std::int64_t total = 0;
  std::size_t records = 0;
  std::set<std::string> keys;
  for (std::size_t town = 0; town < 17; ++town) {
    const std::string ags = "055540" + std::string(town < 2 ? "0" : "") + std::to_string(4 * (town + 1));
    for (const auto& [bytes, offset] : {std::pair(&first, std::size_t{0}), std::pair(&second, std::size_t{1835})}) {
      const auto import = read_mapped("bamf", *bytes, ags, 17, town, offset);
      total += sum(import);
      records += import.drafts.size();
      for (const auto& draft : import.drafts) {
        keys.insert(draft.natural_key);
        CHECK(text(draft, "count", "scope_note") == "BAMF");
      }
    }
  }
  CHECK(total == expected);
  CHECK(records == 3623);
  CHECK(keys.size() == 3623);
  CHECK(std::any_of(keys.begin(), keys.end(), [](const auto& key) {
    return key.find(
               "\x1fSDN\x1f"
               "destatis:276") != key.npos;
  }));
  CHECK(std::any_of(keys.begin(), keys.end(), [](const auto& key) {
    return key.find(
               "\x1fXXX\x1f"
               "destatis:-1") != key.npos;
  }));
}

TEST_CASE("real data: groups of the Kreis keep their parts out of the total") {
  const auto import =
      read_mapped("kreis-borken-herkunft", file("counts/kreis_borken_herkunftslaender_2013_2021.csv"), "05554");
  CHECK(import.drafts.size() == 49);
  std::int64_t in_2021 = 0;
  for (const auto& draft : import.drafts) {
    if (draft.natural_key.find("2021-12") == std::string::npos || !values(draft, "count", "parent").empty()) continue;
    in_2021 += *as_int(values(draft, "count", "value").front());
  }
  CHECK(in_2021 == 2873 + 2804 + 1224 + 6610);
  CHECK(read_mapped("kreis-borken-herkunft", file("counts/kreis_borken_herkunftslaender_2013_2021.csv"), "05566")
            .drafts.empty());
}

TEST_CASE("real data: Aachen and Düsseldorf each take their own rows, without the sums") {
  const std::string bytes = file("counts/nrw_seiteneinsteiger_veroeffentlicht.csv");
  const auto aachen = read_mapped("nrw-seiteneinsteiger", bytes, "05334002");
  CHECK(aachen.drafts.size() == 11);
  CHECK(sum(aachen) == 1032);
  const auto duesseldorf = read_mapped("nrw-seiteneinsteiger", bytes, "05111");
  CHECK(duesseldorf.drafts.size() == 8);
  CHECK(sum(duesseldorf) == 2967);
}

TEST_CASE("real data: services of the HSDS examples come in by their own identifiers") {
  const auto import = read_mapped("hsds-services", file("hsds/examples/csv/services.csv"), "05554004");
  REQUIRE_FALSE(import.drafts.empty());
  CHECK(text(import.drafts[0], "offer", "external_ids").starts_with("hsds:"));
}

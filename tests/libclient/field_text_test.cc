#include "libclient/field_text.h"

#include <doctest/doctest.h>

using namespace kiz;
using field_text::Form;

namespace {

const registry::Field& field(std::string_view kind, std::string_view name) {
  return *registry::find_field(*registry::find_kind(kind), name)->field;
}

Read<Value> parse(std::string_view name, std::string_view text) {
  return field_text::parse(field("offer", name), text);
}

std::string refusal(std::string_view name, std::string_view text) {
  const auto read = parse(name, text);
  REQUIRE_FALSE(read);
  return sentence(*read.wrong);
}

std::int64_t number(std::string_view name, std::string_view text) { return *as_int(parse(name, text).value); }
std::string words(std::string_view name, std::string_view text) { return *as_text(parse(name, text).value); }

}  // namespace

TEST_CASE("field_text: what people write becomes what the field holds") {
  CHECK(words("title", "  Sprachcafé ") == "Sprachcafé");
  CHECK(words("languages", "Türkisch") == "tur");
  CHECK(number("kind", "treffpunkt") == 4);
  CHECK(number("kind", "Begleitung/Patenschaft") == 3);
  CHECK(words("valid_from", "1.2.2026") == "2026-02-01");
  CHECK(words("valid_from", "2026-02-01") == "2026-02-01");
  CHECK(number("public", "Ja") == 1);
  CHECK(number("public", "0") == 0);
  CHECK(words("service_area", "Ahaus") == "05554004");
  CHECK(words("service_area", "05554") == "05554");
  CHECK(words("schedule", "montags 9-11") == "MO 09:00-11:00");
  CHECK(words("external_ids", "integreat:5338632") == "integreat:5338632");
  CHECK(is_null(parse("title", "").value));
}

TEST_CASE("field_text: amounts and coordinates with comma or point") {
  CHECK(number("cost", "12,50") == 1250);
  CHECK(number("cost", "12.5") == 1250);
  CHECK(number("cost", "1.250,00 €") == 125000);
  CHECK(number("cost", "1,250.00 EUR") == 125000);
  CHECK(number("cost", "1.250") == 125000);
  CHECK(number("cost", "kostenlos") == 0);
  CHECK_FALSE(parse("cost", "12,505"));
  CHECK_FALSE(parse("cost", "12 Euro oder so"));
  CHECK(number("place.lat", "51,837931") == 51'837'931);
  CHECK(number("place.lon", "-6.7654775") == -6'765'478);
  CHECK_FALSE(parse("place.lat", "91"));
  CHECK(number("capacity", "90 164") == 90'164);
  CHECK(number("capacity", "17.947") == 17'947);
}

TEST_CASE("field_text: a party is a name or a record") {
  CHECK(words("provider", "Caritas") == "Caritas");
  const auto reference = parse("provider", "ref:000102030405060708090a0b0c0d0e0f");
  CHECK(std::get<Bytes>(reference.value).size() == 16);
  CHECK(field_text::show(field("offer", "provider"), reference.value, Form::exchange) ==
        "ref:000102030405060708090a0b0c0d0e0f");
  CHECK_FALSE(parse("provider", "ref:0001"));
}

TEST_CASE("field_text: each refusal says what would be right") {
  CHECK(refusal("kind", "treffpnkt") ==
        "Angebotsart: „treffpnkt“ ist nicht möglich; erlaubt: sprachkurs, beratung, begleitung, treffpunkt, "
        "elternbildung, "
        "hausaufgabenhilfe, qualifizierung, ausbildung_arbeit, gesundheit, sport, kultur, senioren, sonstiges; meinten "
        "Sie "
        "„treffpunkt“?");
  CHECK(refusal("title", std::string(201, 'a')) == "Titel hat 201 Zeichen, erlaubt sind 200");
  CHECK(refusal("description", std::string(32769, 'a')) == "Beschreibung ist 32769 Byte lang, erlaubt sind 32768");
  CHECK(refusal("title", "a\nb") == "Titel darf nur eine Zeile haben");
  CHECK(refusal("title", std::string("a\0b", 3)) == "Ein Nullbyte steht im Text; das ist keine Textdatei");
  CHECK(refusal("valid_from", "31.02.2026") == "Laufzeit von: „31.02.2026“ ist kein Datum wie 31.10.2026");
  CHECK(refusal("age_min", "-1") == "Alter von: -1 liegt nicht zwischen 0 und 120");
  CHECK(refusal("age_min", "3,5") == "Alter von: „3,5“ ist keine ganze Zahl, sondern ein Bruch");
  CHECK(refusal("age_min", "drei") == "Alter von: „drei“ ist keine ganze Zahl");
  CHECK(refusal("service_area", "Ahuas") ==
        "Einzugsgebiet: „Ahuas“ ist keine Gemeinde und kein Kreis in Nordrhein-Westfalen; meinten Sie „Ahaus“?");
  CHECK(refusal("public", "vielleicht") == "veröffentlichen: „vielleicht“ ist weder ja noch nein");
  const auto english = field_text::parse(field("offer", "kind"), "cafeteria!", Tongue::english);
  CHECK(sentence(*english.wrong, Tongue::english)
            .starts_with("Kind: \"cafeteria!\" is not possible; allowed: language_course"));
}

TEST_CASE("field_text: what a refusal quotes cannot repaint the terminal") {
  CHECK(refusal("languages", "\x1b[2J").find("\\x1b[2J") != std::string::npos);
}

TEST_CASE("field_text: every form that can be written reads back to the same value") {
  const std::pair<std::string_view, Value> samples[] = {
      {"title", std::string("=1+1 \x1b \xE2\x80\xAE")},
      {"description", std::string("  eins\r\nzwei ")},
      {"kind", std::int64_t{3}},
      {"kind", std::int64_t{4711}},  // from a newer program
      {"languages", std::string("tur")},
      {"valid_from", std::string("2026-02-01")},
      {"cost", std::int64_t{1205}},
      {"place.lat", std::int64_t{-51'837'930}},
      {"place.lat", std::int64_t{7}},
      {"public", std::int64_t{0}},
      {"service_area", std::string("05554004")},
      {"schedule", std::string("MO,WE 09:00-11:30 from 2026-01-12 every 2 (Raum 3)")},
      {"provider", std::string("Caritas")},
      {"provider", Bytes(16, 7)},
  };
  for (const auto& [name, value] : samples) {
    CAPTURE(name);
    for (const Form form : {Form::screen_german, Form::screen_english, Form::table_german, Form::exchange}) {
      const std::string text = field_text::show(field("offer", name), value, form);
      CAPTURE(text);
      CHECK(parse(name, text).value == value);
    }
  }
  const Value instant = std::int64_t{1'793'404'800'123};
  const auto& reported_at = field("month_return", "reported_at");
  CHECK(field_text::show(reported_at, instant, Form::exchange) == "2026-10-31T00:00:00.123Z");
  CHECK(field_text::parse(reported_at, "2026-10-31T00:00:00.123Z").value == instant);
  CHECK_FALSE(field_text::parse(reported_at, "2026-10-31T24:00:00Z"));
}

TEST_CASE("field_text: dimensions of a key become canonical") {
  const auto& key = registry::find_kind("count")->key;
  const auto part = [&](std::string_view name) -> const registry::KeyPart& {
    return *std::find_if(key.begin(), key.end(), [&](const auto& p) { return p.name == name; });
  };
  const auto read = [&](std::string_view name, std::string_view text) {
    const auto out = field_text::parse_key_part(part(name), text);
    return out ? out.value : "refused";
  };
  CHECK(read("measure", "neu zugezogen") == "arrived");
  CHECK(read("measure", "registered") == "registered");
  CHECK(read("school_type", "Förderschule") == "foerderschule");
  CHECK(read("age_band", "6-9") == "6-9");
  CHECK(read("age_band", "65+") == "65+");
  CHECK(read("age_band", "9-6") == "refused");
  CHECK(read("age_band", "6 bis 9") == "refused");
  CHECK(read("origin", "Syrien") == "SYR");
  CHECK(read("origin", "") == "*");
  CHECK(read("period", "") == "refused");
  CHECK(read("period", "2021/2022") == "2021/22");
  CHECK(read("ags", "Ahaus") == "05554004");
  CHECK(field_text::show_key_part(part("origin"), "SYR", Form::screen_german) == "Syrien");
  CHECK(field_text::show_key_part(part("origin"), "*", Form::screen_german).empty());
}

TEST_CASE("field_text: fields are found by name, translations by any name of the language") {
  const auto& offer = *registry::find_kind("offer");
  CHECK(field_text::find_field(offer, "titel[Türkisch]").value.number ==
        field_text::find_field(offer, "title[tr]").value.number);
  const auto unknown = field_text::find_field(offer, "titl");
  CHECK(sentence(*unknown.wrong) == "Das Feld „titl“ gibt es nicht; meinten Sie „titel“?");
}

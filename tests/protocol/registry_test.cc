#include "protocol/registry.h"

#include <doctest/doctest.h>

#include <set>

using namespace kiz;
using namespace kiz::registry;

TEST_CASE("registry: kinds ascend by number, field and value numbers are unique and never 0") {
  for (std::size_t i = 0; i < all_kinds().size(); ++i) {
    const Kind& kind = all_kinds()[i];
    CAPTURE(kind.name);
    if (i > 0) CHECK(all_kinds()[i - 1].number < kind.number);
    CHECK(find_kind(kind.number) == &kind);
    CHECK(find_kind(kind.name) == &kind);
    CHECK(find_kind(kind.name_de) == &kind);
    CHECK(reserved_kind_name(kind.number).empty());
    std::set<std::uint32_t> numbers;
    std::set<std::string_view> names;
    for (const Field& field : kind.fields) {
      CAPTURE(field.name);
      CHECK(field.number >= 1);
      CHECK(field.number < fields::translated_title);
      CHECK(numbers.insert(field.number).second);
      CHECK(names.insert(field.name).second);
      CHECK(find_field(kind, field.name)->number == field.number);
      CHECK(find_field(kind, field.name_de)->number == field.number);
      CHECK(((field.type == Type::enumeration) == !field.values.empty()));
      std::set<std::uint32_t> values;
      for (const EnumValue& value : field.values) {
        CHECK(value.number >= 1);
        CHECK(values.insert(value.number).second);
        CHECK(find_value(field.values, value.name)->number == value.number);
        CHECK(find_value(field.values, value.name_de)->number == value.number);
        CHECK(find_value(field.values, value.label_de)->number == value.number);
      }
    }
    if (!kind.key.empty()) CHECK(find_field(kind, "key")->number == fields::key);
  }
}

TEST_CASE("registry: numbers that program code names belong to the fields they name") {
  const auto number = [](std::uint32_t kind, std::string_view name) { return find_field(*find_kind(kind), name)->number; };
  CHECK(number(kinds::offer, "title") == fields::offer::title);
  CHECK(number(kinds::offer, "languages") == fields::offer::languages);
  CHECK(number(kinds::offer, "schedule") == fields::offer::schedule);
  CHECK(number(kinds::offer, "external_ids") == fields::offer::external_ids);
  CHECK(number(kinds::offer, "public") == fields::offer::is_public);
  CHECK(number(kinds::need, "met_by") == fields::need::met_by);
  CHECK(number(kinds::count, "scope_note") == fields::count::scope_note);
  CHECK(number(kinds::month_return, "digest") == fields::month_return::digest);
  CHECK(number(kinds::return_review, "reopened_reason") == fields::return_review::reopened_reason);
  CHECK(number(kinds::return_review, "accepted_values") == fields::return_review::accepted_values);
  CHECK(number(kinds::consent, "evidence") == fields::consent::evidence);
  CHECK(number(kinds::consent_subject, "closed_on") == fields::consent_subject::closed_on);
  CHECK(number(kinds::actor, "external_ids") == fields::actor::external_ids);
}

TEST_CASE("registry: a field answers to English, German, umlaut and short names") {
  const Kind& offer = *find_kind("angebot");
  for (const auto* name : {"languages", "sprachen", "sprache", "Sprache", "LANGUAGE"}) {
    CAPTURE(name);
    CHECK(find_field(offer, name)->number == fields::offer::languages);
  }
  CHECK(find_field(offer, "träger")->number == fields::offer::provider);
  CHECK(find_field(offer, "TRAEGER")->number == fields::offer::provider);
  CHECK(find_field(offer, "bestätigt-am")->number == fields::offer::confirmed_on);
  CHECK(find_field(offer, "art")->number == fields::offer::kind);
  CHECK_FALSE(find_field(offer, "sprachn"));
  CHECK_FALSE(find_field(offer, ""));
}

TEST_CASE("registry: a translation is a field of its own per language") {
  const Kind& offer = *find_kind("offer");
  const auto turkish = find_field(offer, "titel[tur]");
  REQUIRE(turkish);
  CHECK(translation_language(turkish->number) == "tur");
  CHECK(field_name(offer, turkish->number) == "title[tur]");
  CHECK(find_field(offer, "title[ukr]")->number != turkish->number);
  CHECK(find_field(offer, "text[zzz]")->number == fields::translated_text + fields::translations - 1);
  CHECK(find_field(offer, fields::translated_title + fields::translations) == nullptr);
  CHECK_FALSE(find_field(offer, "titel[t1r]"));
  CHECK_FALSE(find_field(offer, "kosten[tur]"));
  CHECK(field_name(offer, 9999) == "#9999");
}

TEST_CASE("registry: a natural key joins its parts in order and comes apart again") {
  const Kind& count = *find_kind("count");
  const std::vector<std::string> parts = {"05554008", "2016-08", "", "registered", "", "", "SDN", "destatis:276", "", ""};
  const auto key = natural_key(count, parts);
  REQUIRE(key);
  CHECK(*key == "05554008\x1f" "2016-08\x1f*\x1fregistered\x1f*\x1f*\x1fSDN\x1f" "destatis:276\x1f*\x1f*");
  CHECK(split_natural_key(count, *key)[7] == "destatis:276");
  CHECK(split_natural_key(count, "05554008").empty());

  auto missing = parts;
  missing[3] = "";
  CHECK(natural_key(count, missing).error().context == "measure");
  auto control = parts;
  control[2] = "a\x1f" "b";
  CHECK(natural_key(count, control).error().context == "scope");
  CHECK_FALSE(natural_key(*find_kind("offer"), parts));
}

TEST_CASE("registry: measures say whether they may be added over months") {
  CHECK_FALSE(is_stock("arrived"));
  CHECK_FALSE(is_stock("adults_counselled"));
  CHECK(is_stock("waiting"));
  CHECK(is_stock("residents_foreign"));
  CHECK(is_stock("something_newer"));
}

TEST_CASE("registry: values are held to type and limits") {
  const Kind& offer = *find_kind("offer");
  const auto fits = [](const Kind& kind, std::string_view name, Value value) {
    return static_cast<bool>(check(*find_field(kind, name)->field, value));
  };
  CHECK(fits(offer, "title", std::string(200, 'a')));
  CHECK_FALSE(fits(offer, "title", std::string(201, 'a')));
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "ü";
  CHECK(fits(offer, "title", umlauts));
  CHECK_FALSE(fits(offer, "title", std::string("a\0b", 3)));
  CHECK_FALSE(fits(offer, "title", std::string("a\nb")));
  CHECK_FALSE(fits(offer, "title", std::string("\xFF")));
  CHECK_FALSE(fits(offer, "title", std::int64_t{1}));
  CHECK(fits(offer, "description", std::string(32768, 'a')));
  CHECK_FALSE(fits(offer, "description", std::string(32769, 'a')));
  CHECK(fits(offer, "description", Null{}));
  CHECK(fits(offer, "age_min", std::int64_t{120}));
  CHECK_FALSE(fits(offer, "age_min", std::int64_t{121}));
  CHECK_FALSE(fits(offer, "cost", std::int64_t{-1}));
  CHECK(fits(offer, "valid_from", std::string("2024-02-29")));
  CHECK_FALSE(fits(offer, "valid_from", std::string("2023-02-29")));
  CHECK(fits(offer, "languages", std::string("ara")));
  CHECK_FALSE(fits(offer, "languages", std::string("ar")));
  CHECK(fits(offer, "provider", std::string("Caritas")));
  CHECK(fits(offer, "provider", Bytes(16)));
  CHECK_FALSE(fits(offer, "provider", Bytes(15)));
  CHECK(fits(offer, "external_ids", std::string("integreat:5338632")));
  CHECK_FALSE(fits(offer, "external_ids", std::string("5338632")));
  const Kind& need = *find_kind("need");
  CHECK(fits(need, "period", std::string("2026-H1")));
  CHECK(fits(need, "period", std::string("2021/22")));
  CHECK_FALSE(fits(need, "period", std::string("2021/23")));
  CHECK_FALSE(fits(need, "period", std::string("2026-13")));
  const Kind& count = *find_kind("count");
  CHECK_FALSE(fits(count, "value", std::int64_t{-1}));
  CHECK(fits(count, "tally", std::int64_t{-1}));
}

TEST_CASE("registry: two offices that count the same meet in one record") {
  const auto key = natural_record_key(kinds::month_return, "05554004\x1f" "2026-10");
  CHECK(key == natural_record_key(kinds::month_return, "05554004\x1f" "2026-10"));
  CHECK(key != natural_record_key(kinds::return_review, "05554004\x1f" "2026-10"));
  CHECK(key != natural_record_key(kinds::month_return, "05554004\x1f" "2026-11"));
  CHECK(to_hex(key) == "3891a427679c7f839180d35ed31e4198");
}

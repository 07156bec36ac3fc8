#include "libclient/mapping.h"

#include <doctest/doctest.h>

using namespace kiz;
using Code = Complaint::Code;

namespace {
Complaint refusal(std::string_view toml) {
  const auto read = mapping::parse(toml, "test");
  REQUIRE_FALSE(read);
  return *read.wrong;
}
}  // namespace

TEST_CASE("mapping: every shipped mapping is read, and says what it is for") {
  const auto names = mapping::shipped_names();
  CHECK(names.size() >= 7);
  for (const auto& name : names) {
    CAPTURE(name);
    const auto read = mapping::shipped(name);
    if (!read) FAIL(sentence(*read.wrong));
    CHECK_FALSE(read.value.description.empty());
    CHECK_FALSE(read.value.fields.empty());
  }
  CHECK(mapping::shipped("integreat-seite").wrong->suggestion == "integreat-seiten");
}

TEST_CASE("mapping: columns are named by header or by place, fields in German or English") {
  const auto read = mapping::parse(R"(
    kind = "angebot"
    [fields]
    titel = "Name"
    "kontakt.telefon" = 4
    sprachen = [{ column = "Sprache", split = ",;" }, { constant = "deu" }]
    [constants]
    art = ["treffpunkt", "beratung"]
  )",
                                   "test");
  REQUIRE(read);
  CHECK(std::get<std::string>(read.value.fields.at("title").front().columns.front()) == "Name");
  CHECK(std::get<std::size_t>(read.value.fields.at("contact.phone").front().columns.front()) == 4);
  CHECK(read.value.fields.at("languages").size() == 2);
  CHECK(read.value.fields.at("kind").size() == 2);
}

TEST_CASE("mapping: unknown words are refused with line and suggestion") {
  const auto key = refusal("kind = \"offer\"\n[fields]\ntitle = { colum = \"a\" }\n");
  CHECK(key.code == Code::mapping_unknown_key);
  CHECK(key.line == 3);
  CHECK(key.suggestion == "column");
  const auto section = refusal("kind = \"offer\"\n[feilds]\n");
  CHECK(section.line == 2);
  CHECK(section.suggestion == "fields");
  const auto field = refusal("kind = \"offer\"\n[fields]\ntitl = \"a\"\n");
  CHECK(field.code == Code::mapping_unknown_name);
  CHECK(field.line == 3);
  CHECK(field.suggestion == "title");
  CHECK(refusal("kind = \"offr\"\n").code == Code::mapping_unknown_name);
  CHECK(refusal("kind = \"offer\"\n[fields]\ntitle = { column = \"a\", format = \"x\" }\n").given == "x");
}

TEST_CASE("mapping: what is no mapping is refused with its place") {
  const auto syntax = refusal("kind = \"offer\"\n[fields\n");
  CHECK(syntax.code == Code::mapping_syntax);
  CHECK(syntax.line == 2);
  CHECK(refusal("[fields]\ntitle = \"a\"\n").code == Code::mapping_missing);
  CHECK(refusal("kind = \"offer\"\nfields = 3\n").code == Code::mapping_wrong_type);
  CHECK(refusal("kind = \"offer\"\n[fields]\ntitle = 0\n").code == Code::mapping_wrong_type);
  CHECK(refusal("kind = \"offer\"\n[fields]\ntitle = {}\n").code == Code::mapping_missing);
  CHECK(refusal("kind = \"offer\"\n[rows]\nmodulo = -1\n").code == Code::mapping_wrong_type);
  CHECK(refusal("kind = \"offer\"\n[identity]\ncolumn = \"a\"\n").field == "identity.scheme");
  CHECK(refusal("kind = \"offer\"\n[[flags]]\ncolumn = \"a\"\n").field == "flags.field");
  CHECK(refusal(std::string((1u << 20) + 1, ' ')).code == Code::file_too_large);
}

#include "libclient/languages.h"

#include <doctest/doctest.h>

#include <fstream>

#include "libclient/iso_codes.h"

using namespace kiz;

TEST_CASE("languages: code and name, German and English, give one ISO 639-3 code") {
  for (const auto* text : {"ar", "ara", "ARA", "Arabisch", "arabic", "arabisch"}) {
    CAPTURE(text);
    CHECK(languages::resolve(text, "Sprachen").value == "ara");
  }
  CHECK(languages::resolve("Türkisch", "Sprachen").value == "tur");
  CHECK(languages::resolve("tuerkisch", "Sprachen").value == "tur");
  CHECK(languages::resolve("Farsi", "Sprachen").value == "fas");
  CHECK(languages::resolve("uk", "Sprachen").value == "ukr");
  CHECK(languages::two_letters("ukr") == "uk");
  CHECK(languages::two_letters("kmr").empty());
}

TEST_CASE("languages: names are shown in the reader's tongue") {
  CHECK(languages::name("ukr", Tongue::german) == "Ukrainisch");
  CHECK(languages::name("ukr", Tongue::english) == "Ukrainian");
  CHECK(languages::name("qqq", Tongue::german) == "qqq");
}

TEST_CASE("languages: a typing error gets a suggestion") {
  const auto read = languages::resolve("Ukrainsich", "Sprachen");
  REQUIRE_FALSE(read);
  CHECK(read.wrong->suggestion == "Ukrainisch");
  CHECK_FALSE(languages::resolve("", "Sprachen"));
  CHECK_FALSE(languages::resolve("Klingonich oder so", "Sprachen"));
}

TEST_CASE("languages: rare languages come from the distribution's list") {
  if (iso_codes::list("iso_639-3").empty()) {
    MESSAGE("package iso-codes is not installed: our own table alone was tested");
    return;
  }
  CHECK(languages::resolve("Samoan", "Sprachen").value == "smo");
  CHECK(languages::resolve("Samoanisch", "Sprachen").value == "smo");
  CHECK(languages::name("smo", Tongue::german) == "Samoanisch");
  CHECK(languages::known("ton"));
}

TEST_CASE("iso_codes: a damaged catalogue is empty, not a crash") {
  const std::string path = "damaged_catalogue.mo";
  const std::string whole(
      "\xDE\x12\x04\x95\0\0\0\0\xFF\xFF\0\0\x1C\0\0\0\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\0\x05\0\0\0\xF0\xFF\xFF\xFF", 36);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    std::ofstream(path, std::ios::binary) << whole.substr(0, size);
    for (const auto& [id, text] : iso_codes::read_catalogue(path)) CHECK(id.size() + text.size() <= 2 * whole.size());
  }
  std::remove(path.c_str());
  CHECK(iso_codes::read_catalogue("/nowhere").empty());
}

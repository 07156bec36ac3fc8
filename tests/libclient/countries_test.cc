#include "libclient/countries.h"

#include <doctest/doctest.h>

using namespace kiz;

TEST_CASE("countries: Destatis keys become ISO codes, former and unknown states included") {
  CHECK(countries::from_destatis("121") == "ALB");
  CHECK(countries::from_destatis("276") == "SDN");
  CHECK(countries::from_destatis("277") == "SDN");
  CHECK(countries::from_destatis("132") == "SCG");
  CHECK(countries::from_destatis("138") == "YUG");
  CHECK(countries::from_destatis("150") == "XKX");
  CHECK(countries::from_destatis("997") == "XXA");
  CHECK(countries::from_destatis("998") == "XXX");
  CHECK(countries::from_destatis("-1") == "XXX");
  CHECK_FALSE(countries::from_destatis("777"));
  CHECK_FALSE(countries::from_destatis("12x"));
}

TEST_CASE("countries: names in both tongues, codes and keys are understood") {
  for (const auto* text : {"Syrien", "syria", "SYR", "syr", "destatis:475"}) {
    CAPTURE(text);
    CHECK(countries::resolve(text, "Herkunft").value == "SYR");
  }
  CHECK(countries::resolve("Türkei", "Herkunft").value == "TUR");
  CHECK(countries::resolve("Tuerkei", "Herkunft").value == "TUR");
  CHECK(countries::resolve("staatenlos", "Herkunft").value == "XXA");
  CHECK(countries::resolve("Afghanisten", "Herkunft").wrong->suggestion == "Afghanistan");
  CHECK_FALSE(countries::resolve("destatis:777", "Herkunft"));
}

TEST_CASE("countries: the name shown is the present one") {
  CHECK(countries::name("SDN", Tongue::german) == "Sudan");
  CHECK(countries::name("SRB", Tongue::english) == "Serbia");
  CHECK(countries::name("XXA", Tongue::german) == "staatenlos");
  CHECK(countries::name("QQQ", Tongue::german) == "QQQ");
}

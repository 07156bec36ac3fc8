#include "libclient/places.h"

#include <doctest/doctest.h>

#include <numeric>
#include <set>

using namespace kiz;

TEST_CASE("places: 396 municipalities, 53 Kreise and cities, 54 areas of integration centres") {
  CHECK(places::municipalities().size() == 396);
  CHECK(places::districts().size() == 53);
  CHECK(places::areas().size() == 54);
  const auto people =
      std::accumulate(places::municipalities().begin(), places::municipalities().end(), std::uint64_t{0},
                      [](auto sum, const auto& town) { return sum + town.population; });
  CHECK(people == 17'947'221);
}

TEST_CASE("places: every municipality is in exactly one area") {
  std::set<std::string> seen;
  for (const auto& area : places::areas()) {
    for (const auto& ags : area.members) {
      CHECK(seen.insert(ags).second);
      CHECK(places::area_of(ags) == &area);
    }
  }
  CHECK(seen.size() == 396);
}

TEST_CASE("places: areas have the members that the register says") {
  CHECK(places::find_area("05554")->members.size() == 17);
  CHECK(places::find_area("05566")->members.size() == 24);
  CHECK(places::find_area("05162")->members.size() == 8);
  CHECK(places::find_area("05554")->members.front() == "05554004");
}

TEST_CASE("places: Aachen has a centre of its own inside the Staedteregion") {
  const auto* city = places::find_area("05334002");
  REQUIRE(city);
  CHECK(city->single_city);
  CHECK(city->members == std::vector<std::string>{"05334002"});
  CHECK(places::find_area("05334")->name == "Städteregion Aachen");
  CHECK(places::find_area("05334")->members.size() == 9);
  CHECK(places::area_of("05334002") == city);
}

TEST_CASE("places: a city of its own is found by Kreis key and by AGS") {
  CHECK(places::find_area("05111") == places::find_area("05111000"));
  CHECK(places::find_area("05111")->members == std::vector<std::string>{"05111000"});
  CHECK(places::find_area("05554000") == nullptr);
}

TEST_CASE("places: names answer without umlauts, case, brackets and titles") {
  const auto key = [](std::string_view name) { return places::resolve(name, "Gemeinde").value; };
  CHECK(key("Ahaus") == "05554004");
  CHECK(key("ahaus, stadt") == "05554004");
  CHECK(key("Stadt Ahaus") == "05554004");
  CHECK(key("Muenster") == "05515000");
  CHECK(key("MÜNSTER") == "05515000");
  CHECK(key("Gronau") == "05554020");
  CHECK(key("Borken") == "05554012");
  CHECK(key("Kreis Borken") == "05554");
  CHECK(key("Rhein-Kreis Neuss") == "05162");
  CHECK(key("Hochsauerlandkreis") == "05958");
  CHECK(key("05554012") == "05554012");
  CHECK(key("05") == "05");
}

TEST_CASE("places: an unknown place gets a suggestion") {
  CHECK(places::resolve("Ahuas", "Gemeinde").wrong->suggestion == "Ahaus");
  CHECK(places::resolve("5554004", "Gemeinde").wrong->suggestion == "05554004");
  const auto munich = places::resolve("09162000", "Gemeinde");
  REQUIRE_FALSE(munich);
  CHECK(munich.wrong->code == Complaint::Code::unknown_ags);
  CHECK_FALSE(places::resolve("", "Gemeinde"));
}

TEST_CASE("places: keys are shown as names") {
  CHECK(places::display_name("05554004") == "Ahaus");
  CHECK(places::display_name("05554") == "Kreis Borken");
  CHECK(places::display_name("05334") == "Städteregion Aachen");
  CHECK(places::display_name("05") == "Land Nordrhein-Westfalen");
  CHECK(places::display_name("09162000") == "09162000");
}

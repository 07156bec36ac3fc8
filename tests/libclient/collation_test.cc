#include "libclient/collation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <clocale>
#include <random>
#include <string>
#include <vector>

using kiz::collation::key;

namespace {

std::vector<std::string> ordered(std::vector<std::string> texts) {
  std::shuffle(texts.begin(), texts.end(), std::mt19937{7});
  std::sort(texts.begin(), texts.end(), [](const std::string& a, const std::string& b) { return key(a) < key(b); });
  return texts;
}

}  // namespace

TEST_CASE("collation: as a German dictionary, not as bytes") {
  const std::vector<std::string> names{"agnes", "Ähre", "Ahaus", "Ball", "Oeding", "Öding", "Südlohn", "Suez", "Zoo"};
  const std::vector<std::string> dictionary{"agnes", "Ahaus", "Ähre", "Ball", "Öding", "Oeding", "Südlohn", "Suez", "Zoo"};
  CHECK(ordered(names) == dictionary);
  CHECK(ordered({"Straße", "Strasse", "Strand", "Strauß"}) == std::vector<std::string>{"Strand", "Strasse", "Straße", "Strauß"});
}

TEST_CASE("collation: numbers count as numbers") {
  CHECK(ordered({"Modul 10", "Modul 9", "Modul 1"}) == std::vector<std::string>{"Modul 1", "Modul 9", "Modul 10"});
}

TEST_CASE("collation: the same under any locale") {
  const std::string before = key("Öding");
  for (const char* locale : {"C", "C.UTF-8", "POSIX"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    CHECK(key("Öding") == before);
  }
  std::setlocale(LC_ALL, "C");
}

TEST_CASE("collation: any bytes have a key") {
  CHECK(key("") < key("a"));
  CHECK(key("\xff\xc3") == key("\xef\xbf\xbd\xef\xbf\xbd"));
  CHECK(key(std::string(100'000, 'x')) < key(std::string(100'001, 'x')));
  CHECK(key("🚲") != key("🚗"));
}

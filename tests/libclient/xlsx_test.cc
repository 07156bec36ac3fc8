#include "libclient/xlsx.h"

#include <doctest/doctest.h>

using namespace kiz;

// What is inside is read by another program's reader in tests/cli/xlsx_test.py.

TEST_CASE("xlsx: a sheet becomes a zip archive in memory, whatever its cells hold") {
  const auto book = xlsx::write({"A/B [c]: a name that is far longer than any program takes", {"text", "number"},
                                 {{{"=1+1", false}, {"6", true}},
                                  {{std::string(40'000, 'x'), false}, {"05554008", false}},
                                  {{"\x1b[31m\xE2\x80\xAE", false}, {"", true}}},
                                 {"a note"},
                                 "notes"});
  REQUIRE(book);
  CHECK(book->starts_with("PK"));
  CHECK(book->find("xl/worksheets/sheet2.xml") != std::string::npos);
}

TEST_CASE("xlsx: a sheet without rows is a sheet") {
  const auto book = xlsx::write({"", {"a"}, {}});
  REQUIRE(book);
  CHECK(book->starts_with("PK"));
}

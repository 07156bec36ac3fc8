#include "libclient/shown.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "libclient/translate.h"

using namespace kiz;

namespace {
struct Language {
  explicit Language(const char* name) : before_(language()) { set_language(name); }
  ~Language() { set_language(before_); }

 private:
  std::string before_;
};

struct Zone {
  explicit Zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  ~Zone() {
    unsetenv("TZ");
    tzset();
  }
};
}  // namespace

TEST_CASE("shown: days and instants are written as the reader's language does, instants in local time") {
  const Zone east{"XXX-2"};
  const Language english{"en"};
  CHECK(shown_time("2026-11-22") == "2026-11-22");
  CHECK(shown_time("2026-11-22T23:15:00Z") == "2026-11-23 01:15");
  const Language german{"de"};
  CHECK(shown_time("2026-11-22") == "22.11.2026");
  CHECK(shown_time("2026-11-22T23:15:00Z") == "23.11.2026 01:15");
  CHECK(shown_instant(1'795'389'300'000) == "23.11.2026 01:15");
  CHECK(shown_day(1'795'389'300'000) == "22.11.2026");
  CHECK(shown_time("soon") == "soon");
  CHECK(shown_time("") == "");
}

TEST_CASE("shown: months by name, anything else as it is") {
  CHECK(shown_month("2026-10") == "October 2026");
  CHECK(shown_month("2026-13") == "2026-13");
  CHECK(shown_month("2026") == "2026");
}

TEST_CASE("shown: digits stand in groups of three, in counted sentences too") {
  CHECK(shown_number(999) == "999");
  CHECK(shown_number(-1234567) == "-1,234,567");
  CHECK(trn("{} thing", "{} things", 10'000) == "10,000 things");
  const Language german{"de"};
  CHECK(shown_number(12345) == "12.345");
  CHECK(trn("{} thing", "{} things", 10'000) == "10.000 things");
}

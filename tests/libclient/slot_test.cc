#include "libclient/slot.h"

#include <doctest/doctest.h>

#include "libclient/dates.h"

using namespace kiz;

namespace {
std::string canonical(std::string_view text) {
  const auto slot = read_slot(text, "Termine");
  return slot ? write_slot(slot.value) : "refused";
}
}  // namespace

TEST_CASE("slot: what people write becomes one form") {
  CHECK(canonical("montags 9-11 Uhr") == "MO 09:00-11:00");
  CHECK(canonical("Mo, Mi 09:00–11:30 Uhr, ab 12.01.2026, bis 30.06.2026, alle 2 Wochen (Raum 3)") ==
        "MO,WE 09:00-11:30 from 2026-01-12 until 2026-06-30 every 2 (Raum 3)");
  CHECK(canonical("Mon-Fri 8.30 - 12") == "MO,TU,WE,TH,FR 08:30-12:00");
  CHECK(canonical("Dienstag und Donnerstag von 9 bis 11:30 Uhr") == "TU,TH 09:00-11:30");
  CHECK(canonical("Sa-Mo ganztags") == "MO,SA,SU 00:00-24:00");
  CHECK(canonical("01.05.2026 10:00") == "2026-05-01 10:00");
  CHECK(canonical("(nach Vereinbarung)") == "(nach Vereinbarung)");
  CHECK(canonical("täglich 10-18") == "MO,TU,WE,TH,FR,SA,SU 10:00-18:00");
}

TEST_CASE("slot: the canonical text and the shown text read back as themselves") {
  for (const auto* text : {"MO,WE 09:00-11:30 from 2026-01-12 until 2026-06-30 every 2 (Raum 3)", "2026-05-01 10:00",
                           "SA", "(nach Vereinbarung)", "TH 18:00", "FR 00:00-24:00"}) {
    CAPTURE(text);
    CHECK(canonical(text) == text);
    CHECK(canonical(show_slot(read_slot(text, "").value, Tongue::german)) == text);
    CHECK(canonical(show_slot(read_slot(text, "").value, Tongue::english)) == text);
  }
}

TEST_CASE("slot: nonsense is refused with an example") {
  for (const auto* text : {"", "irgendwann", "Mo 11-9", "Mo 25:00", "Mo 9:60", "Mo 9-10 11-12", "Mo 01.05.2026",
                           "ab 30.06.2026 bis 01.01.2026", "alle 99 Wochen", "Mo (", "()", "-", "Mo-", "bis 9"}) {
    CAPTURE(text);
    CHECK(canonical(text) == "refused");
  }
  CHECK(sentence(*read_slot("irgendwann", "Termine").wrong) ==
        "Termine: „irgendwann“ ist kein Termin wie Mo,Mi 09:00-11:30 ab 12.01.2026");
}

TEST_CASE("dates: German and ISO forms, days that exist") {
  CHECK(dates::read_date("1.2.2026") == "2026-02-01");
  CHECK(dates::read_date("2024-02-29") == "2024-02-29");
  CHECK(dates::read_date("29.02.2023").empty());
  CHECK(dates::read_date("2026-2-1").empty());
  CHECK(dates::read_date("1.2.26").empty());
  CHECK(dates::read_month("201608") == "2016-08");
  CHECK(dates::read_month("8.2016") == "2016-08");
  CHECK(dates::read_month("08/2016") == "2016-08");
  CHECK(dates::read_month("2016-13").empty());
  CHECK(dates::read_period("2021/22") == "2021/22");
  CHECK(dates::read_period("2021/2022") == "2021/22");
  CHECK(dates::read_period("2021/23").empty());
  CHECK(dates::read_period("1999/00") == "1999/00");
  CHECK(dates::read_period("1. Halbjahr 2026") == "2026-H1");
  CHECK(dates::german("2026-02-01") == "01.02.2026");
  CHECK(dates::last_day("2024-02") == "2024-02-29");
  CHECK(dates::last_day("2021/22") == "2022-07-31");
  CHECK(dates::last_day("2026-H1") == "2026-06-30");
  CHECK(dates::last_day("") == "");
}

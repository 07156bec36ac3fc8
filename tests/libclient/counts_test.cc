#include "libclient/counts.h"

#include <doctest/doctest.h>

#include "libclient/months.h"
#include "tests/support/records.h"

using namespace kiz;
using namespace kiz::counts;
namespace f = registry::fields::count;

namespace {

Key key(std::string measure, std::string period = "2026-10", std::string ags = "05554004") {
  Key out;
  out.ags = std::move(ags);
  out.period = std::move(period);
  out.measure = std::move(measure);
  return out;
}

Key school(std::string measure, std::string type, std::string ags = "05554004") {
  Key out = key(std::move(measure), "2026-10", std::move(ags));
  out.school_type = std::move(type);
  return out;
}

test::RecordBuilder record(const Key& key, std::uint32_t kind = registry::kinds::count) {
  return test::RecordBuilder(kind, key.ags).key(*key_text(key));
}

Count counted(const Key& k, std::int64_t number) { return *read(record(k).multi(f::value, number)); }

}  // namespace

TEST_CASE("counts: a key goes through its text and back, unused dimensions included") {
  Key k = school("placed", "grundschule");
  k.origin = "SDN";
  k.origin_key = "destatis:276";
  CHECK(parse_key(*key_text(k)) == k);
  CHECK_FALSE(key_text(Key{}));
  CHECK_FALSE(parse_key("05554004\x1f" "2026-10").has_value());
  CHECK(describe(k, false) == "placed (school_type=grundschule, origin=SDN, origin_key=destatis:276)");
}

TEST_CASE("counts: two numbers side by side are disputed, the same number twice is not") {
  const Count two = *read(record(key("arrived")).multi(f::value, std::int64_t{12}).multi(f::value, std::int64_t{14}));
  CHECK(two.reading == Reading::disputed);
  REQUIRE(two.candidates.size() == 2);
  CHECK(two.candidates[1].value == 14);
  CHECK(counted(key("arrived"), 12).stated());
}

TEST_CASE("counts: a tally is a number, beside a counted number it is a dispute") {
  const Count strokes = *read(record(key("counselled")).tally(f::tally, 5));
  CHECK(strokes.stated());
  CHECK(strokes.tally);
  CHECK(strokes.value == 5);
  const Count both = *read(record(key("counselled")).multi(f::value, std::int64_t{7}).tally(f::tally, 5));
  CHECK(both.reading == Reading::disputed);
  const Count settled = *read(record(key("counselled")).multi(f::value, std::int64_t{7}).tally(f::tally, 0));
  CHECK(settled.stated());
  CHECK(settled.value == 7);
  CHECK(read(record(key("counselled")).tally(f::tally, -1))->reading == Reading::disputed);
}

TEST_CASE("counts: unknown, not held and emptied differ from nothing") {
  CHECK(read(record(key("arrived")).set(f::unknown, std::int64_t{1}))->reading == Reading::unknown);
  CHECK(read(record(key("arrived")).missing(f::value))->reading == Reading::not_held);
  CHECK(read(record(key("arrived")).multi(f::value, Null{}))->reading == Reading::empty);
  CHECK(counted(key("arrived"), 0).stated());
  CHECK_FALSE(read(record(key("arrived")).deleted()).has_value());
}

TEST_CASE("counts: a total leaves out what is disputed or unknown, and says so") {
  std::vector<Count> all{counted(school("arrived", "grundschule"), 6), counted(school("arrived", "gymnasium"), 4)};
  all.push_back(*read(record(school("arrived", "realschule")).multi(f::value, std::int64_t{1}).multi(f::value, std::int64_t{2})));
  all.push_back(*read(record(school("arrived", "kita")).set(f::unknown, std::int64_t{1})));
  const Total sum = totals(all)[0];
  CHECK(sum.value == 10);
  CHECK(sum.added == 2);
  CHECK(sum.unknown == 1);
  REQUIRE(sum.disputed.size() == 1);
  CHECK(sum.disputed[0]->key.school_type == "realschule");
  CHECK_FALSE(sum.clear());
}

TEST_CASE("counts: a row inside another one is never added") {
  std::vector<Count> all{counted(key("residents_foreign", "2021-12", "05554"), 6610)};
  Key syria = key("residents_foreign", "2021-12", "05554");
  syria.origin = "SYR";
  all[0].key.origin_key = "kreis:asien";
  all.push_back(*read(record(syria).multi(f::value, std::int64_t{4003}).set(f::parent, std::string("Asien"))));
  CHECK(totals(all)[0].value == 6610);
}

TEST_CASE("counts: two breakdowns of the same people are one number, the larger where they differ") {
  std::vector<Count> all{counted(key("placed"), 1032), counted(school("placed", "gymnasium"), 185),
                         counted(school("placed", "hauptschule"), 142)};
  const Total differ = totals(all)[0];
  CHECK(differ.value == 1032);
  CHECK(differ.mixed);
  all[0].value = 327;
  CHECK_FALSE(totals(all)[0].mixed);
  CHECK(totals(all)[0].value == 327);
}

TEST_CASE("counts: rows of different scopes are different people") {
  Key elsewhere = key("placed");
  elsewhere.scope = "sonstige Vermittlungen";
  Key young = key("placed");
  young.age_band = "6-10";
  const std::vector<Count> all{counted(young, 1010), counted(elsewhere, 22)};
  CHECK(totals(all)[0].value == 1032);
  CHECK_FALSE(totals(all)[0].mixed);
}

TEST_CASE("counts: flows add up over months and towns, stocks only over towns") {
  std::vector<Count> all;
  for (const auto* month : {"2026-08", "2026-09", "2026-10"}) {
    for (const auto* ags : {"05554004", "05554008"}) {
      all.push_back(counted(key("arrived", month, ags), 2));
      all.push_back(counted(key("waiting", month, ags), 5));
    }
  }
  const auto sums = totals(all);
  REQUIRE(sums.size() == 2);
  CHECK(sums[0].measure == "arrived");
  CHECK(sums[0].value == 12);
  CHECK(sums[1].value == 10);
  CHECK(sums[1].as_of == "2026-10");
}

TEST_CASE("counts: a median is never added") {
  std::vector<Count> all{counted(key("waiting_days_median"), 20)};
  CHECK(totals(all)[0].value == 20);
  all.push_back(counted(key("waiting_days_median", "2026-10", "05554008"), 30));
  CHECK_FALSE(totals(all)[0].value.has_value());
}

TEST_CASE("counts: numbers beyond 64 bits have no total") {
  std::vector<Count> all{counted(key("arrived", "2026-10", "05554004"), INT64_MAX),
                         counted(key("arrived", "2026-10", "05554008"), 1)};
  CHECK(totals(all)[0].overflow);
  CHECK_FALSE(totals(all)[0].value.has_value());
}

TEST_CASE("counts: what the town states itself replaces what the Kreis took from paper") {
  std::vector<Count> all;
  all.push_back(*read(record(key("arrived"), registry::kinds::paper_return).multi(f::value, std::int64_t{9})));
  all.push_back(*read(record(key("placed"), registry::kinds::paper_return).multi(f::value, std::int64_t{3})));
  all.push_back(counted(key("arrived"), 8));
  mark_replaced(all);
  CHECK(all[0].replaced);
  CHECK_FALSE(all[1].replaced);
  CHECK(totals(all)[0].value == 8);
  CHECK(totals(all)[1].value == 3);
}

TEST_CASE("counts: the digest follows the values, not their order") {
  const Count a = counted(school("arrived", "kita"), 1), b = counted(school("arrived", "gymnasium"), 2);
  const std::vector<Count> one{a, b}, other{b, a};
  CHECK(digest(one) == digest(other));
  Count changed = b;
  changed.value = 3;
  const std::vector<Count> third{a, changed};
  CHECK(digest(one) != digest(third));
}

TEST_CASE("months: months, days and instants are calendar text") {
  CHECK(months::plus("2026-01", -1) == "2025-12");
  CHECK(months::plus("2026-12", 1) == "2027-01");
  CHECK(months::last_day("2028-02") == "2028-02-29");
  CHECK(months::instant(1'790'000'000'000) == "2026-09-21T14:13:20Z");
  CHECK(months::days_between("2026-02-27", "2026-03-01") == 2);
  CHECK_FALSE(months::is_month("2026-13"));
  CHECK_FALSE(months::is_day("2026-02-29"));
  CHECK(months::year("2025/26")->first == "2025-08");
  CHECK(months::year("2025/26")->last == "2026-07");
  CHECK_FALSE(months::year("2025/27").has_value());
  // 2026-09-30 12:00 UTC: on the first islands it is October already
  CHECK_FALSE(months::is_future("2026-10", 1'790'769'600'000));
  CHECK(months::is_future("2026-10-02", 1'790'769'600'000));
  CHECK(months::is_future("2026-11", 1'790'769'600'000));
}

#include "libclient/month_return.h"

#include <doctest/doctest.h>

#include "tests/support/records.h"

using namespace kiz;
using namespace kiz::month_return;
namespace rf = registry::fields::month_return;
namespace vf = registry::fields::return_review;

namespace {

const std::string month_key = "05554004\x1f" "2026-10";

counts::Count count(std::string measure, std::int64_t number) {
  counts::Count out;
  out.key.ags = "05554004";
  out.key.period = "2026-10";
  out.key.measure = std::move(measure);
  out.reading = counts::Reading::stated;
  out.value = number;
  return out;
}

Bytes bytes(const Hash& hash) { return {hash.bytes.begin(), hash.bytes.end()}; }

Return closed(const std::vector<counts::Count>& counts, std::int64_t revision = 1) {
  return *read_return(test::RecordBuilder(registry::kinds::month_return)
                          .key(month_key)
                          .multi(rf::state, std::int64_t{registry::return_state::reported})
                          .set(rf::revision, revision)
                          .set(rf::digest, bytes(counts::digest(counts))));
}

Review review(const Return& town, const std::vector<counts::Count>& counts, bool locked) {
  test::RecordBuilder builder(registry::kinds::return_review, "05554");
  builder.key(month_key)
      .set(vf::accepted_at, std::int64_t{1000})
      .set(vf::accepted_revision, town.revision)
      .set(vf::accepted_digest, bytes(*town.digest))
      .set(vf::locked, std::int64_t{locked});
  for (const auto& line : counts::value_lines(counts)) builder.add(vf::accepted_values, line);
  return *read_review(builder);
}

}  // namespace

TEST_CASE("month return: it goes from missing over open, reported and accepted to locked") {
  const std::vector<counts::Count> numbers{count("arrived", 5)};
  CHECK(standing(nullptr, nullptr, {}).state == State::missing);
  CHECK(standing(nullptr, nullptr, numbers).state == State::open);
  const Return town = closed(numbers);
  CHECK(standing(&town, nullptr, numbers).state == State::reported);
  const Review accepted = review(town, numbers, false);
  CHECK(standing(&town, &accepted, numbers).state == State::accepted);
  const Review locked = review(town, numbers, true);
  CHECK(standing(&town, &locked, numbers).state == State::locked);
}

TEST_CASE("month return: a number written after the lock is shown as such and kept out of reports until it is accepted") {
  const std::vector<counts::Count> before{count("arrived", 5)};
  const std::vector<counts::Count> after{count("arrived", 7), count("placed", 1)};
  const Return town = closed(before);
  const Review locked = review(town, before, true);
  const Standing now = standing(&town, &locked, after);
  CHECK(now.state == State::corrected_after_lock);
  CHECK(now.changed_since);

  const auto reported = reported_counts(&locked, after);
  REQUIRE(reported.size() == 1);
  CHECK(reported[0].value == 5);

  const Return second = closed(after, 2);
  CHECK(standing(&second, &locked, after).state == State::corrected_after_lock);
  const Review accepted = review(second, after, true);
  CHECK(standing(&second, &accepted, after).state == State::locked);
  CHECK(reported_counts(&accepted, after).size() == 2);
}

TEST_CASE("month return: a number that vanished after the lock is still reported") {
  const std::vector<counts::Count> before{count("arrived", 5), count("placed", 2)};
  const Review locked = review(closed(before), before, true);
  const auto reported = reported_counts(&locked, {before[0]});
  REQUIRE(reported.size() == 2);
  CHECK(counts::totals(reported)[1].value == 2);
}

TEST_CASE("month return: without a lock reports show the numbers as they are") {
  const std::vector<counts::Count> before{count("arrived", 5)}, after{count("arrived", 7)};
  const Return town = closed(before);
  const Review accepted = review(town, before, false);
  CHECK(standing(&town, &accepted, after).state == State::reported);
  CHECK(standing(&town, &accepted, after).changed_since);
  CHECK(reported_counts(&accepted, after)[0].value == 7);
}

TEST_CASE("month return: a query is answered by the next revision") {
  const std::vector<counts::Count> numbers{count("arrived", 500)};
  const Query query{1, {"arrived"}, "500? Im Vormonat waren es 5: bitte prüfen", {}};
  const Review asked = *read_review(test::RecordBuilder(registry::kinds::return_review, "05554")
                                        .key(month_key)
                                        .add(vf::queries, query.encode()));
  const Return first = closed(numbers), second = closed(numbers, 2);
  const Standing queried = standing(&first, &asked, numbers);
  CHECK(queried.state == State::queried);
  REQUIRE(queried.open_queries.size() == 1);
  CHECK(queried.open_queries[0].cells == std::vector<std::string>{"arrived"});
  CHECK(queried.open_queries[0].text == query.text);
  CHECK(standing(&second, &asked, numbers).state == State::reported);
}

TEST_CASE("month return: a query's text may look like anything") {
  for (const std::string text : {"r1: x", "r", "[x]: y", ": ", "r9 [a]: b"}) {
    const Query query{3, {}, text, {}};
    CHECK(Query::decode(query.encode()).text == text);
    CHECK(Query::decode(query.encode()).revision == 3);
  }
  CHECK(Query::decode("ganz frei").text == "ganz frei");
}

TEST_CASE("month return: a month closed differently by two offices is a conflict") {
  const Return town = *read_return(test::RecordBuilder(registry::kinds::month_return)
                                       .key(month_key)
                                       .multi(rf::state, std::int64_t{registry::return_state::reported})
                                       .multi(rf::state, std::int64_t{registry::return_state::corrected}));
  CHECK(town.disputed);
  CHECK(standing(&town, nullptr, {}).conflict);
}

TEST_CASE("month return: numbers from paper alone leave the town's month missing") {
  std::vector<counts::Count> paper{count("arrived", 5)};
  paper[0].paper = true;
  const Standing now = standing(nullptr, nullptr, paper);
  CHECK(now.state == State::missing);
  CHECK(now.paper);
}

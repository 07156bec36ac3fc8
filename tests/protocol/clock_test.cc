#include "protocol/clock.h"

#include <doctest/doctest.h>

#include "protocol/limits.h"

using namespace kiz;
using namespace std::chrono;

namespace {
Millis at(std::int64_t millis) { return Millis{milliseconds{millis}}; }
}  // namespace

TEST_CASE("clock: stamps follow the wall clock and rise within a millisecond") {
  Clock clock;
  CHECK(clock.tick(at(1000)) == Timestamp::of(1000));
  CHECK(clock.tick(at(1000)) == Timestamp::of(1000, 1));
  CHECK(clock.tick(at(1001)) == Timestamp::of(1001));
}

TEST_CASE("clock: a wall clock that falls does not take the stamps with it") {
  Clock clock{Timestamp::of(5000, 7)};
  CHECK(clock.tick(at(10)) == Timestamp::of(5000, 8));
  CHECK(clock.tick(at(-10)) == Timestamp::of(5000, 9));
}

TEST_CASE("clock: a full counter carries into the milliseconds") {
  Clock clock{Timestamp::of(5000, 0xffff)};
  CHECK(clock.tick(at(10)) == Timestamp::of(5001));
}

TEST_CASE("clock: an answer sorts after what was received") {
  Clock clock;
  clock.observe(Timestamp::of(1400, 3), at(1000));
  CHECK(clock.tick(at(1001)) == Timestamp::of(1400, 4));
  clock.observe(Timestamp::of(2, 0), at(1000));
  CHECK(clock.tick(at(1001)) == Timestamp::of(1400, 5));
}

TEST_CASE("clock: a stamp from the far future moves it ten minutes and no more") {
  Clock clock;
  const auto now = at(1'000'000);
  const auto pull = static_cast<std::uint64_t>(milliseconds{limits::clock_pull_max}.count());
  clock.observe(Timestamp{~std::uint64_t{0}}, now);
  CHECK(clock.last().millis() == 1'000'000 + pull);
  CHECK(clock.tick(now).millis() <= 1'000'000 + pull + 1);
}

TEST_CASE("clock: at the end of its range it stands still rather than wrap") {
  Clock clock{Timestamp{~std::uint64_t{0}}};
  CHECK(clock.tick(at(5)).value == ~std::uint64_t{0});
  CHECK(Clock{}.tick(Millis::max()).millis() == Timestamp::millis_max);
}

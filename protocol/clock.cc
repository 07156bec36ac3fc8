#include "protocol/clock.h"

#include <algorithm>

#include "protocol/limits.h"
#include "protocol/mutants.h"

namespace kiz {
namespace {

/// A machine whose clock stands before 1970 or past the 48 bits stamps at the end of the range; it may not sign anyway.
std::uint64_t sane_millis(Millis time) {
  const auto millis = time.time_since_epoch().count();
  return millis < 0 ? 0 : std::min(static_cast<std::uint64_t>(millis), Timestamp::millis_max);
}

constexpr std::uint16_t counter_max = 0xffff;

}  // namespace

Timestamp Clock::tick(Millis now) {
  const Timestamp wall = Timestamp::of(sane_millis(now));
  // The counter carries into the milliseconds by itself: both are one number.
  const Timestamp next{last_.value == ~std::uint64_t{0} ? last_.value : last_.value + 1};
  if (KIZ_MUTANT(clock_goes_back)) return last_ = wall;
  return last_ = std::max(wall, next);
}

void Clock::observe(Timestamp received, Millis now) {
  if (KIZ_MUTANT(clock_observes_nothing)) return;
  const Timestamp furthest = Timestamp::of(sane_millis(now + limits::clock_pull_max), counter_max);
  last_ = std::max(last_, std::min(received, furthest));
}

}  // namespace kiz

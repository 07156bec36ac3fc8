// What a town's office enters: offers of the registry with the 23 fields that are usually filled in.
#pragma once

#include "tests/bench/bench_realm.h"

namespace kiz::bench {

/// The generator's offer in the town's own space, as `kiz angebot neu` would enter it.
void put_town_offer(Edit& edit, const Space& space, const Offer& offer);

}  // namespace kiz::bench

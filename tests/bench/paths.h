// `kiz-bench paths`: five core paths, small and in one thread, for figures that depend on no clock: allocations and bytes from
// here, instructions from callgrind, which tells the functions path_* apart. guard.py compares them with guard.json.
#pragma once

#include <cstdint>

#include "tests/bench/harness.h"

namespace kiz::bench {

/// Calls of operator new in this program so far.
std::uint64_t allocations_so_far();

/// Prints {"schema":"kiz.bench/1","workload":"paths","paths":{NAME:{"n":...,"allocations":...,"bytes":...}}}.
int run_paths(const Options& options);

}  // namespace kiz::bench

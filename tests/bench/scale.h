// `kiz-bench scale`: what a node of each level costs in a country of 10,753 municipalities, 400 Kreise and 16 Länder. Real
// control logs, entries, runs, checks and sessions, in memory: no disks, no merge, no network. Not tests/sim, whose replicas are
// whole ones with faults and a store each: eleven thousand of them fit no machine.
#pragma once

#include "tests/bench/harness.h"

namespace kiz::bench {

/// Plays Kreis after Kreis, so that a machine holds one of them at a time; --n entries a municipality and year (at most 10,000).
int run_scale(const Options& options, bool json);

}  // namespace kiz::bench

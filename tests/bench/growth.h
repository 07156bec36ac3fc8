// `kiz-bench growth`: a table and a plot for records, and one for towns; growth.cc says what each row is.
#pragma once

#include "tests/bench/harness.h"

namespace kiz::bench {

/// Prints a row as soon as it is there, writes growth-records.svg and growth-towns.svg to Options::plots.
int run_growth(const Options& options, bool json);

}  // namespace kiz::bench

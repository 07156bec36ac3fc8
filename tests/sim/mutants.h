// Planted bugs: which of them the simulator finds.
#pragma once

#include "tests/sim/founding.h"
#include "tests/sim/plan.h"

namespace kiz::sim {

struct Hunt {
  std::uint64_t start = 1;
  std::uint64_t seeds = 300;  // for each mutant, at most
  bool quick = false;         // those that few seeds find
  std::string only = {};      // one by name
};

/// Runs each mutant in a process of its own until a seed finds it. Prints a line for each and a sum. True: enough are
/// found, all but one at most.
bool hunt_mutants(const Founding& founding, const Plan& plan, const Hunt& hunt);

}  // namespace kiz::sim

// The workloads by name. Each is one file (w1.cc, w2.cc, ...): fill a replica, do the steps, measure its limit in the
// same run, return the report. Options::runs is main.cc's business: a workload runs once per call.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "tests/bench/harness.h"

namespace kiz::bench {

struct Workload {
  std::string_view name;
  std::string_view says;  // one line for --help
  std::function<Report(const Options&)> run;
  bool in_all = true;  // false: it takes as long as --minutes says, or thousands of stores
};

Report run_w1(const Options&);
Report run_w1b(const Options&);
Report run_w2(const Options&);
Report run_w3(const Options&);
Report run_w4(const Options&);
Report run_w5(const Options&);
Report run_start(const Options&);
Report run_cli(const Options&);
Report run_idle(const Options&);
Report run_flood(const Options&);
Report run_hub(const Options&);
Report run_storm(const Options&);

/// In the order of --help.
const std::vector<Workload>& workloads();

}  // namespace kiz::bench

#include "tests/bench/workloads.h"

namespace kiz::bench {

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {"W1", "single edits, one durable commit each", run_w1},
      {"W1b", "bulk import in large edits", run_w1b},
      {"W2", "first sync of an empty replica", run_w2},
      {"W3", "live edits, and reconnecting after 0, 1 and 1,000 changes", run_w3},
  };
  return all;
}

}  // namespace kiz::bench

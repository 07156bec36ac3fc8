#include "tests/bench/workloads.h"

namespace kiz::bench {

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {"W1", "single edits, one durable commit each", run_w1},
      {"W1b", "bulk import in large edits", run_w1b},
      {"W2", "first sync of an empty replica", run_w2},
      {"W3", "live edits, and reconnecting after 0, 1 and 1,000 changes", run_w3},
      {"W4", "two devices edited the same records apart; conflicts are listed", run_w4},
      {"W5", "400 connected replicas: memory, idle, one edit until the last has it", run_w5},
      {"start", "kizd with 10,000 offers, from exec until it answers", run_start},
      {"cli", "kiz status and kiz angebot liste of 10,000, from exec to exit", run_cli},
      {"idle", "kizd with 10,000 offers and nothing to do, for --minutes", run_idle, false},
      {"flood", "strangers at the port of a Kreis node, for --minutes", run_flood, false},
      {"hub", "--peers connected for --minutes, an edit every second", run_hub, false},
      {"storm", "--peers come back at once, each with 50 edits", run_storm, false},
  };
  return all;
}

}  // namespace kiz::bench

// A Kreis with thousands of towns: its store for a kizd, and the towns as light ones in a few processes (storm, hub).
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "tests/bench/child.h"
#include "tests/bench/fleet.h"
#include "tests/bench/process.h"
#include "tests/bench/shared.h"

namespace kiz::bench {

/// The towns that one process plays.
struct Part {
  std::filesystem::path folder;  // of all
  std::vector<MemberId> towns;
  std::size_t first = 0;
  std::uint16_t port = 0;
  std::uint32_t seed = 0;
};

/// Founds the Kreis in `folder`/kreis, admits one device of each of `count` towns, enters 1,000 offers that all of them read.
/// Returns what each of the processes plays.
std::vector<Part> found_many_towns(const std::filesystem::path& folder, std::size_t count, std::uint32_t seed);

/// In a process of its own: what those of a part have in common, and the towns on their lines.
struct PlayedPart {
  CommonGround common;
  Fleet fleet;

  explicit PlayedPart(const Part& part);
};

/// The node's daemon, which lets so many in.
std::unique_ptr<Process> start_node(const Part& part);
std::filesystem::path store_of_node(const Part& part);

/// What the processes do at the same time, step by step: 0, 1, 2 ... The first one begins by itself.
class Steps {
 public:
  /// In a process: what was asked is done.
  void done() { ++shared_->done; }
  int asked() const { return shared_->asked; }
  void done_then_wait_for(int step);

  /// Outside: asks for a step, waits until all have done it; throws what went wrong there.
  void ask(int step, const std::vector<std::unique_ptr<Child>>& children);
  void ask_only(int step) { shared_->asked = step; }

 private:
  struct Both {
    std::atomic<int> asked{0};
    std::atomic<std::size_t> done{0};  // steps, by all processes together
  };
  Shared<Both> shared_;
};

}  // namespace kiz::bench

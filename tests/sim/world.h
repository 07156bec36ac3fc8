// A hub and its offices as real replicas over disks in memory, in one thread, with one seed that decides every edit, every
// piece of every transmission, every fault and every random byte.
//
// First everything goes wrong that may, then all is healed: power on, clocks right, connections whole. After three rounds of
// talks the checkers judge. Only keys and the incarnation lie in real files, in a temporary folder.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kiz/replica.h"
#include "tests/sim/checkers.h"
#include "tests/sim/network.h"
#include "tests/support/memory_vfs.h"
#include "tests/support/temp_dir.h"

namespace kiz::sim {

struct Plan {
  unsigned offices = 5;
  unsigned edits = 150;
  bool disks_lie = false;  // they say that they have synced and have not: what the simulator must find
};

struct Outcome {
  std::uint64_t seed = 0;
  std::string trace;  // hash of all that happened: equal for equal seeds
  std::uint64_t faults = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;
  std::vector<std::string> findings;
};

/// The wall clock at the beginning of every world: 2026-11-06.
inline constexpr std::uint64_t start_ms = 1'794'000'000'000;

/// libsodium and SQLite draw from this seed from now on, in the whole process.
void seed_process(std::uint64_t seed);

/// A realm in which every office has joined, made once: stretching check numbers takes longer than a whole run.
class Founding {
 public:
  explicit Founding(unsigned offices);

  struct Place {
    std::string name;
    MemberId member;
    std::map<std::string, Bytes> files;  // of its disk
  };
  const std::vector<Place>& places() const { return places_; }  // the hub first
  /// Puts the key files back as they were. Returns the folder.
  std::filesystem::path lay_out() const;

 private:
  test::TempDir folder_;
  std::vector<Place> places_;
};

class World : private Wire {
 public:
  World(const Founding& founding, std::uint64_t seed, const Plan& plan);
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Outcome run();

 private:
  struct Node;

  void step();
  void edit(Node& node);
  void add_steps(Node& node, Edit& edit, std::int64_t& delta);
  void dial(std::size_t office);
  void transmit(std::size_t office, std::size_t pieces);
  void cut(std::size_t office);
  void crash(Node& node);
  void jump(Node& node);
  void pass_time();

  bool is_hub(const Node& node) const;
  void settle(std::size_t from, Node& node);
  void settle_link(std::size_t office);
  bool power_lost(Node& node);
  void lose_power(Node& node);
  void open(Node& node);
  void heal();
  void talk_to_the_end(std::size_t office, bool last);

  void sent(ByteView bytes) override;
  void note(std::string_view what, ByteView bytes = {});
  void find(std::string sentence);

  Plan plan_;
  test::SeededRandom random_;
  SteadyTime now_{1000};
  std::vector<std::unique_ptr<Node>> nodes_;             // the hub first
  std::vector<std::unique_ptr<Connection>> connections_;  // by node; none for the hub
  std::vector<Promise> promises_;
  std::vector<TallyBounds> tallies_;
  unsigned edits_ = 0;
  Hash trace_;
  Outcome outcome_;
};

}  // namespace kiz::sim

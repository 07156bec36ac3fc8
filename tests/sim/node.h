// One machine of a world: its disk in memory, its key files in a temporary folder, its clock, and the replica while it runs.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "kiz/replica.h"
#include "protocol/sync_session.h"
#include "tests/sim/founding.h"
#include "tests/support/memory_vfs.h"

namespace kiz::sim {

/// The wall clock at the beginning of every world: 2026-11-06.
inline constexpr std::uint64_t start_ms = 1'794'000'000'000;
inline constexpr std::int64_t day_ms = 24ll * 60 * 60 * 1000;

/// A whole machine as it was: what a backup, a copy of a virtual disk or a clone holds.
struct Image {
  std::int64_t at_ms = 0;
  std::map<std::string, Bytes> disk;
  std::map<std::string, Bytes> folder;
};

struct Node {
  Node(std::size_t at, const Founding::Place& place, const std::filesystem::path& folder, std::uint64_t seed);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Image image(std::int64_t at_ms) const;
  /// The replica must be closed. `life`: the incarnation and what else no backup holds come along, as in a copy of a disk.
  void put_back(const Image& image, bool life);
  void empty_folder() const;

  std::size_t number;
  std::string name;
  MemberId member;
  TransportKey transport;
  test::MemoryDisk disk;
  test::SeededRandom random;
  ReplicaOptions options;
  std::unique_ptr<Replica> replica;  // none: it lies there without power
  ControlPosition control_seen;
  SyncOptions program;  // what its program can do beside the session

  // ---- what is wrong with it
  std::int64_t clock_off_ms = 0;
  std::int64_t drift_ppm = 0;
  bool power_cut_planned = false;
  bool disk_fails = false;   // reads, writes or syncs may fail, or there is no room
  bool disk_rots = false;    // what it holds may be wrong: to be verified
  bool in_trouble() const { return disk_fails || disk_rots || power_cut_planned; }  // explains nearly any refusal
  bool offline = false;      // has no network for the whole run: files only
  bool locked_out = false;   // revoked
  bool forgot = false;       // maybe: it was put back, or its disk rotted, and what it decided is not held there
  bool copied = false;       // another machine has the same keys
  std::size_t locked_at = 0; // promises made until then
  std::uint64_t admitted_until_ms = 0;  // by the clock of the Kreis; 0: long enough
  std::int64_t asleep_until_ms = 0;
  unsigned side = 0;         // of a partition
  bool deaf = false;         // hears nobody, is heard
  std::deque<Image> images;  // one a day
};

}  // namespace kiz::sim

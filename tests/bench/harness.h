// What every benchmark shares: a stopwatch, a folder to work in, what the process used, and the report of one run.
//
// A workload (W1, W2, ...) is one file with one function; main.cc lists them. It measures a limit of the machine
// (limits.h) in the same run, because only the ratio of the two means something on a noisy machine.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/offers.h"

namespace kiz::bench {

struct Options {
  std::uint64_t n = 100000;  // records
  std::uint32_t seed = usual_seed;
  int runs = 1;                                                           // the best one is reported, with the spread of all
  unsigned peers = 2000;                                                  // hub, storm
  bool shared = false;                                                    // storm: edits that every town reads
  double minutes = 3;                                                     // hub, idle, flood
  unsigned towns = 100;                                                   // growth
  std::filesystem::path plots = ".";                                      // growth: where its plots go
  std::filesystem::path folder = std::filesystem::temp_directory_path();  // a real disk, or durable means nothing
};

/// CLOCK_MONOTONIC from its making.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// User and system time of this process from its making: what one step uses, not the process's life.
class ProcessorWatch {
 public:
  double seconds() const;

 private:
  static double now();

  double start_ = now();
};

/// A folder of its own below `parent`, gone with the object.
class WorkFolder {
 public:
  explicit WorkFolder(const std::filesystem::path& parent);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A limit of the machine: what a plain program that does only this reaches here and now.
struct Limit {
  std::string name;
  std::uint64_t n = 0;
  double seconds = 0;
  std::string unit;  // of one of the n

  double rate() const { return seconds > 0 ? static_cast<double>(n) / seconds : 0; }
  /// Seconds for another count, at the same rate.
  double seconds_for(std::uint64_t count) const { return static_cast<double>(count) / rate(); }
};

/// What one of several runs took.
struct RunTime {
  double seconds = 0;
  double ratio = 0;  // to the limit measured in that run; 0: there is none
};

/// One run of a workload. What a workload has no figure for stays empty and is printed as null.
struct Report {
  std::string workload;
  std::uint64_t n = 0;
  std::uint32_t seed = 0;
  double seconds = 0;
  Limit limit = {};
  std::optional<double> fsyncs_per_commit = {};
  std::vector<std::uint64_t> peak_rss_bytes = {};          // one per process
  std::vector<double> cpu_seconds = {};                    // the same; of the steps that are timed
  std::optional<std::uint64_t> wire_bytes = {};            // both directions
  std::optional<std::uint64_t> disk_bytes = {};            // of the replica that was filled
  std::vector<std::pair<std::string, double>> extra = {};  // e.g. {"p99_ms", 0.8}
  std::vector<RunTime> runs = {};                          // all of them, the fastest first; main.cc's

  double rate() const { return seconds > 0 ? static_cast<double>(n) / seconds : 0; }
  bool has_limit() const { return limit.n > 0; }
  /// Of the limit: 1 = as fast as the machine allows.
  double ratio() const { return seconds > 0 ? limit.seconds_for(n) / seconds : 0; }
};

/// {"schema":"kiz.bench/1", ...} on one line.
std::string to_json(const Report& report);
std::string to_json(const std::vector<Limit>& limits);
/// The same for people.
std::string to_text(const Report& report);
std::string to_text(const std::vector<Limit>& limits);

// ---- what a process used
// ---------------------------------------------------------------------------------------------

/// VmHWM: the most memory this process held at any time, opening its replica included.
std::uint64_t peak_rss_bytes();
/// Bytes on disk of everything below a folder, as `du` counts them.
std::uint64_t disk_bytes(const std::filesystem::path& folder);
/// fsync and fdatasync calls of this process so far, SQLite's included (sync_count.cc stands in their way).
std::uint64_t syncs_so_far();

}  // namespace kiz::bench

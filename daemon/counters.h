// What has happened since the daemon started, as numbers that only grow. Read by metrics.h.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>

#include "kiz/result.h"

namespace kiz {

/// How long things took, in the buckets that Prometheus adds up: each counts all that took at most its bound.
struct Durations {
  static constexpr std::array<double, 9> bounds_seconds = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600};
  std::array<std::uint64_t, bounds_seconds.size()> upto{};
  std::uint64_t count = 0;
  double sum_seconds = 0;

  void add(std::chrono::duration<double> took) {
    ++count;
    sum_seconds += took.count();
    for (std::size_t i = 0; i < upto.size(); ++i) upto[i] += took.count() <= bounds_seconds[i] ? 1u : 0u;
  }
};

struct Counters {
  std::uint64_t entries_local = 0, entries_received = 0;
  std::map<Errc, std::uint64_t> runs_refused;      // what peers sent and was not taken in
  std::map<Errc, std::uint64_t> sessions_ended;    // by why; ok: in order
  std::uint64_t requests_done = 0, requests_refused = 0;
  std::uint64_t backups_failed = 0;
  Durations sync;                                  // from the handshake until both sides held the same
};

}  // namespace kiz

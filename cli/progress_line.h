// The line on standard error that says how far something long has come: "Schreiben: 1.200 von 10.000, 640/s, noch 14 s".
//
// Nothing is shown of what takes less than half a second. On a terminal the line is rewritten where it stands and taken
// away at the end; elsewhere a plain line comes every ten seconds. Ctrl-C: interrupt.h.
#pragma once

#include <chrono>
#include <string>

#include "cli/output.h"
#include "kiz/progress.h"

namespace kiz::cli {

class ProgressLine {
 public:
  using Clock = std::chrono::steady_clock;

  /// `out` outlives it. `shown`: false with --quiet.
  ProgressLine(Output& out, bool shown, Clock::time_point now = Clock::now());
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `what` in the language of the reader.
  void update(const std::string& what, std::uint64_t done, std::uint64_t total, Clock::time_point now = Clock::now());
  /// Takes the line away, before anything else is printed.
  void clear();
  /// For work in this process.
  Watch watch();

 private:
  Output& out_;
  bool shown_;
  Clock::time_point next_;
  std::string what_;              // the present stage
  Clock::time_point stage_began_;
  Clock::time_point heard_;       // the last word
  std::size_t on_screen_ = 0;     // columns that the line takes now
};

/// The sentence alone. `seconds` since the stage began.
std::string progress_sentence(const std::string& what, std::uint64_t done, std::uint64_t total, double seconds);

}  // namespace kiz::cli

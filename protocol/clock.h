// Hybrid logical clock: stamps rise with every edit, follow the wall clock where that is sane, and pass what was received
// so that an answer sorts after its question. Rules: SPEC.md §6 "Timestamps". The time of day is an argument.
//
// No entry is refused for its time. A received stamp moves this clock at most limits::clock_pull_max past the wall clock:
// one machine with a clock of the year 2099 must not carry all others there.
#pragma once

#include "kiz/timestamp.h"

namespace kiz {

class Clock {
 public:
  /// last  the newest stamp given or observed before; it is kept with the store
  explicit Clock(Timestamp last = {}) : last_(last) {}

  /// The stamp of an edit made now: later than every stamp before, never earlier than `now`.
  Timestamp tick(Millis now);

  /// Takes note of a received stamp.
  void observe(Timestamp received, Millis now);

  Timestamp last() const { return last_; }

 private:
  Timestamp last_;
};

}  // namespace kiz

// Records that do not continue a control log, kept as long as they continue each other: the last of them may be the root's
// word that they count, and those held do not. Rule: SPEC.md §4 "Epochs".
#pragma once

#include <vector>

#include "protocol/control_log.h"

namespace kiz {

class ControlBranch {
 public:
  /// Takes one record into the log, or keeps it aside. halted: the log is known to be forked, only a later epoch goes on.
  /// Seq from which on the log holds other records than before; 0: it was held already.
  /// errors: those of ControlLog::append; fork: kept aside, or belongs to neither
  Result<Seq> take(ControlLog& log, const ControlRecord& record, bool halted);

 private:
  Seq keep(ControlLog& log, const ControlRecord& record);

  std::vector<ControlRecord> records_;
};

}  // namespace kiz

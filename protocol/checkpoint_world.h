// What holds at a checkpoint and at nothing else: its entries in memory, evaluated by the control log before it. Costs a
// pass over the space; values play no part and are not copied. Rules: SPEC.md §15.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "protocol/checkpoint.h"
#include "protocol/merge.h"

namespace kiz {

/// Ops of one entry, ascending.
using OpsOfEntry = std::pair<EntryHash, std::vector<std::uint32_t>>;

class CheckpointWorld {
 public:
  /// Both must outlive it. `rulings`: of the control records before the checkpoint's.
  CheckpointWorld(const Rulings& rulings, const FieldTypes& types);
  ~CheckpointWorld();
  CheckpointWorld(const CheckpointWorld&) = delete;
  CheckpointWorld& operator=(const CheckpointWorld&) = delete;

  /// Takes in all entries up to these heads; once.
  /// errors: gap (a head is not held, or stands elsewhere), unknown_log (a log has another author)
  Result<void> fill(const LogSource& from, const std::vector<CheckpointHead>& heads, const std::function<EntryBody(EntryRef)>& body);
  Hash state() const;
  /// Ops that assert nothing but cells superseded here by applied entries, on records of kinds whose past may go.
  std::vector<OpsOfEntry> superseded(const Space& space) const;

 private:
  struct Held;
  std::unique_ptr<Held> held_;
};

}  // namespace kiz

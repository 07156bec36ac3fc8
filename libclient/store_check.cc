#include "libclient/store_check.h"

#include "libclient/inspection.h"

namespace kiz {

Result<StoreCheck> check_store(ReplicaCore& core) {
  StoreCheck out;
  try {
    for (SpaceSlot* slot : core.slots()) {
      ++out.spaces;
      const auto mended = core.evaluate_anew(*slot);
      if (!mended) return mended.error();
      if (*mended) out.mended.push_back(slot->store.space());
    }
    const Verification verification = inspect::verify(core, false);
    out.entries = verification.entries;
    out.findings = verification.findings;
    for (omission::Missing& missing : omission::missing(core)) {
      if (missing.missed_ms != 0) out.withheld.push_back(std::move(missing));
    }
  } catch (const SqlFailure& failure) {
    return failure.error();
  }
  return out;
}

}  // namespace kiz

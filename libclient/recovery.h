// Bringing the authority of a realm back with its emergency sheet. Rules: SPEC.md §4 "Epochs", §8.4.
//
// The node was lost: begin_restore() makes an empty store under the transport key that the members know. They call it, the
// first of them brings the control log; open_new_epoch() then takes over the authority, and the members' logs follow by
// themselves. The issuing key was lost or stolen, or a restored node cannot get its own tail back: open_new_epoch() alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kiz/replica.h"
#include "protocol/emergency_sheet.h"

namespace kiz {

struct RestorePlan {
  std::string device;
  std::vector<std::string> addresses;  // host:port that members dial; written into new invites
  std::vector<std::string> listen;
};

/// errors: already_set_up, store_in_use, io_error, no_space
Result<std::unique_ptr<Replica>> begin_restore(ReplicaOptions options, const EmergencySheet& sheet, const RestorePlan& plan);

/// True after begin_restore() until open_new_epoch() has been through.
bool is_restoring(const Replica& replica);

struct EpochOpening {
  std::uint64_t epoch = 0;
  Seq last_good = 0;   // the last record of before that counts
  Seq closed = 0;      // how many held behind it do not count any more
  bool device_granted = false;  // this device was admitted as the Kreis's in the same breath
};

/// A new issuing key, drawn here and certified by the root, and the last record that counts: `last_good`, or the last one
/// held. errors: foreign_realm, wrong_key (a sheet of another root), gap (the control log has not come yet), invalid_input
/// (no such record), not_permitted (this is not the Kreis's node), io_error, no_space
Result<EpochOpening> open_new_epoch(Replica& replica, const EmergencySheet& sheet, std::optional<Seq> last_good = {});

/// What would happen, without doing it. errors: as open_new_epoch()
Result<EpochOpening> look_at_new_epoch(const Replica& replica, const EmergencySheet& sheet, std::optional<Seq> last_good = {});

}  // namespace kiz

// Enrolment by file, beside the answer itself (bundle_file.h): what a bundle means to a replica that has not joined yet.
#pragma once

#include "libclient/replica_core.h"

namespace kiz::bundle_join {

/// The realm this replica belongs to, or is invited to. errors: not_set_up (neither)
Result<RealmId> expected_realm(const ReplicaCore& core);
/// A replica that waits for its membership takes it from the Kreis of its invite alone. errors: wrong_key
Result<void> fits_invite(const ReplicaCore& core, const TransportKey& sender);
/// True if the control log that came now names this device: the invite is used up and the pair has its key.
/// errors: not_permitted (the control log does not name this device); io_error, no_space
Result<bool> take_membership(ReplicaCore& core, const TransportKey& sender);
/// The Kreis: something of this device has arrived, so it has its membership and its invite is used up.
Result<void> note_arrived(ReplicaCore& core, const AuthorKey& device);

}  // namespace kiz::bundle_join

// Requests that come before there is a replica to ask: setting up a realm, and joining one. The same for `kiz` on a store
// of its own and for a kizd that has none yet; only `administer` may ask.
#pragma once

#include "libclient/requests.h"

namespace kiz {

/// The envelope, and the replica that stands now, where one does.
struct Begun {
  Json envelope;
  std::unique_ptr<Replica> replica;
};

/// "setup" {"name"? | "ags"?, "listen"?, "addresses"?: [HOST:PORT], "members"?: [AGS or name], "device"?}
/// Name and members come from the register of municipalities where they are not given.
/// data: {"realm", "ags", "member", "towns", "members": [{"ags", "name"}], "addresses", "listen", "emergency_sheet"}
/// Errors: usage, invalid_input, already_set_up, not_permitted, io_error, no_space. Warnings: W_NO_ADDRESS.
/// With "restore": true and "sheet": the text of the emergency sheet, the node of a Kreis is rebuilt (recovery.h): an empty
/// store that waits for its members. Schema kiz.restore/1, data: {"realm": null, "restoring": true, "addresses", "listen"}
Begun execute_setup(ReplicaOptions options, const Json& request, const Caller& caller);

/// "join" {"invite", "check", "device"?}: makes the store of this device and keeps the invite in it; dialling is the
/// caller's business. On a store that has an invite but no membership yet, the check number is replaced.
/// data: {"joined": false, "device", "addresses"}
/// Errors: usage, those of invites, already_set_up, not_permitted, io_error, no_space
Begun execute_join(ReplicaOptions options, const Json& request, const Caller& caller);

}  // namespace kiz

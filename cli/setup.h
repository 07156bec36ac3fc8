// Requests about a store that is not there yet, or that needs a network without a daemon: done here where no daemon
// answers, by the same library calls.
#pragma once

#include "cli/shell.h"

namespace kiz::cli {

/// args: name, ags, listen, addresses, members, device. data: realm, towns, emergency_sheet.
Json set_up(Shell& shell, const Json& args);

/// args: invite, check, device. data: joined, member, member_name, realm.
Json join(Shell& shell, const Json& args);

/// The same without dialling: the store is made and keeps the invite.
Json prepare_join(Shell& shell, const Json& args);

/// One exchange with each known peer, without a daemon. data: peers, pending.
Json sync_without_daemon(Shell& shell, const Json& args);

}  // namespace kiz::cli

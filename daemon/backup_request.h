// backup.write in the daemon: the snapshot is taken on the loop, the copying runs in a thread of its own, so that exchange
// and requests go on; nothing of the store is touched there but its frozen file. One at a time.
#pragma once

#include <asio.hpp>

#include "libclient/requests_backup.h"

namespace kiz {

class Server;

/// What the configuration says. errors: io_error (the password file cannot be read)
Result<BackupDefaults> backup_defaults(const Server& server);

/// The answer to backup.write; `watch` is told on the loop how far it has come. A daemon that is told to stop, or an asker
/// that hangs up, ends it; what was written will be gone on with.
asio::awaitable<std::variant<Reply, Refusal>> write_backup(Server& server, Json args, Watch watch);

}  // namespace kiz

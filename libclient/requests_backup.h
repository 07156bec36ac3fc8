// The requests around backups, as far as they need more than an open replica: the daemon writes in a thread of its own,
// and reading one back begins where nothing is set up yet. The work itself: backup.h.
#pragma once

#include "libclient/backup.h"
#include "libclient/requests.h"
#include "libclient/requests_setup.h"

namespace kiz {

/// What the configuration says where the request does not; empty on a store of one's own.
struct BackupDefaults {
  std::filesystem::path folder;
  std::optional<std::string> passphrase;
  backup::KeepRules keep;
};

/// backup.write   {"target", "recovery", "keep_days", "keep_weeks", "keep_months"}: a folder or a new file, the recovery
///                passphrase, and what stays in the folder; all may be absent where there are defaults.
std::variant<backup::WriteOptions, Refusal> backup_options(const Json& args, const BackupDefaults& defaults);
/// {"file", "bytes", "entries", "created", "resumed_bytes", "recovery", "removed": [...]}
Reply backup_reply(const backup::Written& written, bool recovery);
Refusal backup_refusal(const Error& error, const std::string& file);

/// backup.check   {"source", "recovery", "key_file"} without a replica: opened with the passphrase or with that key file.
/// {"file", "bytes", "created", "entries", "member", "member_name", "device", "recovery"}
Answer check_backup(const Json& args, const Unlock& unlock, const Watch& watch = {});

/// backup.read    {"source", "recovery", "key_file"}: makes the store of `options` from it, in a new life.
/// The data of backup.check, and {"state_hash", "authority"}.
Begun execute_restore(ReplicaOptions options, const Json& request, const Caller& caller, const Watch& watch = {});

}  // namespace kiz

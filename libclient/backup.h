// Backups of a store: written while it is in use, read back on any machine, checked. The bytes: backup_format.h.
//
// Writing takes a snapshot first (in the thread of the store, a few milliseconds): the write-ahead log is carried over,
// then a reader of its own keeps the database file as it is; commits go on in the log. Everything else, copying, syncing
// and reading back, may run in another thread. The file grows under the name *.partial and gets its own name when every
// byte of it was read back from the target and is what was read from the store. An interrupted one is gone on with:
// chunks that are there already and still the same are not written again.
//
// What is read back is a store of the same device in a new life: it has no incarnation file, so it begins new logs, and
// what it had written after the backup comes back from those that acknowledged it.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kiz/progress.h"
#include "libclient/backup_format.h"
#include "libclient/backup_keep.h"
#include "libclient/replica_core.h"

namespace kiz::backup {

struct WriteOptions {
  std::filesystem::path target;             // a folder that is there, or the new file
  std::optional<std::string> passphrase = {};  // of recovery
  KeepRules keep = {};                      // in a folder, after the new one is good
};

struct Written {
  std::filesystem::path file;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t created_ms = 0;
  std::uint64_t resumed_bytes = 0;  // that an interrupted one had written
  std::vector<std::string> removed; // file names of backups that no rule keeps any more
};

class Writer {
 public:
  /// Takes the snapshot; in the thread of the store. While it lives the write-ahead log is not carried over.
  /// errors: invalid_input (target is none), no_space (carrying over the log, or the target), store_in_use (another one
  ///         is being written there), not_permitted, not_found, io_error, damaged
  static Result<std::unique_ptr<Writer>> begin(ReplicaCore& core, WriteOptions options);
  ~Writer();

  /// Copies, syncs, reads back (`watch` is told of each MiB), gives the file its name, removes what no rule keeps. Any thread, once.
  /// errors: no_space (what was written is removed), damaged (the store, or what came back from the target), io_error,
  ///         silent_peer never; unreachable: `stop` was set, what is there will be gone on with
  Result<Written> run(const Watch& watch, const std::atomic<bool>& stop);

 private:
  struct Parts;
  explicit Writer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Notes in the store when its last good backup was written and where. errors: those of a commit
Result<void> note(ReplicaCore& core, const Written& written);
struct LastBackup {
  std::uint64_t at_ms = 0;
  std::string file;
  std::uint64_t bytes = 0;
};
/// Empty: none that this store knows of.
std::optional<LastBackup> last(const ReplicaCore& core);

struct Checked {
  Contents contents;
  std::uint64_t bytes = 0;
  bool recovery = false;  // a passphrase opens it
};

/// Reads every byte. errors: not_found, malformed (no backup), unknown_version, wrong_key, damaged, store_too_new
Result<Checked> check(const std::filesystem::path& source, const Opening& opening, const Watch& watch = {});

/// Checks all of it, then makes a store of it in `options.directory`, where none may be; database last. A key file that
/// is there already is used, else one is made as options.unlock says.
/// errors: those of check; already_set_up, store_in_use, no_space, io_error
Result<Checked> restore(const std::filesystem::path& source, const Opening& opening, const ReplicaOptions& options,
                        const Watch& watch = {});

}  // namespace kiz::backup

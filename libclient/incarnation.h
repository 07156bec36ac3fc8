// Which life of a store this is. The file `incarnation` stays out of backups and is tied to the database by a counter in
// both, so that a store put back from a backup, or copied to another machine, notices before it appends: appending where
// the lost original had gone on would fork its logs.
#pragma once

#include <string>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "protocol/entry.h"

namespace kiz {

struct IncarnationFile {
  std::uint8_t version = 1;
  Incarnation incarnation;
  std::uint64_t counter = 0;      // grows each time the store is opened; the database holds the same
  std::uint64_t entries = 0;  // how many the store held when it was last closed: it can only grow
  Hash machine;                   // of the machine id; zero where there is none
  LogReason reason = LogReason::first;  // why this life began

  template <class Archive>
  void serialize(Archive& ar);
};

/// Hash of /etc/machine-id, or zero.
Hash machine_hash();

/// errors: not_found, damaged, io_error
Result<IncarnationFile> read_incarnation(const std::string& path);
/// errors: io_error, no_space
Result<void> write_incarnation(const std::string& path, const IncarnationFile& contents);

/// What the counters and the machine say of a store that is being opened. `first`: the life goes on.
/// db_counter is written before the file's, so it may be one ahead after a crash.
LogReason judge_incarnation(const IncarnationFile& held, std::uint64_t db_counter, std::uint64_t db_entries,
                            const Hash& machine);

}  // namespace kiz

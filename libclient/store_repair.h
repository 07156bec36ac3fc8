// Entries that are held and no longer whole: finds them, and gets them back. `kiz pruefen --speicher` looks; from then on
// peers are told that a damaged log ends before the damage (peer_source.h), so whoever holds it sends what follows once more,
// an older program too. What comes is proven by hash and signature before it takes the place of what is damaged.
//
// Here it is about rows. A page that the disk gives back otherwise than it was written is refused below (page_vfs.h): then
// the store is put back from a backup, and what it lacks comes from the others.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "libclient/replica_core.h"

namespace kiz::store_repair {

struct Damage {
  Space space;
  LogId log;
  AuthorKey author;
  Seq from = 0;               // first entry that is not whole or not there
  std::uint64_t entries = 0;  // that are not whole or not there
};

/// Walks every log from its first entry and remembers what is damaged; forgets what no longer is.
/// errors: no_space, io_error; damaged (pages that cannot be read)
Result<std::vector<Damage>> look(ReplicaCore& core);

/// Where the logs that are known to be damaged can no longer be relied on.
std::map<LogId, Seq> known(const ReplicaCore& core);

/// The heads of a space as far as they can be relied on: ascending.
std::vector<Head> whole_heads(const SpaceSlot& slot, const std::map<LogId, Seq>& damaged);

/// Inside a commit: a verified run of a log that is held up to its entries or further has come. Puts back what is damaged of
/// them. packed: bodies as the store keeps them.
void put_back(ReplicaCore& core, SpaceSlot& slot, const VerifiedRun& verified, std::span<const Bytes> packed);

struct Mended {
  Space space;
  std::uint64_t entries = 0;
  std::uint64_t at_ms = 0;  // last
};
std::vector<Mended> mended(const ReplicaCore& core);

}  // namespace kiz::store_repair

// Whether the store still says what its entries say: for `kiz pruefen --speicher`, and after a peer that holds the same sees
// something else. What can be mended here is mended; nothing is asked of the network.
#pragma once

#include <string>
#include <vector>

#include "libclient/omission.h"
#include "libclient/replica_core.h"

namespace kiz {

struct StoreCheck {
  std::uint64_t spaces = 0;
  std::uint64_t entries = 0;
  std::vector<Space> mended;          // what follows from the entries was wrong, and was written anew
  std::vector<std::string> findings;  // chains, commitments or pages that do not hold: not to be mended here
  std::vector<omission::Missing> withheld;  // proven to exist, and a peer that claimed to hold the same does not give it

  bool ok() const { return mended.empty() && findings.empty() && withheld.empty(); }
};

/// Evaluates every space anew, once, and compares; verifies every chain. Takes seconds for years of entries.
/// errors: no_space, io_error, damaged (the database itself)
Result<StoreCheck> check_store(ReplicaCore& core);

}  // namespace kiz

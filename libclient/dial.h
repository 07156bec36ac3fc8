// One exchange with the Kreis without a daemon: dial, join if there is an invite to use, exchange until both sides hold
// the same, hang up. Blocking, for `kiz join` and `kiz sync` on a store of one's own; kizd does the same with coroutines.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "kiz/progress.h"
#include "kiz/replica.h"

namespace kiz {

struct Exchange {
  std::string address;        // that answered
  bool joined = false;        // membership came in this exchange
  bool in_sync = false;       // both sides hold the same, confirmed by the other side
  std::uint64_t pending = 0;  // entries that it has not confirmed
};

/// Tries the addresses of the Kreis one after the other; the first that answers is talked to.
///
/// until_joined   hang up as soon as the membership is there and stored
/// watch          told how many entries have come and gone
/// show_code      called once with the six digits to be compared, where a person at the Kreis must confirm
/// errors         not_set_up (no Kreis to dial), unreachable (nobody answers, or not done within `timeout`),
///                those of the invite (invite_used, wrong_check, ...) and of the session. What was taken in stays.
Result<Exchange> exchange_once(Replica& replica, std::chrono::milliseconds timeout, bool until_joined = false,
                               const std::function<void(const std::string&)>& show_code = {}, const Watch& watch = {});

}  // namespace kiz

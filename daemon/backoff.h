// How long to wait before the same peer is called again. No clock and no chance of its own: whoever calls says how the
// last call ended and draws the lot.
//
// The rule: one try per peer and minute after a failure, never more, and everybody at a moment of his own. Four hundred
// towns lose the same node at the same moment, or all memberships end on the same day; they must not come back as one.
//
//   all was exchanged, then the line broke    1 to 6 s: the other side most likely starts again
//   the call failed                           60 to 75 s
//   refused by name (locked out, expired)     10 to 12.5 min: asking soon would not help
//   no packet left this machine               10 to 15 s: nobody is bothered by it
#pragma once

#include <chrono>
#include <cstdint>

namespace kiz {

enum class CallEnd : std::uint8_t { was_in_sync, failed, refused_by_name, no_network };

/// lot: 32 random bits, fresh for each call
std::chrono::milliseconds pause_after(CallEnd end, std::uint32_t lot);

}  // namespace kiz

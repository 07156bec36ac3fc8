// How `kiz` and `kizd` talk over the control socket: one frame each way.
//
//   length 4 (big endian, bytes of the body) | body (JSON, UTF-8)
//   request  {"v":1, "request":"offer.new", "args":{...}, "lang":"de", "dry_run":false, "progress":false}
//   with progress, before the reply, any number of  {"progress":{"what":"writing","done":1200,"total":10000}}; total 0: not
//   known. An asker that hangs up before the reply ends what it asked for, and nothing of it is changed.
//   reply    the envelope of `--json` (requests.h); to "events" a frame for each change until either side hangs up
//   with `columns` among the arguments of a list: the envelope, a byte 0, and packed rows (packed_rows.h), which stand as binary
//   at data.rows before and behind the socket
// Who asks is not in the frame: the daemon takes user and groups from the socket itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libclient/requests.h"

namespace kiz::control_frame {

inline constexpr std::size_t body_bytes_max = std::size_t{64} << 20;  // an import of 100,000 rows fits
inline constexpr std::size_t depth_max = 64;                         // nesting of the JSON; ours needs 8
inline constexpr std::size_t header_bytes = 4;

/// Header and body. errors: over_limit
Result<std::string> encode(const Json& message);
/// Bytes of the body that follows. errors: over_limit, malformed (empty)
Result<std::size_t> body_bytes(const std::array<std::uint8_t, header_bytes>& header);
/// errors: malformed (no JSON object, not UTF-8, rows without data), over_limit (nested too deeply)
Result<Json> decode(std::string_view body);

}  // namespace kiz::control_frame

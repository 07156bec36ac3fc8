// Compression of one piece of bytes (a message, a block of a bundle) with zstd. Rules: SPEC.md §7.4.
//
// Packed bytes come from outside. Their frame must state its content size, so that memory is bounded before any is
// reserved: what claims more than the caller's limit, or does not say, is refused unread.
#pragma once

#include <optional>

#include "kiz/bytes.h"
#include "kiz/result.h"

namespace kiz {

inline constexpr std::size_t packing_bytes_min = 256;                // smaller pieces gain nothing worth the time
inline constexpr std::size_t packing_window_bytes_max = 8u << 20;  // what a streaming decoder may need to keep

/// One zstd frame, or nothing if `in` is not longer than 256 bytes or would not get smaller.
std::optional<Bytes> pack(ByteView in);

/// The content of exactly one zstd frame.
///
/// bytes_max  of the content
/// errors     over_limit: content or window too large; not_canonical: not smaller than its content, so it had to come plain
///            malformed: not one whole zstd frame with its content size and without a dictionary
Result<Bytes> unpack(ByteView packed, std::size_t bytes_max);

}  // namespace kiz

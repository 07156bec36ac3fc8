// Bytes that people read aloud, type and paste: Crockford's base 32, in groups of five. Rules: SPEC.md §8.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kiz/bytes.h"

namespace kiz::base32 {

inline constexpr std::size_t group_characters = 5;

/// Highest bit first; the last digit is filled up with zero bits.
std::string encode(ByteView in);
/// Nothing if a digit is unknown or the bits behind the last byte are not zero. Reads what as_meant() gives.
std::optional<Bytes> decode(std::string_view in);
/// The text without blanks, line ends, hyphens and the like, anywhere in it.
std::string without_separators(std::string_view text);
/// Small letters as capitals, O as 0, I and L as 1.
char as_meant(char c);
/// Groups of five, joined by hyphens.
std::string in_groups(std::string_view text);

}  // namespace kiz::base32

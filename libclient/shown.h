// Days, instants, months and numbers as people read them, in the present language (translate.h). Answers keep RFC 3339.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiz {

/// "2026-11-22T08:15:00Z" -> "22.11.2026 09:15" in local time; "2026-11-22" -> "22.11.2026". Else as it is.
std::string shown_time(std::string_view rfc3339);
/// "2026-10" -> "Oktober 2026".
std::string shown_month(std::string_view month);
/// 12345 -> "12.345" or "12,345".
std::string shown_number(std::int64_t n);
/// 85 KiB, 1,5 GiB.
std::string shown_bytes(std::uint64_t n);

/// Of milliseconds since 1970: the day in UTC, as the lists of members and devices have it; the instant in local time.
std::string shown_day(std::uint64_t ms);
std::string shown_instant(std::uint64_t ms);

}  // namespace kiz

// Months, days and instants as text: "2026-10", "2026-10-31", "2026-10-31T09:15:00Z". Proleptic Gregorian calendar, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiz::months {

/// "YYYY-MM" with a real month.
bool is_month(std::string_view text);
/// "YYYY-MM-DD" with a real day.
bool is_day(std::string_view text);

/// The month `by` months later (earlier when negative). `month` must be one.
std::string plus(std::string_view month, int by);

/// The month and the day of an instant, UTC.
std::string month_of(std::uint64_t ms);
std::string day_of(std::uint64_t ms);
/// RFC 3339 with a Z, whole seconds.
std::string instant(std::uint64_t ms);

/// Days between two days, negative when `to` is before `from`. Both must be days.
int days_between(std::string_view from, std::string_view to);
/// The last day of a month.
std::string last_day(std::string_view month);

/// True when the month or day has begun nowhere on Earth: no clerk's wall calendar can show it yet.
bool is_future(std::string_view month_or_day, std::uint64_t now_ms);

/// The months of a year, or of a school year "2025/26" (August to July); empty for anything else.
struct Span {
  std::string first, last;
};
std::optional<Span> year(std::string_view text);

}  // namespace kiz::months

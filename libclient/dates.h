// Dates, months and periods as text. Kept as YYYY-MM-DD and YYYY-MM, so that text order is time order.
#pragma once

#include <string>
#include <string_view>

namespace kiz::dates {

/// YYYY-MM-DD, D.M.YYYY or DD.MM.YYYY as YYYY-MM-DD; empty when it is no day of the calendar from 1900 to 2999.
std::string read_date(std::string_view text);

/// YYYY-MM, M.YYYY, M/YYYY or YYYYMM as YYYY-MM; empty when it is none.
std::string read_month(std::string_view text);

/// A month, YYYY, YYYY-H1, "1. Halbjahr YYYY", YYYY/YY or YYYY/YYYY as the registry's period; empty when it is none.
std::string read_period(std::string_view text);

/// DD.MM.YYYY for YYYY-MM-DD; anything else as it is.
std::string german(std::string_view date);

/// The last day of a period: "2026-02" gives "2026-02-28", a school year 31 July. Empty when it is none.
std::string last_day(std::string_view period);

}  // namespace kiz::dates

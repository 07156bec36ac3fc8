#include "libclient/dates.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <optional>

namespace kiz::dates {
namespace {

/// Digits alone, at least one and at most `digits_max`.
std::optional<int> number(std::string_view text, std::size_t digits_max) {
  if (text.empty() || text.size() > digits_max || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  int out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::optional<int> year_of(std::string_view text) {
  const auto year = text.size() == 4 ? number(text, 4) : std::nullopt;
  return year && *year >= 1900 && *year <= 2999 ? year : std::nullopt;
}

std::optional<int> month_of(std::string_view text) {
  const auto month = number(text, 2);
  return month && *month >= 1 && *month <= 12 ? month : std::nullopt;
}

std::string day(std::optional<int> year, std::optional<int> month, std::optional<int> day) {
  if (!year || !month || !day) return {};
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? fmt::format("{:04}-{:02}-{:02}", *year, *month, *day) : std::string{};
}

}  // namespace

std::string read_date(std::string_view text) {
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    return day(year_of(text.substr(0, 4)), month_of(text.substr(5, 2)), number(text.substr(8), 2));
  }
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return {};
  return day(year_of(text.substr(second + 1)), month_of(text.substr(first + 1, second - first - 1)),
             number(text.substr(0, first), 2));
}

std::string read_month(std::string_view text) {
  std::optional<int> year, month;
  if (text.size() == 7 && text[4] == '-') {
    year = year_of(text.substr(0, 4));
    month = month_of(text.substr(5));
  } else if (text.size() == 6 && number(text, 6)) {
    year = year_of(text.substr(0, 4));
    month = month_of(text.substr(4));
  } else if (const auto mark = text.find_first_of("./"); mark != std::string_view::npos) {
    year = year_of(text.substr(mark + 1));
    month = month_of(text.substr(0, mark));
  }
  return year && month ? fmt::format("{:04}-{:02}", *year, *month) : std::string{};
}

std::string read_period(std::string_view text) {
  if (auto month = read_month(text); !month.empty()) return month;
  const auto year = year_of(text.substr(0, 4));
  if (year && text.size() == 4) return std::string(text);
  if (year && text.size() > 4 && text[4] == '/') {
    const auto next = number(text.substr(5), 4);
    const bool follows =
        next && (text.size() == 7 ? *next == (*year + 1) % 100 : text.size() == 9 && *next == *year + 1);
    return follows ? fmt::format("{:04}/{:02}", *year, (*year + 1) % 100) : std::string{};
  }
  if (year && (text.substr(4) == "-H1" || text.substr(4) == "-H2")) return std::string(text);
  if (text.size() == 16 && text.substr(1, 11) == ". Halbjahr " && (text[0] == '1' || text[0] == '2')) {
    if (const auto half_year = year_of(text.substr(12))) return fmt::format("{}-H{}", *half_year, text[0]);
  }
  return {};
}

std::string german(std::string_view date) {
  if (read_date(date) != date || date.empty()) return std::string(date);
  return fmt::format("{}.{}.{}", date.substr(8), date.substr(5, 2), date.substr(0, 4));
}

std::string last_day(std::string_view period) {
  if (read_period(period) != period || period.empty()) return {};
  const int year = *year_of(period.substr(0, 4));
  if (period.size() == 4) return fmt::format("{}-12-31", year);
  if (period[4] == '/') return fmt::format("{}-07-31", year + 1);
  if (period[5] == 'H') return fmt::format("{}-{}", year, period[6] == '1' ? "06-30" : "12-31");
  const auto month = std::chrono::month(static_cast<unsigned>(*month_of(period.substr(5))));
  const std::chrono::year_month_day_last last{std::chrono::year(year), std::chrono::month_day_last(month)};
  return fmt::format("{}-{:02}", period, static_cast<unsigned>(last.day()));
}

}  // namespace kiz::dates

#include "libclient/months.h"

#include <chrono>
#include <cstdio>

#include "kiz/assert.h"

namespace kiz::months {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::uint64_t hour_ms = 3'600'000;
// The first place on Earth is 14 hours ahead of UTC. A town enters the first of the month when its own clock says so.
constexpr std::uint64_t earliest_midnight_ms = 14 * hour_ms;

std::optional<int> digits(std::string_view text) {
  int out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return text.empty() ? std::nullopt : std::optional{out};
}

std::optional<year_month_day> parse(std::string_view text) {
  const bool month_only = text.size() == 7;
  if ((!month_only && text.size() != 10) || text[4] != '-' || (!month_only && text[7] != '-')) return std::nullopt;
  const auto y = digits(text.substr(0, 4)), m = digits(text.substr(5, 2));
  const auto d = month_only ? std::optional{1} : digits(text.substr(8));
  if (!y || !m || !d || *y < 1) return std::nullopt;
  const year_month_day day{std::chrono::year{*y}, std::chrono::month{static_cast<unsigned>(*m)},
                           std::chrono::day{static_cast<unsigned>(*d)}};
  return day.ok() ? std::optional{day} : std::nullopt;
}

std::string text(const year_month_day& day, bool month_only) {
  char out[16];
  const int y = static_cast<int>(day.year());
  const unsigned m = static_cast<unsigned>(day.month()), d = static_cast<unsigned>(day.day());
  if (month_only) {
    std::snprintf(out, sizeof out, "%04d-%02u", y % 10000, m % 100);
  } else {
    std::snprintf(out, sizeof out, "%04d-%02u-%02u", y % 10000, m % 100, d % 100);
  }
  return out;
}

year_month_day date(std::uint64_t ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds{static_cast<std::int64_t>(ms)}};
  return year_month_day{std::chrono::floor<std::chrono::days>(at)};
}

}  // namespace

bool is_month(std::string_view text) { return text.size() == 7 && parse(text).has_value(); }
bool is_day(std::string_view text) { return text.size() == 10 && parse(text).has_value(); }

std::string plus(std::string_view month, int by) {
  const auto first = parse(month);
  KIZ_ASSERT(first);
  return text(*first + std::chrono::months{by}, true);
}

std::string month_of(std::uint64_t ms) { return text(date(ms), true); }
std::string day_of(std::uint64_t ms) { return text(date(ms), false); }

std::string instant(std::uint64_t ms) {
  const auto seconds = ms / 1000 % 86400;
  char time[16];
  std::snprintf(time, sizeof time, "T%02u:%02u:%02uZ", static_cast<unsigned>(seconds / 3600),
                static_cast<unsigned>(seconds / 60 % 60), static_cast<unsigned>(seconds % 60));
  return day_of(ms) + time;
}

int days_between(std::string_view from, std::string_view to) {
  const auto a = parse(from), b = parse(to);
  KIZ_ASSERT(a && b);
  return static_cast<int>((sys_days{*b} - sys_days{*a}).count());
}

std::string last_day(std::string_view month) {
  const auto first = parse(month);
  KIZ_ASSERT(first);
  return text(year_month_day{first->year() / first->month() / std::chrono::last}, false);
}

bool is_future(std::string_view month_or_day, std::uint64_t now_ms) {
  const std::string now = day_of(now_ms + earliest_midnight_ms);
  return month_or_day > std::string_view(now).substr(0, month_or_day.size());
}

std::optional<Span> year(std::string_view text) {
  const auto y = digits(text.substr(0, 4));
  if (!y || text.size() < 4) return std::nullopt;
  const std::string start(text.substr(0, 4));
  if (text.size() == 4) return Span{start + "-01", start + "-12"};
  if (text.size() != 7 || text[4] != '/' || digits(text.substr(5)) != (*y + 1) % 100) return std::nullopt;
  return Span{start + "-08", plus(start + "-07", 12)};
}

}  // namespace kiz::months

#include "libclient/backup_keep.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <set>

namespace kiz::backup {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using Moment = std::chrono::sys_time<std::chrono::milliseconds>;

constexpr std::string_view extension = ".kizbackup";

sys_days day_of(std::uint64_t ms) {
  return std::chrono::floor<days>(Moment{std::chrono::milliseconds{static_cast<std::int64_t>(ms)}});
}

// A number that is the same for all moments of one day, week (from Monday), month.
long day_number(std::uint64_t ms) { return day_of(ms).time_since_epoch().count(); }
long week_number(std::uint64_t ms) { return (day_number(ms) + 3) / 7; }
long month_number(std::uint64_t ms) {
  const std::chrono::year_month_day date{day_of(ms)};
  return static_cast<long>(static_cast<int>(date.year())) * 12 + static_cast<long>(static_cast<unsigned>(date.month()));
}

// Of the newest `count` periods that hold a backup, the newest one in each. `moments` come newest first.
void keep(const std::vector<std::uint64_t>& moments, std::size_t count, long (*period)(std::uint64_t), std::set<std::uint64_t>& kept) {
  std::set<long> seen;
  for (const std::uint64_t moment : moments) {
    if (seen.size() == count) return;
    if (seen.insert(period(moment)).second) kept.insert(moment);
  }
}

std::optional<int> digits(std::string_view text) {
  int out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

}  // namespace

std::string name_stem(const MemberId& member, const AuthorKey& author) {
  std::string clean;
  for (const char c : member) clean += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? c : '_';
  return "kiz-sync-" + (clean.empty() ? "0" : clean) + "-" + to_hex(ByteView{author}.first(4));
}

std::string file_name(const std::string& stem, std::uint64_t created_ms) {
  const sys_days day = day_of(created_ms);
  const std::chrono::year_month_day date{day};
  const auto seconds = static_cast<unsigned>(created_ms / 1000 % 86'400);
  char text[32];
  std::snprintf(text, sizeof text, "-%04d%02u%02uT%02u%02u%02uZ", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), seconds / 3600, seconds / 60 % 60, seconds % 60);
  return stem + text + std::string{extension};
}

std::optional<std::uint64_t> moment_of(std::string_view file, const std::string& stem) {
  constexpr std::string_view form = "-20261122T103000Z";
  if (file.size() != stem.size() + form.size() + extension.size() || !file.starts_with(stem) || !file.ends_with(extension)) {
    return std::nullopt;
  }
  const std::string_view text = file.substr(stem.size(), form.size());
  const auto year = digits(text.substr(1, 4)), month = digits(text.substr(5, 2)), day = digits(text.substr(7, 2));
  const auto hour = digits(text.substr(10, 2)), minute = digits(text.substr(12, 2)), second = digits(text.substr(14, 2));
  if (!year || !month || !day || !hour || !minute || !second || text[0] != '-' || text[9] != 'T' || text[16] != 'Z') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const auto moment = sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second};
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(moment.time_since_epoch()).count());
}

std::vector<std::uint64_t> surplus(std::vector<std::uint64_t> moments_ms, const KeepRules& rules) {
  if (!rules.any() || moments_ms.empty()) return {};
  std::sort(moments_ms.begin(), moments_ms.end(), std::greater<>{});
  std::set<std::uint64_t> kept{moments_ms.front()};
  keep(moments_ms, rules.days, day_number, kept);
  keep(moments_ms, rules.weeks, week_number, kept);
  keep(moments_ms, rules.months, month_number, kept);
  std::erase_if(moments_ms, [&](std::uint64_t moment) { return kept.contains(moment); });
  return moments_ms;
}

}  // namespace kiz::backup

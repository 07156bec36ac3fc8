#include "libclient/shown.h"

#include <cstdio>
#include <ctime>

#include "libclient/months.h"
#include "libclient/translate.h"

namespace kiz {

namespace {
bool digits_at(std::string_view text, std::size_t at, std::size_t n) {
  if (text.size() < at + n) return false;
  for (const char c : text.substr(at, n)) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

int number_at(std::string_view text, std::size_t at, std::size_t n) {
  int value = 0;
  for (const char c : text.substr(at, n)) value = value * 10 + (c - '0');
  return value;
}

bool is_date(std::string_view text) {
  return text.size() >= 10 && digits_at(text, 0, 4) && text[4] == '-' && digits_at(text, 5, 2) && text[7] == '-' &&
         digits_at(text, 8, 2);
}

std::string day(int year, int month, int mday) {
  char buffer[40];
  if (language() == "de") {
    std::snprintf(buffer, sizeof buffer, "%02d.%02d.%04d", mday, month, year);
  } else {
    std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d", year, month, mday);
  }
  return buffer;
}
}  // namespace

std::string shown_time(std::string_view text) {
  if (!is_date(text)) return std::string{text};
  const int year = number_at(text, 0, 4), month = number_at(text, 5, 2), mday = number_at(text, 8, 2);
  if (text.size() < 16 || text[10] != 'T' || !digits_at(text, 11, 2) || !digits_at(text, 14, 2)) {
    return day(year, month, mday);
  }
  std::tm utc{};
  utc.tm_year = year - 1900;
  utc.tm_mon = month - 1;
  utc.tm_mday = mday;
  utc.tm_hour = number_at(text, 11, 2);
  utc.tm_min = number_at(text, 14, 2);
  const std::time_t at = ::timegm(&utc);
  std::tm local{};
  ::localtime_r(&at, &local);
  char clock[16];
  std::snprintf(clock, sizeof clock, " %02d:%02d", local.tm_hour, local.tm_min);
  return day(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday) + clock;
}

std::string shown_month(std::string_view text) {
  if (text.size() != 7 || !digits_at(text, 0, 4) || text[4] != '-' || !digits_at(text, 5, 2)) return std::string{text};
  const int month = number_at(text, 5, 2);
  if (month < 1 || month > 12) return std::string{text};
  const std::string names[] = {tr("January"), tr("February"), tr("March"),     tr("April"),   tr("May"),      tr("June"),
                               tr("July"),    tr("August"),   tr("September"), tr("October"), tr("November"), tr("December")};
  return names[month - 1] + " " + std::string{text.substr(0, 4)};
}

std::string shown_number(std::int64_t n) {
  std::string digits = std::to_string(n);
  const std::size_t first = n < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3; at -= 3) digits.insert(at - 3, 1, language() == "de" ? '.' : ',');
  return digits;
}

std::string shown_bytes(std::uint64_t n) {
  if (n < 1024) return std::to_string(n) + " B";
  const char* units[] = {"KiB", "MiB", "GiB", "TiB"};
  double amount = static_cast<double>(n);
  std::size_t unit = 0;
  amount /= 1024;
  while (amount >= 1024 && unit < 3) {
    amount /= 1024;
    ++unit;
  }
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, amount < 10 ? "%.1f %s" : "%.0f %s", amount, units[unit]);
  std::string text = buffer;
  if (language() == "de") {
    if (const auto point = text.find('.'); point != std::string::npos) text[point] = ',';
  }
  return text;
}

std::string shown_day(std::uint64_t ms) { return shown_time(months::day_of(ms)); }

std::string shown_instant(std::uint64_t ms) { return shown_time(months::instant(ms)); }

}  // namespace kiz

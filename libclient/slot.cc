#include "libclient/slot.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "libclient/dates.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

struct DayName {
  std::string_view name;
  std::size_t day;
};
constexpr DayName day_names[] = {
    {"mo", 0},     {"montag", 0},  {"mon", 0},       {"monday", 0},    {"di", 1},         {"dienstag", 1},
    {"tu", 1},     {"tue", 1},     {"tues", 1},      {"tuesday", 1},   {"mi", 2},         {"mittwoch", 2},
    {"we", 2},     {"wed", 2},     {"wednesday", 2}, {"do", 3},        {"donnerstag", 3}, {"th", 3},
    {"thu", 3},    {"thur", 3},    {"thursday", 3},  {"fr", 4},        {"freitag", 4},    {"fri", 4},
    {"friday", 4}, {"sa", 5},      {"samstag", 5},   {"sonnabend", 5}, {"sat", 5},        {"saturday", 5},
    {"so", 6},     {"sonntag", 6}, {"su", 6},        {"sun", 6},       {"sunday", 6},
};
constexpr std::string_view canonical_days[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
constexpr std::string_view german_days[] = {"Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"};
constexpr std::string_view english_days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

std::optional<std::size_t> day_of(std::string_view word) {
  if (word.size() > 3 && word.back() == 's') {  // "montags", "mondays"
    for (const auto& known : day_names) {
      if (known.name == word.substr(0, word.size() - 1)) return known.day;
    }
  }
  for (const auto& known : day_names) {
    if (known.name == word) return known.day;
  }
  return std::nullopt;
}

std::optional<int> number(std::string_view digits, int max) {
  int out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc{} || end != digits.data() + digits.size() || out < 0 || out > max) return std::nullopt;
  return out;
}

/// "9", "9:00", "09.30" as minutes.
std::optional<int> minutes_of(std::string_view text) {
  const auto mark = text.find_first_of(":.");
  const auto hour = number(text.substr(0, mark), 24);
  if (!hour || text.substr(0, mark).size() > 2) return std::nullopt;
  if (mark == std::string_view::npos) return *hour * 60;
  const auto minute = number(text.substr(mark + 1), 59);
  if (!minute || text.substr(mark + 1).size() != 2 || (*hour == 24 && *minute > 0)) return std::nullopt;
  return *hour * 60 + *minute;
}

/// One way of writing: lower case, one blank between words, plain hyphens without blanks around them.
std::string tidy(std::string_view text) {
  constexpr char hyphen = '~';  // fold() would make the plain one a blank
  std::string marked;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = text.substr(i).starts_with("–") || text.substr(i).starts_with("—");
    if (dash) i += 2;  // three bytes each
    const char c = text[i];
    marked += dash || c == '-' ? hyphen : c == ',' || c == ';' || c == '\t' ? ' ' : c;
  }
  std::string out;
  for (const char c : registry::fold(marked)) {
    const char last = out.empty() ? ' ' : out.back();
    if (c == hyphen && last == ' ' && !out.empty()) {
      out.back() = '-';
    } else if (c == '_') {
      if (last != ' ' && last != '-') out += ' ';
    } else {
      out += c == hyphen ? '-' : c;
    }
  }
  return out;
}

class SlotReader {
 public:
  explicit SlotReader(std::string_view text) : words_(split(text)) {}

  std::optional<Slot> read() {
    while (at_ < words_.size()) {
      if (!word()) return std::nullopt;
    }
    const bool something = slot_.has_days() || !slot_.date.empty() || slot_.begin >= 0 || !slot_.from.empty();
    if (!something || (slot_.has_days() && !slot_.date.empty())) return std::nullopt;
    if (slot_.end >= 0 && slot_.end <= slot_.begin) return std::nullopt;
    if (!slot_.from.empty() && !slot_.until.empty() && slot_.until < slot_.from) return std::nullopt;
    return slot_;
  }

 private:
  static std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out(1);
    for (const char c : text) {
      if (c == ' ') {
        if (!out.back().empty()) out.emplace_back();
      } else {
        out.back() += c;
      }
    }
    if (out.back().empty()) out.pop_back();
    return out;
  }

  std::string_view peek(std::size_t ahead = 0) const {
    return at_ + ahead < words_.size() ? std::string_view(words_[at_ + ahead]) : std::string_view{};
  }

  bool word() {
    const std::string_view w = peek();
    if (w == "uhr" || w == "und" || w == "and" || w == "jeden" || w == "+" || w == "am" || w == "on") {
      return skip(1);
    }
    if (w == "taeglich" || w == "daily") {
      slot_.days.fill(true);
      return skip(1);
    }
    if (w == "ganztags" || w == "all-day") return times(0, 24 * 60) && skip(1);
    if (w == "ab" || w == "from" || w == "von" || w == "seit") return after(slot_.from);
    if (w == "bis" || w == "until" || w == "to") return after(slot_.until);
    if (w == "alle" || w == "every") return interval();
    return days(w) || time_range(w) || date(w);
  }

  bool skip(std::size_t words) {
    at_ += words;
    return true;
  }

  bool times(int begin, int end) {
    if (slot_.begin >= 0) return false;
    slot_.begin = begin;
    slot_.end = end;
    return true;
  }

  /// After "ab" or "bis": a date, or a time ("von 9 bis 11").
  bool after(std::string& target) {
    if (const auto day = dates::read_date(peek(1)); !day.empty()) {
      if (!target.empty()) return false;
      target = day;
      return skip(2);
    }
    const auto time = minutes_of(peek(1));
    if (!time) return false;
    int& minutes = &target == &slot_.from ? slot_.begin : slot_.end;
    if (minutes >= 0) return false;
    minutes = *time;
    return slot_.begin >= 0 && skip(2);
  }

  bool interval() {
    const auto weeks = number(peek(1), 52);
    if (!weeks || *weeks < 1) return false;
    slot_.every = *weeks;
    at_ += 2;
    if (peek() == "wochen" || peek() == "weeks" || peek() == "woche" || peek() == "week") ++at_;
    return true;
  }

  bool days(std::string_view w) {
    std::string name(w);
    if (!name.empty() && name.back() == '.') name.pop_back();
    const auto hyphen = name.find('-');
    const auto first = day_of(std::string_view(name).substr(0, hyphen));
    if (!first) return false;
    std::size_t last = *first;
    if (hyphen != std::string::npos) {
      const auto end = day_of(std::string_view(name).substr(hyphen + 1));
      if (!end) return false;
      last = *end;
    }
    for (std::size_t day = *first;; day = (day + 1) % 7) {
      slot_.days[day] = true;
      if (day == last) break;
    }
    return skip(1);
  }

  bool time_range(std::string_view w) {
    const auto hyphen = w.find('-');
    const auto begin = minutes_of(w.substr(0, hyphen));
    if (!begin) return false;
    int end = -1;
    if (hyphen != std::string_view::npos) {
      const auto read = minutes_of(w.substr(hyphen + 1));
      if (!read) return false;
      end = *read;
    }
    return times(*begin, end) && skip(1);
  }

  bool date(std::string_view w) {
    const std::string day = dates::read_date(w);
    if (day.empty() || !slot_.date.empty()) return false;
    slot_.date = day;
    return skip(1);
  }

  std::vector<std::string> words_;
  std::size_t at_ = 0;
  Slot slot_;
};

std::string clock(int minutes) { return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60); }

std::string join_days(const Slot& slot, std::span<const std::string_view> names, std::string_view between) {
  std::string out;
  for (std::size_t day = 0; day < 7; ++day) {
    if (!slot.days[day]) continue;
    if (!out.empty()) out += between;
    out += names[day];
  }
  return out;
}

void add(std::string& out, std::string_view part, std::string_view between = " ") {
  if (part.empty()) return;
  if (!out.empty()) out += between;
  out += part;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

bool Slot::has_days() const { return std::find(days.begin(), days.end(), true) != days.end(); }

Read<Slot> read_slot(std::string_view text, std::string_view field) {
  const Complaint wrong{.code = Complaint::Code::bad_slot,
                        .field = std::string(field),
                        .given = std::string(text),
                        .allowed = "Mo,Mi 09:00-11:30 ab 12.01.2026"};
  std::string_view head = trim(text);
  std::string note;
  if (head.ends_with(')')) {
    const auto open = head.find('(');
    if (open == std::string_view::npos) return wrong;
    note = trim(head.substr(open + 1, head.size() - open - 2));
    head = trim(head.substr(0, open));
  }
  if (head.empty()) {
    if (note.empty()) return wrong;
    Slot slot;
    slot.note = note;
    return slot;
  }
  auto slot = SlotReader(tidy(head)).read();
  if (!slot) return wrong;
  slot->note = note;
  return *slot;
}

std::string write_slot(const Slot& slot) {
  std::string out = slot.date.empty() ? join_days(slot, canonical_days, ",") : slot.date;
  if (slot.begin >= 0) add(out, clock(slot.begin) + (slot.end >= 0 ? "-" + clock(slot.end) : ""));
  if (!slot.from.empty()) add(out, "from " + slot.from);
  if (!slot.until.empty()) add(out, "until " + slot.until);
  if (slot.every > 1) add(out, fmt::format("every {}", slot.every));
  if (!slot.note.empty()) add(out, "(" + slot.note + ")");
  return out;
}

std::string show_slot(const Slot& slot, Tongue tongue) {
  const bool german = tongue == Tongue::german;
  const auto day = [&](const std::string& date) { return german ? dates::german(date) : date; };
  std::string out = slot.date.empty() ? join_days(slot, german ? german_days : english_days, ", ") : day(slot.date);
  if (slot.begin >= 0) {
    add(out, clock(slot.begin) + (slot.end >= 0 ? "-" + clock(slot.end) : "") + (german ? " Uhr" : ""));
  }
  if (!slot.from.empty()) add(out, (german ? "ab " : "from ") + day(slot.from), ", ");
  if (!slot.until.empty()) add(out, (german ? "bis " : "until ") + day(slot.until), ", ");
  const std::string weeks = std::to_string(slot.every);
  if (slot.every > 1) add(out, german ? "alle " + weeks + " Wochen" : "every " + weeks + " weeks", ", ");
  if (!slot.note.empty()) add(out, "(" + slot.note + ")");
  return out;
}

}  // namespace kiz

// One line of an offer's schedule: on which days, from when to when, in which time of the year, every how many weeks.
//
// Canonical text (SPEC.md "Slot"), parts in this order, one blank between, each may be missing:
//   MO,WE | 2026-05-01   weekdays as in iCalendar, ascending, or one date
//   09:00-11:30          begin and end, or 09:00 alone; 00:00-24:00 = all day
//   from 2026-01-12      first and
//   until 2026-06-30     last day
//   every 2              weeks
//   (nach Vereinbarung)  a note; alone it is a slot as well
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "libclient/complaint.h"

namespace kiz {

struct Slot {
  std::array<bool, 7> days{};  // Monday first
  std::string date;            // YYYY-MM-DD; then no days
  int begin = -1;              // minutes since midnight; -1: not given
  int end = -1;                // > begin, at most 24:00
  std::string from;            // YYYY-MM-DD or empty
  std::string until;
  int every = 1;  // weeks, 1..52
  std::string note;

  bool has_days() const;
  auto operator<=>(const Slot&) const = default;
};

/// Reads what a person writes in German or English, and the canonical text:
/// "montags 9-11 Uhr", "Mo, Mi 09:00-11:30 ab 12.01.2026 alle 2 Wochen (Raum 3)", "Mon-Fri 8.30-12".
/// complaints  bad_slot with an example; `field` is what the complaint calls it
Read<Slot> read_slot(std::string_view text, std::string_view field);

/// The canonical text.
std::string write_slot(const Slot& slot);

/// For people: "Mo, Mi 09:00-11:30 Uhr, ab 12.01.2026, alle 2 Wochen (Raum 3)".
std::string show_slot(const Slot& slot, Tongue tongue);

}  // namespace kiz

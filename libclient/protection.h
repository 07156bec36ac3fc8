// Disclosure control: what leaves the Kreis never shows how many it is when it is one or two, nor lets anyone compute it.
//
// A table here is one measure of one month: a total, and breakdowns of it (by town, by age, ...), each of which adds up to
// the total. No two breakdowns are crossed, so the total is all that they share.
//   1. A cell of 1 or 2 reads "< 3" (primary). 0 is shown: that nobody came names nobody.
//   2. The smallest other cell that is not 0 is withheld with it (secondary), always one, so that the choice says nothing
//      about the cells it covers. That is enough when each "< 3" could be 1 as well as 2 for a reader who knows the
//      total, the cells shown and this very rule.
//   3. Where it is not enough, the whole breakdown is withheld, zeros too.
//   4. A total of 1 or 2 reads "< 3" and withholds its breakdowns.
// Hiding as few cells as possible leaks: that fewer were not enough tells what they sum up to.
// Same counts, same table: nothing here is random and the order of cells does not matter, so two exports of the same
// numbers never differ in what they hide.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiz::protection {

inline constexpr std::int64_t shown_min = 3;

enum class Mask : std::uint8_t {
  shown,
  under_3,   // "< 3"
  withheld,  // hidden so that another one cannot be computed
};
std::string_view name(Mask mask);  // JSON

struct Cell {
  std::string key;  // unique in its breakdown; decides between equals
  std::int64_t value = 0;
  Mask mask = Mask::shown;
};

struct Breakdown {
  std::string name;  // "member", "age_band", ...
  std::vector<Cell> cells;
};

struct Table {
  std::int64_t total = 0;
  Mask total_mask = Mask::shown;
  std::vector<Breakdown> breakdowns;
};

/// Sets the masks. A breakdown that does not add up to the total (some of its people are not broken down) gets the rest
/// as a cell that is never shown but may be computed by a reader, so it is protected like the others.
void protect(Table& table);

/// True when a reader of the masked table can tell some cell of 1 or 2: the attack that protect() stops, for tests and
/// as a last check before a report goes out.
bool derivable(const Table& table);

}  // namespace kiz::protection

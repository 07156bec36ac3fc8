#include "libclient/protection.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "kiz/assert.h"

namespace kiz::protection {
namespace {

bool small(std::int64_t value) { return value > 0 && value < shown_min; }

/// What a reader knows of the hidden cells of a breakdown whose total is shown.
struct Hidden {
  std::int64_t sum = 0;       // total less the cells shown
  std::int64_t under = 0;     // cells marked "< 3": each is 1 or 2
  std::int64_t withheld = 0;  // cells marked withheld: each is 3 or more, else it would read "< 3" or 0
  std::int64_t withheld_max = std::numeric_limits<std::int32_t>::max();  // and was the smallest, so not above the shown
};

/// Each "< 3" may be 1 and may be 2: the sums that all of them together can have leave room for both.
bool both_possible(const Hidden& hidden) {
  const std::int64_t lowest = std::max(hidden.under, hidden.sum - hidden.withheld * hidden.withheld_max);
  const std::int64_t highest = std::min(2 * hidden.under, hidden.sum - hidden.withheld * shown_min);
  return hidden.under == 0 || (lowest <= 2 * hidden.under - 1 && highest >= hidden.under + 1);
}

/// Hides nothing by words: all cells alike, zeros too.
void withhold(Breakdown& breakdown) {
  for (Cell& cell : breakdown.cells) cell.mask = Mask::withheld;
}

bool before(const Cell* a, const Cell* b) { return std::tie(a->value, a->key) < std::tie(b->value, b->key); }

void protect(Breakdown& breakdown, std::int64_t total) {
  Hidden hidden;
  std::vector<Cell*> shown;
  std::int64_t sum = 0;
  for (Cell& cell : breakdown.cells) {
    sum += cell.value;
    cell.mask = small(cell.value) ? Mask::under_3 : Mask::shown;
    if (cell.mask == Mask::under_3) {
      ++hidden.under;
      hidden.sum += cell.value;
    } else if (cell.value >= shown_min) {
      shown.push_back(&cell);
    }
  }
  // People who are in the total and in no cell: the reader computes them as total less cells, a cell without a name.
  // It cannot be hidden by itself, only by hiding others.
  const std::int64_t rest = total - sum;
  if (rest < 0 || small(rest) || (rest > 0 && hidden.under > 0)) return withhold(breakdown);
  if (hidden.under == 0) return;
  if (shown.empty()) return withhold(breakdown);

  std::sort(shown.begin(), shown.end(), before);
  Cell& cover = *shown.front();
  cover.mask = Mask::withheld;
  hidden.withheld = 1;
  hidden.sum += cover.value;
  if (shown.size() > 1) hidden.withheld_max = shown[1]->value - (cover.key < shown[1]->key ? 0 : 1);
  if (!both_possible(hidden)) withhold(breakdown);
}

/// All cells alike: a reader knows that n cells of 0 or more add up to the total, which settles only a lone one.
bool all_withheld(const Breakdown& breakdown) {
  return std::all_of(breakdown.cells.begin(), breakdown.cells.end(),
                     [](const Cell& cell) { return cell.mask == Mask::withheld; });
}

bool derivable(const Breakdown& breakdown, const Table& table) {
  std::int64_t sum = 0, shown = 0;
  Hidden hidden;
  for (const Cell& cell : breakdown.cells) {
    sum += cell.value;
    if (cell.mask == Mask::shown) {
      if (small(cell.value)) return true;
      shown += cell.value;
    } else {
      ++(cell.mask == Mask::under_3 ? hidden.under : hidden.withheld);
    }
  }
  const std::int64_t rest = table.total - sum;
  if (all_withheld(breakdown)) {
    return breakdown.cells.size() == 1 && rest == 0 && small(table.total) && table.total_mask == Mask::shown;
  }
  if (table.total_mask != Mask::shown) {
    // Nothing hidden: the reader adds up the cells and has the total that was meant to be hidden.
    return hidden.under + hidden.withheld == 0 || hidden.under > 0;
  }
  hidden.sum = table.total - shown;
  if (hidden.under + hidden.withheld == 0) return small(rest);
  return rest != 0 || !both_possible(hidden);
}

}  // namespace

std::string_view name(Mask mask) {
  constexpr std::string_view names[] = {"shown", "under_3", "withheld"};
  return names[static_cast<std::size_t>(mask)];
}

void protect(Table& table) {
  table.total_mask = small(table.total) ? Mask::under_3 : Mask::shown;
  for (Breakdown& breakdown : table.breakdowns) {
    if (table.total_mask == Mask::shown && table.total >= 0) {
      protect(breakdown, table.total);
    } else {
      withhold(breakdown);
    }
  }
  KIZ_ASSERT(!derivable(table));
}

bool derivable(const Table& table) {
  if (small(table.total) && table.total_mask == Mask::shown) return true;
  return std::any_of(table.breakdowns.begin(), table.breakdowns.end(),
                     [&](const Breakdown& breakdown) { return derivable(breakdown, table); });
}

}  // namespace kiz::protection

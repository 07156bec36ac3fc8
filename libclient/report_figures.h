// The figures of a monthly report: for each measure a total, its parts by town and by each dimension that was asked for,
// and what of it may be shown. Pure; the counts of the month come in, numbers and masks go out.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "libclient/counts.h"
#include "libclient/protection.h"

namespace kiz::reports {

struct Part {
  std::string key;                    // member, or the dimension's value as in the natural key
  std::optional<std::int64_t> value;  // empty: nothing clear is held
  protection::Mask mask = protection::Mask::shown;
  std::size_t disputed = 0, unknown = 0;
};

struct Figure {
  counts::Total total;
  protection::Mask mask = protection::Mask::shown;
  std::vector<Part> by_member;  // one for each member given, those without numbers too
  std::vector<std::pair<std::string, std::vector<Part>>> by_dimension;  // "age_band", ...; only those that are used
};

/// counts    of one month, as reports take them (month_return::reported_counts)
/// members   the towns that make up the total, ascending
/// area      numbers for the area as a whole count only where no town states the measure
/// protect   what must not be shown is masked; the values stand in the figures all the same: who writes them looks at masks
std::vector<Figure> figures(std::span<const counts::Count> counts, std::span<const std::string> members,
                            const std::string& area, bool protect);

}  // namespace kiz::reports

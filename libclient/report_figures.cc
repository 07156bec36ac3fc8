#include "libclient/report_figures.h"

#include <algorithm>
#include <map>

namespace kiz::reports {
namespace {

using counts::Count;
using counts::Key;

struct Dimension {
  std::string_view name;
  std::string Key::*part;
};
constexpr Dimension dimensions[] = {{"age_band", &Key::age_band}, {"school_type", &Key::school_type},
                                    {"origin", &Key::origin},     {"language", &Key::language},
                                    {"sex", &Key::sex},           {"scope", &Key::scope}};

bool adds(const Count& count) { return count.stated() && count.parent.empty() && !count.replaced; }

/// The cells that make up the town's number, broken down by this dimension: in each scope, of the breakdowns that use it,
/// the one that covers most people.
std::vector<const Count*> breakdown(const std::vector<const Count*>& town, std::string Key::*part) {
  struct Candidate {
    std::int64_t sum = 0;
    std::vector<const Count*> cells;
  };
  std::map<std::string, std::map<unsigned, Candidate>> found;
  for (const Count* count : town) {
    if (!adds(*count) || (count->key.*part).empty()) continue;
    Candidate& candidate = found[count->key.scope][counts::dimensions(count->key)];
    if (__builtin_add_overflow(candidate.sum, count->value, &candidate.sum)) return {};
    candidate.cells.push_back(count);
  }
  std::vector<const Count*> out;
  for (const auto& [scope, candidates] : found) {
    const auto best = std::max_element(candidates.begin(), candidates.end(),
                                       [](const auto& a, const auto& b) { return a.second.sum < b.second.sum; });
    out.insert(out.end(), best->second.cells.begin(), best->second.cells.end());
  }
  return out;
}

using Towns = std::map<std::string, std::vector<const Count*>>;

std::vector<Part> parts_by_dimension(const Towns& towns, std::string Key::*part) {
  std::map<std::string, std::int64_t> sums;
  for (const auto& [ags, cells] : towns) {
    for (const Count* count : breakdown(cells, part)) {
      std::int64_t& sum = sums[count->key.*part];
      if (__builtin_add_overflow(sum, count->value, &sum)) return {};
    }
  }
  std::vector<Part> out;
  for (const auto& [key, sum] : sums) out.push_back({key, sum, {}, 0, 0});
  return out;
}

std::vector<Part> parts_by_member(const std::string& measure, const Towns& towns, std::span<const std::string> members) {
  std::vector<Part> out;
  for (const std::string& member : members) {
    Part part{member, {}, {}, 0, 0};
    if (const auto at = towns.find(member); at != towns.end()) {
      const counts::Total total = counts::total(measure, at->second);
      part.value = total.value;
      part.disputed = total.disputed.size();
      part.unknown = total.unknown;
    }
    out.push_back(std::move(part));
  }
  return out;
}

/// Hides what must not be shown. A part without a number is no cell: that a town has not reported is no secret.
void mask(Figure& figure) {
  const auto withhold = [](std::vector<Part>& parts) {
    for (Part& part : parts) part.mask = protection::Mask::withheld;
  };
  if (!figure.total.value) {  // a median, or nothing that can be added: nothing to protect it with
    withhold(figure.by_member);
    for (auto& [name, parts] : figure.by_dimension) withhold(parts);
    return;
  }
  protection::Table table;
  table.total = *figure.total.value;
  const auto take = [&](const std::string& name, const std::vector<Part>& parts) {
    protection::Breakdown cells{name, {}};
    for (const Part& part : parts) {
      if (part.value) cells.cells.push_back({part.key, *part.value, {}});
    }
    table.breakdowns.push_back(std::move(cells));
  };
  take("member", figure.by_member);
  for (const auto& [name, parts] : figure.by_dimension) take(name, parts);
  protection::protect(table);

  figure.mask = table.total_mask;
  const auto give = [](const protection::Breakdown& cells, std::vector<Part>& parts) {
    auto cell = cells.cells.begin();
    for (Part& part : parts) {
      if (part.value) part.mask = (cell++)->mask;
    }
  };
  give(table.breakdowns[0], figure.by_member);
  for (std::size_t i = 0; i < figure.by_dimension.size(); ++i) {
    give(table.breakdowns[i + 1], figure.by_dimension[i].second);
  }
}

}  // namespace

std::vector<Figure> figures(std::span<const Count> counts, std::span<const std::string> members, const std::string& area,
                            bool protect) {
  struct Measure {
    Towns towns;
    std::vector<const Count*> of_area;
  };
  std::map<std::pair<std::size_t, std::string>, Measure> measures;
  for (const Count& count : counts) {
    Measure& measure = measures[{counts::measure_rank(count.key.measure), count.key.measure}];
    if (std::binary_search(members.begin(), members.end(), count.key.ags)) {
      measure.towns[count.key.ags].push_back(&count);
    } else if (count.key.ags == area) {
      measure.of_area.push_back(&count);
    }
  }
  std::vector<Figure> out;
  for (const auto& [at, measure] : measures) {
    Figure figure;
    std::vector<const Count*> all;
    for (const auto& [ags, cells] : measure.towns) all.insert(all.end(), cells.begin(), cells.end());
    const bool of_area = all.empty();
    if (of_area) all = measure.of_area;
    if (all.empty()) continue;
    figure.total = counts::total(at.second, all);
    const Towns only_area{{area, measure.of_area}};
    if (!of_area) figure.by_member = parts_by_member(at.second, measure.towns, members);
    for (const Dimension& dimension : dimensions) {
      auto parts = parts_by_dimension(of_area ? only_area : measure.towns, dimension.part);
      if (!parts.empty()) figure.by_dimension.emplace_back(dimension.name, std::move(parts));
    }
    if (protect) mask(figure);
    out.push_back(std::move(figure));
  }
  return out;
}

}  // namespace kiz::reports

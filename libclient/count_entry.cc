#include "libclient/count_entry.h"

#include <cmath>
#include <map>

#include "libclient/field_text.h"
#include "libclient/months.h"

namespace kiz::counts {
namespace {

constexpr std::size_t measure_part = 3;
constexpr int months_compared = 12;
constexpr std::size_t months_needed = 6;  // fewer say nothing about what is usual
constexpr double deviations = 3;
constexpr std::int64_t outlier_min = 3;  // above the mean: from 0 to 2 is no news in a small town

const registry::Kind& kind() { return *registry::find_kind(registry::kinds::count); }

std::optional<std::size_t> dimension(std::string_view name) {
  const std::string folded = registry::fold(name);
  for (std::size_t i = 0; i < kind().key.size(); ++i) {
    const registry::KeyPart& part = kind().key[i];
    const bool named = folded == part.name || folded == part.name_de || folded == registry::fold(part.label_de) ||
                       folded == registry::fold(part.label_en);
    if (named && part.name != "ags" && part.name != "period" && part.name != "measure") return i;
  }
  return std::nullopt;
}

Complaint unknown_dimension(std::string_view name) {
  std::vector<std::string> words;
  for (const registry::KeyPart& part : kind().key) {
    if (part.required) continue;
    words.emplace_back(part.name);
    words.emplace_back(part.name_de);
  }
  Complaint wrong{Complaint::Code::unknown_field};
  wrong.given = std::string(name);
  wrong.suggestion = nearest(name, words);
  return wrong;
}

bool means_unknown(std::string_view text) {
  const std::string folded = registry::fold(text);
  return folded == "?" || folded == "unbekannt" || folded == "unknown" || folded == "k.a.";
}

/// The totals of a town's months, by measure and month; only what is clear.
class Series {
 public:
  Series(std::span<const Count> counts, const std::string& first, const std::string& last) {
    std::map<std::pair<std::string, std::string>, std::vector<const Count*>> cells;
    for (const Count& count : counts) {
      if (count.key.period < first || count.key.period > last || !months::is_month(count.key.period)) continue;
      cells[{count.key.measure, count.key.period}].push_back(&count);
    }
    for (const auto& [at, members] : cells) totals_.emplace(at, total(at.first, members));
  }

  std::optional<std::int64_t> at(const std::string& measure, const std::string& month) const {
    const auto found = totals_.find({measure, month});
    return found == totals_.end() || !found->second.clear() ? std::nullopt : found->second.value;
  }
  const std::map<std::pair<std::string, std::string>, Total>& all() const { return totals_; }

 private:
  std::map<std::pair<std::string, std::string>, Total> totals_;
};

void check_flow_into_school(const Series& series, const std::string& month, std::vector<Remark>& out) {
  const std::string before = months::plus(month, -1);
  const auto placed = series.at("placed", month), counselled = series.at("counselled", month);
  const auto waited = series.at("waiting", before), waiting = series.at("waiting", month);
  const auto arrived = series.at("arrived", month), left = series.at("left", month);
  if (placed && counselled && waited && *placed > *counselled + *waited) {
    out.push_back({Remark::Kind::placed_too_many, "placed", *placed, *counselled + *waited});
  }
  if (waiting && waited && arrived && placed && left) {
    const std::int64_t expected = *waited + *arrived - *placed - *left;
    if (*waiting != expected) out.push_back({Remark::Kind::waiting_differs, "waiting", *waiting, expected});
  }
}

void check_outlier(const Series& series, const std::string& month, const std::string& measure, std::int64_t value,
                   std::vector<Remark>& out) {
  std::vector<double> past;
  for (int i = 1; i <= months_compared; ++i) {
    if (const auto number = series.at(measure, months::plus(month, -i))) past.push_back(static_cast<double>(*number));
  }
  if (past.size() < months_needed) return;
  double mean = 0, squares = 0;
  for (const double number : past) mean += number / static_cast<double>(past.size());
  for (const double number : past) squares += (number - mean) * (number - mean) / static_cast<double>(past.size());
  const double bound = std::max(mean + deviations * std::sqrt(squares), mean + static_cast<double>(outlier_min));
  if (static_cast<double>(value) > bound) {
    out.push_back({Remark::Kind::outlier, measure, value, static_cast<std::int64_t>(std::floor(bound))});
  }
}

}  // namespace

Read<Key> parse_cell(std::string_view text, const std::string& ags, const std::string& period, Tongue tongue) {
  Key key;
  key.ags = ags;
  key.period = period;
  const auto colon = text.find(':');
  const auto measure = field_text::parse_key_part(kind().key[measure_part], text.substr(0, colon), tongue);
  if (!measure) return *measure.wrong;
  key.measure = measure.value;
  if (colon == std::string_view::npos) return key;

  std::string_view rest = text.substr(colon + 1);
  const auto parts = key.parts();
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const std::string_view pair = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    const auto equals = pair.find('=');
    const auto at = dimension(pair.substr(0, equals));
    if (!at) return unknown_dimension(pair.substr(0, equals));
    const registry::KeyPart& part = kind().key[*at];
    Complaint wrong{Complaint::Code::missing_value, std::string(tongue == Tongue::german ? part.label_de : part.label_en)};
    if (equals == std::string_view::npos || equals + 1 == pair.size()) return wrong;
    wrong.code = Complaint::Code::repeated_key;
    if (!parts[*at]->empty()) return wrong;
    const std::string_view value = pair.substr(equals + 1);
    auto read = field_text::parse_key_part(part, value, tongue);
    if (!read) return *read.wrong;
    if (read.value != "*") *parts[*at] = std::move(read.value);
    // The authority's own key tells apart what ISO does not: 276 and 277 are both Sudan.
    if (part.name == "origin" && registry::fold(value).starts_with("destatis:") && key.origin_key.empty()) {
      key.origin_key = registry::fold(value);
    }
  }
  return key;
}

Read<Entered> parse_entry(std::string_view text, const std::string& ags, const std::string& period, Tongue tongue) {
  const auto equals = text.rfind('=');
  if (equals == std::string_view::npos) {
    auto cell = parse_cell(text, ags, period, tongue);
    if (!cell) return *cell.wrong;
    return Complaint{Complaint::Code::missing_value, describe(cell.value, tongue == Tongue::german)};
  }
  auto cell = parse_cell(text.substr(0, equals), ags, period, tongue);
  if (!cell) return *cell.wrong;
  Entered out{std::move(cell.value), {}, false};
  const std::string_view number = text.substr(equals + 1);
  if (means_unknown(number)) {
    out.unknown = true;
    return out;
  }
  const registry::Field& field = *registry::find_field(kind(), registry::fields::count::value);
  const auto value = field_text::parse(field, number, tongue);
  if (!value) return *value.wrong;
  const auto* read = as_int(value.value);
  if (read == nullptr) return Complaint{Complaint::Code::missing_value, describe(out.key, tongue == Tongue::german)};
  out.value = *read;
  return out;
}

std::string spell_cell(const Key& key) {
  std::string out = key.measure;
  const auto parts = key.parts();
  bool first = true;
  for (std::size_t i = 0; i < parts_max; ++i) {
    if (kind().key[i].required || parts[i]->empty()) continue;
    out += first ? ":" : ",";
    out += std::string(kind().key[i].name) + "=" + *parts[i];
    first = false;
  }
  return out;
}

std::vector<Remark> plausibility(std::span<const Count> counts, const std::string& month) {
  std::vector<Remark> out;
  if (!months::is_month(month)) return out;
  const Series series(counts, months::plus(month, -months_compared), month);
  check_flow_into_school(series, month, out);
  for (const auto& [at, total] : series.all()) {
    if (at.second != month) continue;
    if (total.mixed) out.push_back({Remark::Kind::mixed, at.first, total.value.value_or(0), 0});
    if (total.clear() && total.value) check_outlier(series, month, at.first, *total.value, out);
  }
  return out;
}

}  // namespace kiz::counts

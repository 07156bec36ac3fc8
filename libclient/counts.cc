#include "libclient/counts.h"

#include <algorithm>
#include <map>
#include <set>

#include "protocol/crypto.h"

namespace kiz::counts {
namespace {

namespace f = registry::fields::count;

constexpr std::string_view median = "waiting_days_median";
constexpr std::string_view digest_label = "kiz-sync month values v1";

const registry::Kind& kind() { return *registry::find_kind(registry::kinds::count); }

Timestamp newest_of(const RecordView& record) {
  Timestamp newest;
  for (const FieldView& field : record.fields) {
    for (const CellView& cell : field.cells) newest = std::max(newest, cell.hlc);
  }
  return newest;
}

Candidate candidate(const CellView& cell, bool tally) {
  const auto* number = cell.value ? as_int(*cell.value) : nullptr;
  return {number != nullptr ? std::optional{*number} : std::nullopt, tally, cell.name.entry, cell.log, cell.hlc};
}

/// A tally that was never touched, or was brought back to 0 by whoever settled it with a number, is none.
bool has_tally(const FieldView* tally, bool valued) {
  if (tally == nullptr) return false;
  return tally->overflow || tally->sum != 0 || (!valued && !tally->cells.empty());
}

void read_number(Count& count, const FieldView* value, const FieldView* tally) {
  bool missing = false;
  if (value != nullptr) {
    for (const CellView& cell : value->cells) {
      if (cell.value && is_null(*cell.value) && value->cells.size() == 1) continue;
      missing = missing || !cell.value;
      count.candidates.push_back(candidate(cell, false));
    }
  }
  if (has_tally(tally, !count.candidates.empty())) {
    count.tally = count.candidates.empty();
    Candidate strokes = tally->cells.empty() ? Candidate{} : candidate(tally->cells.front(), true);
    strokes.tally = true;
    strokes.value = tally->overflow ? std::nullopt : std::optional{tally->sum};
    missing = missing || tally->overflow;
    count.candidates.push_back(strokes);
  }
  if (count.candidates.empty()) return;
  if (count.candidates.size() > 1) {
    count.reading = Reading::disputed;
  } else if (missing || !count.candidates.front().value) {
    count.reading = Reading::not_held;
  } else {
    count.reading = Reading::stated;
    count.value = *count.candidates.front().value;
  }
}

/// Strokes taken away by two offices at once may leave less than nothing; that is no number of people.
void refuse_negative(Count& count) {
  if (count.reading == Reading::stated && count.value < 0) count.reading = Reading::disputed;
}

struct Sum {
  std::int64_t value = 0;
  std::size_t added = 0;
  bool overflow = false;

  void add(std::int64_t number) {
    overflow = overflow || __builtin_add_overflow(value, number, &value);
    ++added;
  }
};

using PlaceAndTime = std::array<std::string, 3>;  // town, period, scope

}  // namespace

std::string_view name(Reading reading) {
  constexpr std::string_view names[] = {"stated", "unknown", "disputed", "not_held", "empty"};
  return names[static_cast<std::size_t>(reading)];
}

std::array<std::string*, parts_max> Key::parts() {
  return {&ags, &period, &scope, &measure, &age_band, &school_type, &origin, &origin_key, &language, &sex};
}

std::array<const std::string*, parts_max> Key::parts() const {
  return {&ags, &period, &scope, &measure, &age_band, &school_type, &origin, &origin_key, &language, &sex};
}

Result<std::string> key_text(const Key& key) {
  std::vector<std::string> parts;
  for (const std::string* part : key.parts()) parts.push_back(*part);
  return registry::natural_key(kind(), parts);
}

std::optional<Key> parse_key(std::string_view text) {
  std::vector<std::string> parts = registry::split_natural_key(kind(), text);
  if (parts.size() != parts_max) return std::nullopt;
  Key key;
  const auto into = key.parts();
  for (std::size_t i = 0; i < parts_max; ++i) {
    if (parts[i] != "*") *into[i] = std::move(parts[i]);
  }
  if (key.ags.empty() || key.period.empty() || key.measure.empty()) return std::nullopt;
  return key;
}

Result<RecordId> record_of(const Key& key, std::uint32_t kind_number) {
  const auto text = key_text(key);
  if (!text) return text.error();
  return RecordId{kind_number, registry::natural_record_key(kind_number, *text)};
}

unsigned dimensions(const Key& key) {
  const bool used[] = {!key.age_band.empty(), !key.school_type.empty(), !key.origin.empty() || !key.origin_key.empty(),
                       !key.language.empty(), !key.sex.empty()};
  unsigned bits = 0;
  for (unsigned i = 0; i < std::size(used); ++i) bits |= used[i] ? 1U << i : 0U;
  return bits;
}

std::string describe(const Key& key, bool german) {
  std::string inside;
  const auto parts = key.parts();
  for (std::size_t i = 0; i < parts_max; ++i) {
    const registry::KeyPart& part = kind().key[i];
    if (part.required || parts[i]->empty()) continue;
    const registry::EnumValue* value = registry::find_value(part.values, *parts[i]);
    inside += inside.empty() ? "" : ", ";
    inside += german ? std::string(part.label_de) + " " : std::string(part.name) + "=";
    inside += value != nullptr && german ? std::string(value->label_de) : *parts[i];
  }
  const std::string measure = german ? measure_label(key.measure, true) : key.measure;
  return inside.empty() ? measure : measure + " (" + inside + ")";
}

std::optional<Count> read(const RecordView& record) {
  if (!record.exists()) return std::nullopt;
  const auto key = parse_key(record.text(registry::fields::key));
  if (!key) return std::nullopt;
  Count count;
  count.key = *key;
  count.space = record.space;
  count.id = record.id;
  count.paper = record.id.kind == registry::kinds::paper_return;
  count.parent = record.text(f::parent);
  count.scope_note = record.text(f::scope_note);
  count.note = record.text(f::note);
  count.stock_day = record.text(f::stock_day);
  count.newest = newest_of(record);
  read_number(count, record.field(f::value), record.field(f::tally));
  refuse_negative(count);
  // "Cannot be stated" beside a number comes from two offices at once; whoever enters one takes the other back.
  if (record.number(f::unknown).value_or(0) != 0) {
    count.reading = count.candidates.empty() ? Reading::unknown : Reading::disputed;
  }
  return count;
}

void mark_replaced(std::vector<Count>& counts) {
  std::set<std::array<std::string, 3>> own;
  for (const Count& count : counts) {
    if (!count.paper) own.insert({count.key.ags, count.key.period, count.key.measure});
  }
  for (Count& count : counts) {
    count.replaced = count.paper && own.contains({count.key.ags, count.key.period, count.key.measure});
  }
}

Total total(std::string_view measure, std::span<const Count* const> counts) {
  Total out;
  out.measure = std::string(measure);
  out.stock = registry::is_stock(measure);
  for (const Count* count : counts) out.as_of = std::max(out.as_of, count->key.period);

  std::map<PlaceAndTime, std::map<unsigned, Sum>> sums;
  for (const Count* count : counts) {
    if (!count->parent.empty() || count->replaced || count->reading == Reading::empty) continue;
    if (out.stock && count->key.period != out.as_of) continue;
    auto& sum = sums[{count->key.ags, count->key.period, count->key.scope}][dimensions(count->key)];
    switch (count->reading) {
      case Reading::stated: sum.add(count->value); break;
      case Reading::disputed: out.disputed.push_back(count); break;
      default: ++out.unknown; break;
    }
  }
  Sum all;
  for (const auto& [place, breakdowns] : sums) {
    const Sum* largest = nullptr;
    for (const auto& [bits, sum] : breakdowns) {
      if (sum.added == 0) continue;
      out.mixed = out.mixed || (largest != nullptr && largest->value != sum.value);
      if (largest == nullptr || sum.value > largest->value) largest = &sum;
    }
    if (largest == nullptr) continue;
    const std::size_t before = all.added;
    all.add(largest->value);
    all.added = before + largest->added;
    all.overflow = all.overflow || largest->overflow;
  }
  out.added = all.added;
  out.overflow = all.overflow;
  out.additive = measure != median || all.added <= 1;
  if (all.added > 0 && !all.overflow && out.additive) out.value = all.value;
  if (!out.stock) out.as_of.clear();
  return out;
}

std::vector<Total> totals(std::span<const Count> counts) {
  std::map<std::pair<std::size_t, std::string>, std::vector<const Count*>> by_measure;
  for (const Count& count : counts) {
    by_measure[{measure_rank(count.key.measure), count.key.measure}].push_back(&count);
  }
  std::vector<Total> out;
  for (const auto& [measure, members] : by_measure) out.push_back(total(measure.second, members));
  return out;
}

std::vector<std::string> value_lines(std::span<const Count> counts) {
  std::vector<std::string> lines;
  for (const Count& count : counts) {
    const auto key = key_text(count.key);
    if (!key || count.reading == Reading::empty) continue;
    lines.push_back(*key + '\x1f' + (count.stated() ? std::to_string(count.value) : ""));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

Hash digest(std::span<const Count> counts) {
  crypto::Hasher hasher(digest_label);
  for (const std::string& line : value_lines(counts)) hasher.add(view(line)).add(view("\n"));
  return hasher.finish();
}

std::span<const registry::EnumValue> measures() { return kind().key[3].values; }

std::size_t measure_rank(std::string_view measure) {
  const auto all = measures();
  const auto at = std::find_if(all.begin(), all.end(), [&](const auto& value) { return value.name == measure; });
  return static_cast<std::size_t>(at - all.begin());
}

std::string measure_label(std::string_view measure, bool german) {
  const std::size_t rank = measure_rank(measure);
  if (rank == measures().size()) return std::string(measure);
  return std::string(german ? measures()[rank].label_de : measures()[rank].label_en);
}

}  // namespace kiz::counts

// Counts as an office reads them: one number per natural key, what is unclear about it, and totals that are right.
// Pure functions over records; nothing here edits or knows a store. Rules: ARCHITECTURE.md "The domain".
//
// A count is kept in one of two ways. Counted (Zählung): the field `value`, where two numbers entered at the same time
// stand side by side until a person settles them. Tallied (Strichliste): the field `tally`, a counter, where strokes of
// all offices add up. Both at once are as unclear as two numbers.
//
// What a total never does: add a number that is disputed, unknown or not here; add a row that lies inside another one
// (`parent`); add a stock over months; add two breakdowns of the same people.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kiz/record_view.h"
#include "kiz/result.h"
#include "protocol/registry.h"

namespace kiz::counts {

inline constexpr std::size_t parts_max = 10;

/// The natural key of a count, in the registry's order. An empty part is one that the form does not ask for.
struct Key {
  std::string ags, period, scope, measure, age_band, school_type, origin, origin_key, language, sex;

  auto operator<=>(const Key&) const = default;
  std::array<const std::string*, parts_max> parts() const;
  std::array<std::string*, parts_max> parts();
};

/// errors: invalid_input (a required part is missing), over_limit
Result<std::string> key_text(const Key& key);
std::optional<Key> parse_key(std::string_view text);
/// The record that the key names. `kind` is kinds::count or kinds::paper_return.
Result<RecordId> record_of(const Key& key, std::uint32_t kind = registry::kinds::count);

/// Which dimensions a key uses, one bit each; origin and its original key are one. Two keys of one measure, month and
/// scope with different dimensions are parts of different breakdowns of the same people. The scope is no such dimension:
/// rows of different scopes were counted at different places, so they are different people.
unsigned dimensions(const Key& key);

/// "arrived (school_type=grundschule, age_band=6-9)"; with `german` in the registry's German labels.
std::string describe(const Key& key, bool german);

enum class Reading : std::uint8_t {
  stated,    // a number
  unknown,   // the office said that it cannot state one; not the same as 0
  disputed,  // two numbers, or a number and a tally, side by side
  not_held,  // erased, or its value has not arrived
  empty,     // emptied, or nothing entered yet
};

std::string_view name(Reading reading);  // JSON

/// One of the numbers that stand side by side, and whose it is.
struct Candidate {
  std::optional<std::int64_t> value;
  bool tally = false;
  EntryHash entry;
  LogId log;
  Timestamp hlc;
};

struct Count {
  Key key;
  Space space;
  RecordId id;
  Reading reading = Reading::empty;
  std::int64_t value = 0;  // when stated
  std::vector<Candidate> candidates;
  bool tally = false;     // kept as a tally
  bool paper = false;     // entered by the Kreis from paper
  bool replaced = false;  // on paper, and the town has stated this measure itself since
  std::string parent, scope_note, note, stock_day;
  Timestamp newest;

  bool stated() const { return reading == Reading::stated; }
};

/// Reads a record of kind count or paper_return; empty when its key cannot be read or the record does not exist.
std::optional<Count> read(const RecordView& record);

/// Marks counts on paper whose measure and period the town has entered itself.
void mark_replaced(std::vector<Count>& counts);

struct Total {
  std::string measure;
  bool stock = false;
  bool additive = true;  // false: a median; a total over several cells has no meaning and is not made
  std::string as_of;     // stocks: the latest period among the counts, the only one that is added
  std::optional<std::int64_t> value;  // of all that is clear; empty when nothing is
  std::size_t added = 0;              // cells in it
  std::size_t unknown = 0;            // cells not stated, or not here
  std::vector<const Count*> disputed;
  bool mixed = false;     // breakdowns of the same people that do not agree
  bool overflow = false;  // beyond 64 bits: no value
  bool clear() const { return disputed.empty() && unknown == 0 && !overflow; }
};

/// One total for each measure, in the registry's order. Where one town, period and scope has several breakdowns of a
/// measure, the largest sum counts: each is a part of the same people, and none can have more than there are.
std::vector<Total> totals(std::span<const Count> counts);
/// The same over the counts of one measure.
Total total(std::string_view measure, std::span<const Count* const> counts);

/// Digest over all values of a month, for a return: order and store do not matter. Two towns never share one.
Hash digest(std::span<const Count> counts);
/// The lines the digest is over, sorted: key, U+001F, number (empty when unknown).
std::vector<std::string> value_lines(std::span<const Count> counts);

/// Measures in the order of the registry.
std::span<const registry::EnumValue> measures();
std::size_t measure_rank(std::string_view measure);
std::string measure_label(std::string_view measure, bool german);

}  // namespace kiz::counts

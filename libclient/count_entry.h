// Numbers as people enter them, and whether they can be right. Pure: what is wrong comes back as a complaint or a remark.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libclient/complaint.h"
#include "libclient/counts.h"

namespace kiz::counts {

/// One number as entered. Neither a value nor unknown: only the cell was named.
struct Entered {
  Key key;
  std::optional<std::int64_t> value;
  bool unknown = false;
};

/// "arrived:school_type=grundschule,age_band=6-9=6": measure, dimensions, number; names German or English; "?" instead of
/// a number says that it cannot be stated. A origin given as "destatis:276" is kept as original key too.
///
/// period      canonical; not checked here
/// complaints  unknown_value, unknown_field (a dimension), missing_value, repeated_key, bad_integer, fraction, out_of_range
Read<Entered> parse_entry(std::string_view text, const std::string& ags, const std::string& period, Tongue tongue);
/// The same without a number: "counselled:sex=w".
Read<Key> parse_cell(std::string_view text, const std::string& ags, const std::string& period, Tongue tongue);
/// The inverse of parse_cell, in English words: what a command takes.
std::string spell_cell(const Key& key);

/// A number that is possible but strange. People decide; nothing is refused for it.
struct Remark {
  enum class Kind : std::uint8_t {
    placed_too_many,  // placed > counselled + waiting of the month before
    waiting_differs,  // waiting != waiting before + arrived - placed - left
    outlier,          // above mean + 3 standard deviations of the 12 months before
    mixed,            // two breakdowns of one measure that do not agree
  };
  Kind kind{};
  std::string measure;
  std::int64_t value = 0;     // what was entered
  std::int64_t expected = 0;  // the bound, or what it should be
};

/// counts   all of one town over the 13 months that end with `month`; others are not looked at
std::vector<Remark> plausibility(std::span<const Count> counts, const std::string& month);

}  // namespace kiz::counts

// Where a town's month stands, derived from two records that two offices write: the town's return (its own space) and the
// Kreis's review of it (the Kreis's space about this town). Neither ever writes the other's. Pure functions.
//
//   missing ─► open ─► reported ─► accepted ─► locked ─► corrected_after_lock ─► locked ...
//                         ▲  └► queried ─┘ (a new revision answers)
//
// A write to a locked month is not refused: an office without network cannot know of the lock. It is kept and shown, and
// reports go on with the accepted numbers until the Kreis accepts the next revision.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kiz/record_view.h"
#include "libclient/counts.h"

namespace kiz::month_return {

enum class State : std::uint8_t { missing, open, reported, queried, accepted, locked, corrected_after_lock };

/// "missing", "open", ...: JSON.
std::string_view name(State state);
/// True once the town has handed in its month, whatever the Kreis made of it.
bool handed_in(State state);

/// A question of the Kreis on one revision. In the record: "r2: text" or "r2 [arrived, left]: text".
struct Query {
  std::int64_t revision = 0;
  std::vector<std::string> cells;  // measures or cells in the words of `kiz zahlen eintragen`
  std::string text;
  Timestamp asked;

  std::string encode() const;
  /// Text of another shape (a newer program's) is a question on every revision.
  static Query decode(std::string_view text);
};

/// The town's record.
struct Return {
  std::string ags, month;
  std::optional<std::int64_t> state;  // registry::return_state; empty: none, or disputed
  bool disputed = false;              // two offices closed the month differently
  std::int64_t revision = 0;
  std::optional<Hash> digest;
  std::uint64_t reported_at_ms = 0;
  std::vector<std::string> complete;
  std::string explanation;
  Timestamp newest;
};

/// The Kreis's record.
struct Review {
  std::string ags, month;
  std::uint64_t received_at_ms = 0, accepted_at_ms = 0;
  std::int64_t accepted_revision = 0;
  std::optional<Hash> accepted_digest;
  std::vector<std::string> accepted_lines;  // counts::value_lines as of the acceptance
  bool locked = false;
  std::string reopened_reason;
  std::vector<Query> queries;
};

std::optional<Return> read_return(const RecordView& record);
std::optional<Review> read_review(const RecordView& record);

struct Standing {
  State state = State::missing;
  bool conflict = false;        // a number or the return itself is disputed
  bool changed_since = false;   // the numbers are no longer those of the newest revision
  bool paper = false;           // only numbers that the Kreis entered from paper
  std::int64_t revision = 0;
  std::vector<Query> open_queries;  // on the newest revision
};

/// counts: everything held of this town and month, on paper too. Either record may be absent.
Standing standing(const Return* town, const Review* kreis, std::span<const counts::Count> counts);

/// What reports show of a month: the numbers as they are, or as they were accepted where the month is locked. Rows that
/// a correction added stay out, removed ones come back; notes and parents are those of today.
std::vector<counts::Count> reported_counts(const Review* kreis, std::vector<counts::Count> counts);

}  // namespace kiz::month_return

// What an entry says: operations on fields of records. Rules: SPEC.md §4 "Operations"; the merge rule: merge.h.
#pragma once

#include <optional>
#include <vector>

#include "kiz/ids.h"
#include "kiz/timestamp.h"
#include "kiz/value.h"

namespace kiz {

/// What an op does to the cells of its field. Numbers are in every entry: they can never change.
enum class Mode : std::uint8_t {
  replace = 0,  // asserts a cell and supersedes the replaced-in cells of the field that its author had seen, but `cells`
  add = 1,      // asserts a cell and supersedes nothing
  remove = 2,   // supersedes the added cells listed in `cells`
  del = 3,      // field 0 only: the record is deleted (a mark)
  undo = 4,     // field 0 only: the record exists (again); replaces marks too
};

inline constexpr std::uint32_t field_existence = 0;

/// Set when a person enters anew an op from beyond a cut: names the cell and keeps the timestamp it had.
struct Origin {
  CellName cell;
  Timestamp hlc;

  auto operator<=>(const Origin&) const = default;
};

/// One change of one field. All but `value` is structure and stays for ever.
struct Op {
  RecordId record;
  std::uint32_t field = 0;
  Mode mode = Mode::replace;
  std::vector<CellName> cells;  // replace, del, undo: cells kept; remove: cells removed; sorted, no twins
  std::optional<Origin> origin;
  std::optional<Value> value;  // replace, add: empty when it was erased, pruned or has not arrived

  bool operator==(const Op&) const = default;
};

/// replace and add carry a value and a commitment to it; the other modes say all by themselves.
inline bool carries_value(Mode mode) { return mode == Mode::replace || mode == Mode::add; }
/// A record of kind 0 is not a record: its ops are notes about the entry itself, such as the acting person.
inline bool is_note(const Op& op) { return op.record.kind == 0; }

}  // namespace kiz

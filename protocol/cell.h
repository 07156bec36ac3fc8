// Cells: asserted field values, and how the ops of an entry assert and supersede them. Rules: SPEC.md "Merge".
#pragma once

#include <optional>

#include "kiz/ids.h"
#include "kiz/timestamp.h"
#include "kiz/value.h"
#include "protocol/operation.h"

namespace kiz {

/// How a cell was asserted decides what supersedes it. Numbers are in stored records and in digests.
enum class CellKind : std::uint8_t {
  replaced = 0,  // by replace; falls to a replace that has it before it and does not keep it
  added = 1,     // by add; falls only to a remove that lists it
  alive = 2,     // field 0: the record exists; asserted by every op but a delete, falls to every later op
  mark = 3,      // field 0: the record was deleted; falls to undo alone
};

/// An entry from which live cells of a record come.
struct CellEntry {
  EntryHash hash;
  LogId log;
  Seq seq = 0;
  Timestamp hlc;

  bool operator==(const CellEntry&) const = default;
};

/// A live cell. Its content is that of one op: the op that named the cell where that is applied, else the first of those
/// that entered it anew.
struct Cell {
  std::uint32_t field = 0;
  CellKind kind = CellKind::replaced;
  bool hidden = false;      // replaced: a newer live cell of its own chain is read in its stead
  bool shared = false;      // more ops than the one with the content assert it
  std::uint32_t entry = 0;  // index into RecordState::entries: where the content comes from
  std::uint32_t op = 0;     // index of the op in that entry
  std::optional<Origin> origin;  // the op with the content enters another one anew: name and timestamp of the cell
  std::optional<Value> value;    // replaced, added; empty = unknown (erased or not arrived), which is not Null

  bool operator==(const Cell&) const = default;
};

/// del and undo, whatever field they name.
inline bool is_existence_op(const Op& op) { return op.mode == Mode::del || op.mode == Mode::undo; }
/// The kind of the cell in field 0 that every op asserts.
inline CellKind existence_kind(const Op& op) { return op.mode == Mode::del ? CellKind::mark : CellKind::alive; }
/// True if the op asserts a cell in its own field; field 0 has none but alive cells and marks.
inline bool asserts_value(const Op& op) { return carries_value(op.mode) && op.field != field_existence; }
/// Kind of that cell.
inline CellKind value_kind(const Op& op) { return op.mode == Mode::add ? CellKind::added : CellKind::replaced; }
/// True if the op lists this cell (as kept or as removed).
bool lists(const Op& op, const CellName& cell);

}  // namespace kiz

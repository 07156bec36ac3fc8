// Reading a record's state: one view per merge type, each with the cells behind it, so that a page can show who and when.
// Rules: SPEC.md "Merge", "Reading". Pointers and spans lead into the state that was read and live as long as it does.
#pragma once

#include <optional>
#include <vector>

#include "kiz/record_view.h"
#include "protocol/record_state.h"

namespace kiz {

/// A value as it is shown, with every live cell that says so, highest first.
struct Reading {
  std::optional<Value> value;      // empty: unknown, because it was erased or has not arrived; never the same as Null
  std::vector<const Cell*> cells;  // at least one
};

/// The highest live cell is the value; the other different values were concurrently overwritten, highest first.
struct RegisterView {
  std::optional<Reading> value;  // empty: nobody has written the field
  std::vector<Reading> others;
};
RegisterView read_register(const RecordState& state, std::uint32_t field);

/// All different live values: Null first, then ascending, unknown ones last. Two or more are a conflict that a person
/// settles; an unknown one is never equal to any other.
std::vector<Reading> read_multi_value(const RecordState& state, std::uint32_t field);

/// Elements of a set, ascending, unknown ones last.
std::vector<Reading> read_set(const RecordState& state, std::uint32_t field);

/// Base by the register rule plus the deltas that it does not contain.
struct CounterView {
  std::optional<std::int64_t> sum;  // empty: unknown or overflown
  bool overflown = false;           // the sum does not fit 64 bits; it never wraps
  std::uint64_t unknown = 0;        // values not held
  const Cell* base = nullptr;
  const DeltaSum* deltas = nullptr;
};
CounterView read_counter(const RecordState& state, std::uint32_t field);

struct ExistenceView {
  Existence existence = Existence::absent;
  std::vector<const Cell*> alive;  // newest first: who changed the record last
  std::vector<const Cell*> marks;  // who deleted it
};
ExistenceView read_existence(const RecordState& state);

/// The cell that a register, or a counter's base, is read from; null if there is none.
const Cell* highest_read(const RecordState& state, std::uint32_t field);

}  // namespace kiz

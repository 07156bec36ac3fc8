// The merged state of one record: its live cells with their values, so that reading needs no log. Rules: SPEC.md "Merge",
// "Canonical record state". A cache: it can be rebuilt from the entries at any time, and the canonical bytes depend on
// these alone, never on local handles or the order of arrival.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "protocol/cell.h"
#include "protocol/crypto.h"

namespace kiz {

__extension__ using Int128 = __int128;  // holds the sum of any number of 64-bit deltas

/// The deltas of a counter, summed up: thousands of them would be rewritten with every change otherwise.
struct DeltaSum {
  std::uint32_t field = 0;
  std::uint64_t counted = 0;  // deltas that count on top of the base in force
  std::uint64_t unknown = 0;  // of these, those whose value is not held
  std::uint64_t inside = 0;   // deltas that the base in force already contains
  Int128 sum = 0;             // of the counted ones with a known value
  Hash counted_names;         // exclusive or of the hashes of their cell names
  Hash inside_names;

  bool operator==(const DeltaSum&) const = default;
};

/// All of one record. Empty: no applied entry names it.
struct RecordState {
  bool touched = false;               // an applied op names the record: true even if nothing lives in it
  std::vector<CellEntry> entries;     // ascending by hash; each is used by a cell
  std::vector<std::uint32_t> fields;  // ascending: every field but 0 that an applied op names, with or without live cells
  std::vector<Cell> cells;            // ascending by (field, kind, entry, op)
  std::vector<DeltaSum> sums;         // ascending by field

  bool operator==(const RecordState&) const = default;
  bool empty() const { return !touched; }

  /// Puts entries and cells in canonical order and drops entries without a cell.
  void normalise();

  /// Name of a live cell: that of its origin, or of the op with its content.
  CellName name_of(const Cell& cell) const;
  /// Timestamp that orders it among concurrent cells.
  Timestamp hlc_of(const Cell& cell) const;
  /// True if `a` is lower than `b` in (timestamp, log id, seq, entry hash, op index).
  bool lower(const Cell& a, const Cell& b) const;
  /// The cells of a field, in order.
  std::span<const Cell> cells_of(std::uint32_t field) const;
  /// Null if the field has no deltas.
  const DeltaSum* sum_of(std::uint32_t field) const;
};

Bytes encode_record(const RecordState& state);
/// errors: malformed, not_canonical, over_limit
Result<RecordState> decode_record(ByteView in);
/// The same of existence and these fields (ascending) alone: what else stands there is passed over without being checked. For
/// whoever shows few fields of many records; a state that is to be written needs the whole. `out`: only its memory is used again.
Result<void> decode_record(ByteView in, std::span<const std::uint32_t> fields, RecordState& out);

/// What a delta's name adds to DeltaSum::counted_names.
Hash cell_name_hash(const CellName& name);

/// Hash over record, fields and names of live cells; values are no part of it, so an erasure changes nothing.
Hash record_digest(const RecordId& record, const RecordState& state);

/// State hash of a space, record by record in ascending order.
class StateHasher {
 public:
  StateHasher();
  void add(const RecordId& record, const Hash& digest);
  Hash finish();

 private:
  crypto::Hasher hasher_;
  std::optional<RecordId> last_;
};

}  // namespace kiz

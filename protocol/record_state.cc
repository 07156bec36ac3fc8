#include "protocol/record_state.h"

#include <algorithm>
#include <tuple>

#include "kiz/assert.h"
#include "protocol/limits.h"
#include "protocol/wire.h"

namespace kiz {
namespace {

constexpr std::size_t cells_per_record_max = std::size_t{1} << 24;  // what a store may hold, not what a peer may send
constexpr std::uint32_t flag_hidden = 1, flag_shared = 2, flag_origin = 4, flag_value = 8, flags_all = 15;

auto place_of(const Cell& cell) { return std::tuple{cell.field, cell.kind, cell.entry, cell.op}; }

[[noreturn]] void refuse(Errc code, const char* what) { throw wire::Refused{code, what}; }

template <class T, class Less>
void require_ascending(const std::vector<T>& items, Less less) {
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (!less(items[i - 1], items[i])) refuse(Errc::not_canonical, "order");
  }
}

void add_name(Bytes& out, const CellName& name) {
  out.insert(out.end(), name.entry.bytes.begin(), name.entry.bytes.end());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(name.op >> shift));
}
void add_number(Bytes& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(number >> shift));
}

}  // namespace

// ---- canonical bytes -----------------------------------------------------------------------------------------------

template <class Archive>
void serialize(Archive& ar, CellEntry& e) {
  ar(e.hash, e.log, e.seq, e.hlc);
}

// Cells and sums are written by hand: their optional parts hang on flags, so that a plain cell costs four bytes and its
// value. cereal finds these through the archives.
void CEREAL_SAVE_FUNCTION_NAME(wire::Writer& ar, const Cell& cell) {
  const std::uint32_t flags = (cell.hidden ? flag_hidden : 0) | (cell.shared ? flag_shared : 0) |
                              (cell.origin ? flag_origin : 0) | (cell.value ? flag_value : 0);
  ar(cell.field, static_cast<std::uint8_t>(cell.kind), flags, cell.entry, cell.op);
  if (cell.origin) ar(cell.origin->cell, cell.origin->hlc);
  if (cell.value) ar(*cell.value);
}

namespace {

void load_behind_field(wire::Reader& ar, Cell& cell) {
  std::uint32_t flags = 0;
  std::uint8_t kind = 0;
  ar(kind, flags, cell.entry, cell.op);
  if (kind > static_cast<std::uint8_t>(CellKind::mark)) refuse(Errc::malformed, "kind of cell");
  if (flags > flags_all) refuse(Errc::malformed, "flags of cell");
  cell.kind = static_cast<CellKind>(kind);
  cell.hidden = (flags & flag_hidden) != 0;
  cell.shared = (flags & flag_shared) != 0;
  if ((flags & flag_origin) != 0) {
    cell.origin.emplace();
    ar(cell.origin->cell, cell.origin->hlc);
  }
  if ((flags & flag_value) != 0) ar(cell.value.emplace());
}

}  // namespace

void CEREAL_LOAD_FUNCTION_NAME(wire::Reader& ar, Cell& cell) {
  ar(cell.field);
  load_behind_field(ar, cell);
}

void CEREAL_SAVE_FUNCTION_NAME(wire::Writer& ar, const DeltaSum& s) {
  ar(s.field, s.counted, s.unknown, s.inside, static_cast<std::int64_t>(s.sum >> 64),
     static_cast<std::uint64_t>(s.sum), s.counted_names, s.inside_names);
}

void CEREAL_LOAD_FUNCTION_NAME(wire::Reader& ar, DeltaSum& s) {
  std::int64_t high = 0;
  std::uint64_t low = 0;
  ar(s.field, s.counted, s.unknown, s.inside, high, low, s.counted_names, s.inside_names);
  s.sum = static_cast<Int128>(high) * (static_cast<Int128>(1) << 64) + static_cast<Int128>(low);
}

constexpr std::size_t entry_bytes_min = 66, cell_bytes_min = 5, sum_bytes_min = 70;

template <class Archive>
void serialize(Archive& ar, RecordState& s) {
  ar(s.touched, wire::list(s.entries, cells_per_record_max, entry_bytes_min),
     wire::sorted_set(s.fields, cells_per_record_max), wire::list(s.cells, cells_per_record_max, cell_bytes_min),
     wire::list(s.sums, cells_per_record_max, sum_bytes_min));
}

Bytes encode_record(const RecordState& state) { return wire::encode(state); }

Result<RecordState> decode_record(ByteView in) {
  auto decoded = wire::decode<RecordState>(in);
  if (!decoded) return decoded.error();
  try {
    const RecordState& s = *decoded;
    require_ascending(s.entries, [](const auto& a, const auto& b) { return a.hash < b.hash; });
    require_ascending(s.cells, [](const auto& a, const auto& b) { return place_of(a) < place_of(b); });
    require_ascending(s.sums, [](const auto& a, const auto& b) { return a.field < b.field; });
    std::vector<bool> used(s.entries.size());
    for (const Cell& cell : s.cells) {
      if (cell.entry >= used.size()) refuse(Errc::malformed, "entry of cell");
      used[cell.entry] = true;
    }
    if (std::find(used.begin(), used.end(), false) != used.end()) refuse(Errc::not_canonical, "entry without cell");
    if (!s.touched && !(s.cells.empty() && s.fields.empty() && s.sums.empty())) refuse(Errc::not_canonical, "touched");
  } catch (const wire::Refused& refused) {
    return Error{refused.code, refused.what};
  }
  return decoded;
}

namespace {

/// Reads a cell of a field that is not wanted from there to its end.
void pass_over_cell(wire::Reader& ar) {
  ar.varint();  // kind
  const std::uint64_t flags = ar.varint();
  if (flags > flags_all) refuse(Errc::malformed, "flags of cell");
  ar.varint();  // entry
  ar.varint();  // op
  if ((flags & flag_origin) != 0) {
    ar.raw(EntryHash::size_bytes);
    ar.varint();  // op
    ar.varint();  // timestamp
  }
  if ((flags & flag_value) != 0) wire::pass_over_value(ar);
}

}  // namespace

Result<void> decode_record(ByteView in, std::span<const std::uint32_t> fields, RecordState& out) {
  try {
    wire::Reader ar{in};
    out.fields.clear();
    out.cells.clear();
    out.sums.clear();
    auto entries = wire::list(out.entries, cells_per_record_max, entry_bytes_min);
    ar(out.touched, entries);
    const auto is_wanted = [&](std::uint32_t field) { return std::binary_search(fields.begin(), fields.end(), field); };
    for (std::size_t left = ar.count(cells_per_record_max, 1); left > 0; --left) {
      std::uint32_t field = 0;
      ar(field);
      if (is_wanted(field)) out.fields.push_back(field);
    }
    for (std::size_t left = ar.count(cells_per_record_max, cell_bytes_min); left > 0; --left) {
      std::uint32_t field = 0;
      ar(field);
      if (field != field_existence && !is_wanted(field)) {
        pass_over_cell(ar);
        continue;
      }
      Cell& cell = out.cells.emplace_back();
      cell.field = field;
      load_behind_field(ar, cell);
      if (cell.entry >= out.entries.size()) refuse(Errc::malformed, "entry of cell");
    }
    for (std::size_t left = ar.count(cells_per_record_max, sum_bytes_min); left > 0; --left) {
      DeltaSum sum;
      ar(sum);
      if (is_wanted(sum.field)) out.sums.push_back(sum);
    }
    if (ar.left() != 0) refuse(Errc::malformed, "bytes after the end");
    return {};
  } catch (const wire::Refused& refused) {
    return Error{refused.code, refused.what};
  }
}

// ---- reading -------------------------------------------------------------------------------------------------------

CellName RecordState::name_of(const Cell& cell) const {
  return cell.origin ? cell.origin->cell : CellName{entries[cell.entry].hash, cell.op};
}

Timestamp RecordState::hlc_of(const Cell& cell) const { return cell.origin ? cell.origin->hlc : entries[cell.entry].hlc; }

bool RecordState::lower(const Cell& a, const Cell& b) const {
  const CellEntry& x = entries[a.entry];
  const CellEntry& y = entries[b.entry];
  return std::forward_as_tuple(hlc_of(a), x.log, x.seq, x.hash, a.op) <
         std::forward_as_tuple(hlc_of(b), y.log, y.seq, y.hash, b.op);
}

std::span<const Cell> RecordState::cells_of(std::uint32_t field) const {
  const auto first = std::partition_point(cells.begin(), cells.end(), [field](const Cell& c) { return c.field < field; });
  const auto last = std::partition_point(first, cells.end(), [field](const Cell& c) { return c.field == field; });
  return {first, last};
}

const DeltaSum* RecordState::sum_of(std::uint32_t field) const {
  const auto found = std::find_if(sums.begin(), sums.end(), [field](const DeltaSum& s) { return s.field == field; });
  return found == sums.end() ? nullptr : &*found;
}

void RecordState::normalise() {
  const auto by_place = [](const Cell& a, const Cell& b) { return place_of(a) < place_of(b); };
  if (entries.size() == 1 && !cells.empty()) {
    if (!std::is_sorted(cells.begin(), cells.end(), by_place)) std::sort(cells.begin(), cells.end(), by_place);
    return;
  }
  std::vector<std::uint32_t> order;  // of the used entries, by hash
  std::vector<bool> used(entries.size());
  for (const Cell& cell : cells) used[cell.entry] = true;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    if (used[i]) order.push_back(i);
  }
  const auto by_hash = [this](std::uint32_t a, std::uint32_t b) { return entries[a].hash < entries[b].hash; };
  if (order.size() != entries.size() || !std::is_sorted(order.begin(), order.end(), by_hash)) {
    std::sort(order.begin(), order.end(), by_hash);
    std::vector<std::uint32_t> place(entries.size());
    std::vector<CellEntry> kept;
    for (const std::uint32_t old : order) {
      place[old] = static_cast<std::uint32_t>(kept.size());
      kept.push_back(entries[old]);
    }
    for (Cell& cell : cells) cell.entry = place[cell.entry];
    entries = std::move(kept);
  }
  if (!std::is_sorted(cells.begin(), cells.end(), by_place)) std::sort(cells.begin(), cells.end(), by_place);
}

// ---- digests -------------------------------------------------------------------------------------------------------

Hash cell_name_hash(const CellName& name) {
  Bytes in;
  in.reserve(36);
  add_name(in, name);
  return crypto::hash("kiz-sync cell v1", in);
}

Hash record_digest(const RecordId& record, const RecordState& state) {
  Bytes in;
  in.reserve(32 + state.cells.size() * 48);
  add_number(in, record.kind);
  in.insert(in.end(), record.key.bytes.begin(), record.key.bytes.end());
  add_number(in, state.fields.size());
  for (const std::uint32_t field : state.fields) add_number(in, field);
  add_number(in, state.cells.size());
  for (const Cell& cell : state.cells) {
    add_number(in, cell.field);
    add_number(in, static_cast<std::uint64_t>(cell.kind));
    add_name(in, state.name_of(cell));
  }
  add_number(in, state.sums.size());
  for (const DeltaSum& sum : state.sums) {
    for (const std::uint64_t number : {std::uint64_t{sum.field}, sum.counted, sum.inside}) add_number(in, number);
    in.insert(in.end(), sum.counted_names.bytes.begin(), sum.counted_names.bytes.end());
    in.insert(in.end(), sum.inside_names.bytes.begin(), sum.inside_names.bytes.end());
  }
  return crypto::hash("kiz-sync record v1", in);
}

StateHasher::StateHasher() : hasher_("kiz-sync state v1") {}

void StateHasher::add(const RecordId& record, const Hash& digest) {
  KIZ_ASSERT(!last_ || *last_ < record);
  last_ = record;
  Bytes in;
  add_number(in, record.kind);
  in.insert(in.end(), record.key.bytes.begin(), record.key.bytes.end());
  in.insert(in.end(), digest.bytes.begin(), digest.bytes.end());
  hasher_.add(in);
}

Hash StateHasher::finish() { return hasher_.finish(); }

}  // namespace kiz

#include "libclient/values.h"

#include <algorithm>

#include "libclient/erasure.h"
#include "protocol/limits.h"

namespace kiz::values {
namespace {

constexpr std::size_t records_looked_at = 1024;  // in one go, and so many again from the first one on

/// Ops on a record whose live cell or delta lacks its value.
std::vector<CellName> unknown_in(const SpaceSlot& slot, const RecordId& id, const RecordState& state) {
  std::vector<CellName> out;
  for (const Cell& cell : state.cells) {
    if (cell.field != field_existence && !cell.value) out.push_back({state.entries[cell.entry].hash, cell.op});
  }
  if (std::none_of(state.sums.begin(), state.sums.end(), [](const DeltaSum& sum) { return sum.unknown > 0; })) return out;
  std::vector<EntryRef> refs;
  slot.store.touching(id, refs);
  for (const EntryRef ref : refs) {
    const EntryMeta meta = slot.store.meta(ref);
    if (!slot.merge.history().is_applied(meta)) continue;
    std::vector<IndexedOp> ops;
    slot.store.ops_on(ref, id, ops);
    for (const IndexedOp& op : ops) {
      if (op.op.mode == Mode::add && !op.op.value && state.sum_of(op.op.field) != nullptr) out.push_back({meta.hash, op.index});
    }
  }
  return out;
}

class Erased {
 public:
  explicit Erased(const ReplicaCore& core) : orders_(erasure::in_force(core)) {}

  bool covers(const SpaceSlot& slot, EntryRef ref, std::uint32_t index, const Op& op) const {
    const EntryMeta meta = slot.store.meta(ref);
    return std::any_of(orders_.begin(), orders_.end(), [&](const erasure::Order& order) {
      return order.target_space == slot.store.space() && order.covers(op, {meta.hash, index}, op.origin ? op.origin->hlc : meta.hlc);
    });
  }

 private:
  std::vector<erasure::Order> orders_;
};

/// Records of a space in which something is unknown, from a random one on.
std::vector<RecordId> records_with_unknown(const ReplicaCore& core, const SpaceSlot& slot) {
  std::vector<RecordId> out;
  std::uint8_t dice[4];
  core.random(dice);
  std::int64_t newest = 0;
  {
    auto query = core.db().query("SELECT max(id) FROM records WHERE space = ? AND unknown > 0");
    query << slot.store.number();
    if (!query.step() || query.null(0)) return out;
    newest = query.number(0);
  }
  const std::int64_t from = (std::int64_t{dice[0]} << 24 | dice[1] << 16 | dice[2] << 8 | dice[3]) % (newest + 1);
  for (const char* sql : {"SELECT kind, key FROM records WHERE space = ? AND unknown > 0 AND id >= ? ORDER BY id LIMIT ?",
                          "SELECT kind, key FROM records WHERE space = ? AND unknown > 0 AND id < ? ORDER BY id LIMIT ?"}) {
    auto query = core.db().query(sql);
    query << slot.store.number() << from << static_cast<std::uint64_t>(records_looked_at);
    while (query.step()) out.push_back({static_cast<std::uint32_t>(query.number(0)), RecordKey::from(query.blob(1))});
  }
  return out;
}

}  // namespace

std::vector<ValuesWanted> wanted(const ReplicaCore& core, const MemberId& member, const std::set<CellName>& known, std::size_t max) {
  std::vector<ValuesWanted> out;
  std::size_t found = 0;
  std::optional<Erased> erased;
  for (const SpaceSlot* slot : core.slots_read_by(member)) {
    const Space& space = slot->store.space();
    std::vector<CellName> cells;
    for (const RecordId& id : records_with_unknown(core, *slot)) {
      if (!erased) erased.emplace(core);
      for (const CellName& cell : unknown_in(*slot, id, slot->store.load(id))) {
        const EntryRef ref = slot->store.find(cell.entry);
        if (found == max || known.contains(cell) || ref == 0) continue;
        const EntryBody& body = slot->store.body(ref);
        if (cell.op >= body.ops.size()) continue;
        const Op op = body.ops[cell.op];
        if (erased->covers(*slot, ref, cell.op, op)) continue;
        cells.push_back(cell);
        ++found;
      }
    }
    std::sort(cells.begin(), cells.end());
    cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
    for (std::size_t at = 0; at < cells.size(); at += limits::values_max) {
      const std::size_t end = std::min(cells.size(), at + limits::values_max);
      out.push_back({SpaceName::of(space), {cells.begin() + static_cast<std::ptrdiff_t>(at), cells.begin() + static_cast<std::ptrdiff_t>(end)}});
    }
  }
  return out;
}

ValuesGiven give(const ReplicaCore& core, const ValuesWanted& asked, std::size_t& from, std::size_t bytes_max) {
  ValuesGiven out{asked.space, false, {}};
  const SpaceSlot* slot = core.slot(asked.space.in(core.realm()));
  const Erased erased{core};
  std::size_t bytes = 0;
  for (; from < asked.cells.size() && bytes < bytes_max; ++from) {
    const CellName& cell = asked.cells[from];
    const EntryRef ref = slot == nullptr ? 0 : slot->store.find(cell.entry);
    // What is in quarantine is passed on to nobody.
    if (ref == 0 || !slot->merge.history().held(cell.entry)) continue;
    const EntryBody body = slot->store.body(ref);
    const auto nonce = nonce_of(body, cell.op);
    if (!nonce || is_note(body.ops[cell.op]) || erased.covers(*slot, ref, cell.op, body.ops[cell.op])) continue;
    GivenValue given{cell, body.salt.has_value(), {}, *body.ops[cell.op].value};
    given.secret.bytes = body.salt ? body.salt->bytes : nonce->bytes;
    const auto* text = as_text(given.value);
    const auto* blob = std::get_if<Bytes>(&given.value);
    bytes += 128 + (text != nullptr ? text->size() : blob != nullptr ? blob->size() : 0);
    out.values.push_back(std::move(given));
  }
  out.more = from < asked.cells.size();
  return out;
}

Result<std::uint64_t> take(ReplicaCore& core, const ValuesGiven& given, const std::set<CellName>& asked) {
  SpaceSlot* slot = core.slot(given.space.in(core.realm()));
  if (slot == nullptr || given.values.empty()) return std::uint64_t{0};
  return core.write([&]() -> Result<std::uint64_t> {
    const Erased erased{core};
    std::set<RecordId> changed;
    std::uint64_t taken = 0;
    for (const GivenValue& value : given.values) {
      const EntryRef ref = slot->store.find(value.cell.entry);
      if (ref == 0 || !asked.contains(value.cell)) continue;
      EntryBody body = slot->store.body(ref);
      const auto salt = value.whole ? std::optional{Salt::from(value.secret)} : std::nullopt;
      const Nonce nonce = salt ? op_nonce(*salt, value.cell.op) : Nonce::from(value.secret);
      if (!put_value_back(body, value.cell.op, nonce, salt, value.value)) continue;
      if (erased.covers(*slot, ref, value.cell.op, body.ops[value.cell.op])) continue;
      slot->store.put_values(ref, body);
      changed.insert(body.ops[value.cell.op].record);
      ++taken;
    }
    for (const RecordId& id : changed) slot->merge.refresh(id);
    return taken;
  });
}

void mend(SpaceSlot& slot, EntryRef ref, const EntryBody& arrived) {
  EntryBody body = slot.store.body(ref);
  if (body.salt) return;
  const EntryHash hash = slot.store.meta(ref).hash;
  std::set<RecordId> changed;
  for (std::uint32_t i = 0; i < body.ops.size(); ++i) {
    const auto nonce = nonce_of(arrived, i);
    if (body.ops[i].value || !nonce) continue;
    const RecordId id = body.ops[i].record;
    const auto unknown = unknown_in(slot, id, slot.store.load(id));
    if (std::find(unknown.begin(), unknown.end(), CellName{hash, i}) == unknown.end()) continue;
    if (put_value_back(body, i, *nonce, arrived.salt, *arrived.ops[i].value)) changed.insert(id);
  }
  if (changed.empty()) return;
  slot.store.put_values(ref, body);
  for (const RecordId& id : changed) slot.merge.refresh(id);
}

}  // namespace kiz::values

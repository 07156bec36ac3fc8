#include "libclient/erasure.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "libclient/entry_author.h"
#include "protocol/crypto.h"
#include "protocol/registry.h"

namespace kiz::erasure {
namespace {

namespace fields = registry::fields::erasure;
namespace answer_fields = registry::fields::erasure_answer;

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;
constexpr std::size_t scanned_at_once = 256;
constexpr char answer_label[] = "kiz-sync erasure answer v1";

std::string spelled(const CellName& cell) { return to_hex(cell.entry) + ":" + std::to_string(cell.op); }

std::optional<CellName> cell_of(const std::string& text) {
  if (text.size() < 66 || text[64] != ':') return std::nullopt;
  const Bytes entry = from_hex(std::string_view{text}.substr(0, 64));
  CellName out;
  const char* end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data() + 65, end, out.op);
  if (entry.size() != EntryHash::size_bytes || failed != std::errc{} || stop != end) return std::nullopt;
  out.entry = EntryHash::from(entry);
  return out;
}

std::optional<std::uint64_t> moment(const RecordView& view, std::uint32_t field) {
  const auto n = view.number(field);
  return n && *n >= 0 ? std::optional{static_cast<std::uint64_t>(*n)} : std::nullopt;
}

template <class Take>
void each_element(const RecordView& view, std::uint32_t field, Take take) {
  const FieldView* set = view.field(field);
  if (set == nullptr) return;
  for (const CellView& cell : set->cells) {
    if (cell.value) take(*cell.value);
  }
}

std::optional<Order> order_of(const RecordView& view) {
  const auto collection = moment(view, fields::collection), kind = moment(view, fields::kind), until = moment(view, fields::until);
  const auto requested = moment(view, fields::requested_at), effective = moment(view, fields::effective_at);
  const Bytes key = from_hex(view.text(fields::record));
  if (!collection || !kind || !until || !requested || !effective || key.size() != RecordKey::size_bytes) return std::nullopt;
  Order out;
  out.id = view.id;
  out.space = view.space;
  out.target_space = {view.space.realm, view.space.owner, static_cast<Collection>(*collection), view.text(fields::counterpart)};
  out.target = {static_cast<std::uint32_t>(*kind), RecordKey::from(key)};
  out.reason = static_cast<Reason>(view.number(fields::reason).value_or(1));
  out.requested_ms = *requested;
  out.effective_ms = *effective;
  out.confirmed_ms = moment(view, fields::confirmed_at).value_or(0);
  out.until_ms = *until;
  out.withdrawn = !view.exists();
  each_element(view, fields::fields, [&](const Value& value) {
    if (const auto* n = as_int(value)) out.fields.insert(static_cast<std::uint32_t>(*n));
  });
  each_element(view, fields::cells, [&](const Value& value) {
    const auto* text = as_text(value);
    if (const auto cell = text == nullptr ? std::nullopt : cell_of(*text)) out.cells.insert(*cell);
  });
  return out;
}

/// Every record of a kind in a space, what this transaction wrote included.
template <class Take>
void each_record(const SpaceSlot& slot, std::uint32_t kind, Take take) {
  std::vector<RecordId> ids;
  // Keys are hashes or random: the one that is left out here names nothing.
  std::optional<RecordId> after = RecordId{kind, {}};
  do {
    ids.clear();
    slot.store.records_after(after, scanned_at_once, ids);
    for (const RecordId& id : ids) {
      if (id.kind != kind) return;
      const RecordState state = slot.store.load(id);
      if (!state.empty()) take(view_of(slot.store.space(), id, state));
    }
    if (!ids.empty()) after = ids.back();
  } while (ids.size() == scanned_at_once);
}

std::vector<EntryRef> entries_of(const ReplicaCore& core, const SpaceSlot& slot, const Order& order) {
  std::vector<EntryRef> out;
  if (order.target.kind != 0) {
    slot.store.touching(order.target, out);
    return out;
  }
  auto query = core.db().query("SELECT id FROM entries WHERE space = ? AND hlc <= ?");
  query << slot.store.number() << Timestamp::of(order.until_ms, 0xffff).value;
  while (query.step()) out.push_back(query.count(0));
  return out;
}

std::vector<std::uint32_t> covered_ops(const SpaceSlot& slot, EntryRef ref, const Order& order) {
  std::vector<std::uint32_t> out;
  const EntryMeta meta = slot.store.meta(ref);
  const EntryBody& body = slot.store.body(ref);
  for (std::uint32_t i = 0; i < body.ops.size(); ++i) {
    const Op& op = body.ops[i];
    if (op.value && order.covers(op, {meta.hash, i}, op.origin ? op.origin->hlc : meta.hlc)) out.push_back(i);
  }
  return out;
}

/// The record must be refreshed afterwards.
std::uint64_t erase_in(SpaceSlot& slot, EntryRef ref, const Order& order) {
  const auto gone = covered_ops(slot, ref, order);
  if (gone.empty()) return 0;
  EntryBody body = slot.store.body(ref);
  drop_values(body, gone);
  slot.store.put_values(ref, body);
  return gone.size();
}

RecordId answer_id(const Order& order, const AuthorKey& device) {
  const Hash name = crypto::Hasher{answer_label}.add(view(order.space.owner)).add(order.id.key).add(device).finish();
  return {registry::kinds::erasure_answer, RecordKey::from(name)};
}

std::string backup_horizon(const ReplicaCore& core) {
  auto query = core.db().query("SELECT value FROM facts WHERE name = 'backups_until'");
  return query.step() ? query.text(0) : std::string{};
}

bool may_answer(const ReplicaCore& core) {
  const Device* own = core.own_device();
  return own != nullptr && !own->revoked && (own->rights & static_cast<Rights>(Right::write)) != 0;
}

}  // namespace

void wipe_files(ReplicaCore& core) {
  core.db().execute("PRAGMA wal_checkpoint(TRUNCATE)");
  core.db().execute("VACUUM");
  core.db().execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

bool Order::covers(const Op& op, const CellName& cell, Timestamp said) const {
  if (op.record != target || !carries_value(op.mode)) return false;
  if (!fields.empty() && !fields.contains(op.field)) return false;
  return said <= Timestamp::of(until_ms, 0xffff) || cells.contains(cell);
}

std::vector<Order> orders(const ReplicaCore& core) {
  std::vector<Order> out;
  for (const SpaceSlot* slot : core.slots()) {
    if (slot->store.space().collection != collections::erasures) continue;
    each_record(*slot, registry::kinds::erasure, [&](const RecordView& view) {
      if (auto order = order_of(view)) out.push_back(std::move(*order));
    });
  }
  std::sort(out.begin(), out.end(), [](const Order& a, const Order& b) {
    return std::tie(a.requested_ms, a.id) < std::tie(b.requested_ms, b.id);
  });
  return out;
}

namespace {

RecordId add_order(const ReplicaCore& core, const Wish& wish, Edit& edit) {
  const std::uint64_t now = core.now_ms();
  const std::uint64_t until = wish.until_ms == 0 ? now : wish.until_ms;
  Order covered;
  covered.target = wish.record;
  covered.fields = wish.fields;
  covered.until_ms = until;
  const Space space{core.control().realm(), wish.space.owner, collections::erasures, {}};
  RecordId id{registry::kinds::erasure, {}};
  core.random(id.key.bytes);
  const auto set = [&](std::uint32_t field, Value value) { edit.set(space, id, field, std::move(value)); };
  set(fields::collection, static_cast<std::int64_t>(wish.space.collection));
  if (!wish.space.counterpart.empty()) set(fields::counterpart, wish.space.counterpart);
  set(fields::kind, static_cast<std::int64_t>(wish.record.kind));
  set(fields::record, to_hex(wish.record.key));
  set(fields::reason, static_cast<std::int64_t>(wish.reason));
  set(fields::requested_at, static_cast<std::int64_t>(now));
  set(fields::effective_at, static_cast<std::int64_t>(now + wish.days * day_ms));
  set(fields::until, static_cast<std::int64_t>(until));
  for (const std::uint32_t field : wish.fields) edit.add(space, id, fields::fields, static_cast<std::int64_t>(field));
  // A value that a fast clock has stamped into the future would outlive the order.
  const SpaceSlot* slot = core.slot(wish.space);
  if (slot != nullptr && wish.until_ms == 0 && wish.record.kind != 0) {
    for (const EntryRef ref : entries_of(core, *slot, covered)) {
      const EntryMeta meta = slot->store.meta(ref);
      if (meta.hlc <= Timestamp::of(until, 0xffff)) continue;
      std::vector<IndexedOp> ops;
      slot->store.ops_on(ref, wish.record, ops);
      for (const IndexedOp& op : ops) {
        const bool named = wish.fields.empty() || wish.fields.contains(op.op.field);
        if (op.op.value && named) edit.add(space, id, fields::cells, spelled({meta.hash, op.index}));
      }
    }
  }
  return id;
}

}  // namespace

Result<RecordId> order(ReplicaCore& core, const Wish& wish, const Actor& actor) {
  Edit edit;
  const RecordId id = add_order(core, wish, edit);
  auto committed = core.commit(edit, actor);
  if (!committed) return committed.error();
  return id;
}

Result<void> order(ReplicaCore& core, const std::vector<Wish>& wishes, const Actor& actor) {
  Edit edit;
  for (const Wish& wish : wishes) add_order(core, wish, edit);
  auto committed = core.commit(edit, actor);
  if (!committed) return committed.error();
  return {};
}

namespace {

std::optional<Order> find_order(const ReplicaCore& core, const RecordId& id) {
  for (Order& order : orders(core)) {
    if (order.id == id) return std::move(order);
  }
  return std::nullopt;
}

struct Maker {
  AuthorKey device;
  std::string person;
};

/// Who ordered it: of the first entry that set its time.
Maker maker_of(const ReplicaCore& core, const Order& order) {
  Maker out;
  const SpaceSlot* slot = core.slot(order.space);
  std::vector<EntryRef> refs;
  if (slot != nullptr) slot->store.touching(order.id, refs);
  if (refs.empty()) return out;
  const EntryMeta meta = slot->store.meta(refs.front());
  out.device = slot->store.log(meta.place.log).author;
  for (const Op& op : slot->store.body(refs.front()).ops) {
    if (!is_note(op) || op.field != registry::fields::acting_person || !op.value) continue;
    if (const auto* name = as_text(*op.value)) out.person = *name;
  }
  return out;
}

}  // namespace

Result<void> confirm(ReplicaCore& core, const RecordId& id, const Actor& actor) {
  const auto order = find_order(core, id);
  if (!order || order->withdrawn) return Error{Errc::not_found, "erasure"};
  if (order->in_force(core.now_ms())) return {};
  const Maker maker = maker_of(core, *order);
  const bool same_device = maker.device == core.files().author();
  const bool same_person = actor.name.empty() || maker.person.empty() ? same_device : actor.name == maker.person;
  if (same_person) return Error{Errc::conflict_open, "erasure"};
  Edit edit;
  edit.set(order->space, id, fields::confirmed_at, static_cast<std::int64_t>(core.now_ms()));
  auto committed = core.commit(edit, actor);
  if (!committed) return committed.error();
  return {};
}

Result<void> withdraw(ReplicaCore& core, const RecordId& id, const Actor& actor) {
  const auto order = find_order(core, id);
  if (!order || order->withdrawn) return Error{Errc::not_found, "erasure"};
  if (order->in_force(core.now_ms())) return Error{Errc::over_limit, "erasure"};
  Edit edit;
  edit.del(order->space, id);
  auto committed = core.commit(edit, actor);
  if (!committed) return committed.error();
  return {};
}

std::vector<CellName> covered(const ReplicaCore& core, const Order& order) {
  const SpaceSlot* slot = core.slot(order.target_space);
  std::vector<CellName> out;
  if (slot == nullptr) return out;
  for (const EntryRef ref : entries_of(core, *slot, order)) {
    const EntryMeta meta = slot->store.meta(ref);
    const EntryBody& body = slot->store.body(ref);
    for (std::uint32_t i = 0; i < body.ops.size(); ++i) {
      const Op& op = body.ops[i];
      if (order.covers(op, {meta.hash, i}, op.origin ? op.origin->hlc : meta.hlc)) out.push_back({meta.hash, i});
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::uint64_t held(const ReplicaCore& core, const Order& order) {
  const SpaceSlot* slot = core.slot(order.target_space);
  std::uint64_t out = 0;
  if (slot == nullptr) return out;
  for (const EntryRef ref : entries_of(core, *slot, order)) out += covered_ops(*slot, ref, order).size();
  return out;
}

Result<Done> carry_out(ReplicaCore& core) {
  Done done;
  std::map<RecordId, std::uint64_t> erased;
  try {
    const std::vector<Order> due = in_force(core);
    if (due.empty()) return done;
    const bool anything = std::any_of(due.begin(), due.end(), [&](const Order& order) { return held(core, order) > 0; });
    if (anything) {
      auto dropped = core.write([&]() -> Result<void> {
        for (const Order& order : due) {
          SpaceSlot* slot = core.slot(order.target_space);
          if (slot == nullptr) continue;
          std::uint64_t values = 0;
          for (const EntryRef ref : entries_of(core, *slot, order)) values += erase_in(*slot, ref, order);
          if (values > 0 && order.target.kind != 0) slot->merge.refresh(order.target);
          erased[order.id] += values;
          done.values += values;
        }
        return {};
      });
      if (!dropped) return dropped.error();
      wipe_files(core);
    }
    if (!may_answer(core)) return done;
    const Space space{core.control().realm(), core.own_device()->member, collections::erasure_answers, {}};
    Edit edit;
    for (const Order& order : due) {
      const RecordId id = answer_id(order, core.files().author());
      const SpaceSlot* slot = core.slot(space);
      if (slot != nullptr && !slot->store.load(id).empty()) continue;
      edit.set(space, id, answer_fields::owner, order.space.owner);
      edit.set(space, id, answer_fields::erasure, to_hex(order.id.key));
      edit.set(space, id, answer_fields::device, to_hex(core.files().author()));
      edit.set(space, id, answer_fields::done_at, static_cast<std::int64_t>(core.now_ms()));
      edit.set(space, id, answer_fields::values, static_cast<std::int64_t>(erased[order.id]));
      if (const std::string until = backup_horizon(core); !until.empty()) edit.set(space, id, answer_fields::backups_until, until);
      ++done.answers;
    }
    if (!edit.empty()) {
      if (auto committed = core.commit(edit, {}); !committed) return committed.error();
    }
  } catch (const SqlFailure& failure) {
    return failure.error();
  }
  return done;
}

std::vector<Order> in_force(const ReplicaCore& core) {
  std::vector<Order> out = orders(core);
  std::erase_if(out, [&](const Order& order) { return !order.in_force(core.now_ms()); });
  return out;
}

void cover_arrivals(ReplicaCore& core, const std::vector<std::pair<SpaceSlot*, EntryRef>>& arrived) {
  const bool ordered = std::any_of(arrived.begin(), arrived.end(), [](const auto& entry) {
    return entry.first->store.space().collection == collections::erasures;
  });
  std::map<Space, std::vector<Order>> by_space;
  for (Order& order : in_force(core)) by_space[order.target_space].push_back(std::move(order));
  std::set<std::pair<SpaceSlot*, RecordId>> changed;
  const auto erase = [&](SpaceSlot& slot, EntryRef ref, const Order& order) {
    if (erase_in(slot, ref, order) > 0 && order.target.kind != 0) changed.insert({&slot, order.target});
  };
  for (const auto& [slot, ref] : arrived) {
    const auto here = by_space.find(slot->store.space());
    if (here == by_space.end()) continue;
    for (const Order& order : here->second) erase(*slot, ref, order);
  }
  // An order that came now meets what was here before it.
  for (const auto& [space, here] : by_space) {
    SpaceSlot* slot = ordered ? core.slot(space) : nullptr;
    if (slot == nullptr) continue;
    for (const Order& order : here) {
      for (const EntryRef ref : entries_of(core, *slot, order)) erase(*slot, ref, order);
    }
  }
  for (const auto& [slot, record] : changed) slot->merge.refresh(record);
}

std::vector<Answered> answers(const ReplicaCore& core, const Order& order) {
  std::vector<Answered> out;
  for (const SpaceSlot* slot : core.slots()) {
    const Space& space = slot->store.space();
    if (space.collection != collections::erasure_answers) continue;
    each_record(*slot, registry::kinds::erasure_answer, [&](const RecordView& view) {
      if (view.text(answer_fields::erasure) != to_hex(order.id.key) || view.text(answer_fields::owner) != order.space.owner) return;
      const Bytes key = from_hex(view.text(answer_fields::device));
      if (key.size() != AuthorKey::size_bytes) return;
      const AuthorKey author = AuthorKey::from(key);
      const Device* device = core.membership().device(author);
      // A member speaks for its own devices alone.
      if (device == nullptr || device->member != space.owner) return;
      out.push_back({author, moment(view, answer_fields::done_at).value_or(0), moment(view, answer_fields::values).value_or(0),
                     view.text(answer_fields::backups_until)});
    });
  }
  return out;
}

std::vector<Later> later(const ReplicaCore& core, const Order& order) {
  std::vector<Later> out;
  const SpaceSlot* slot = core.slot(order.target_space);
  if (slot == nullptr || order.target.kind == 0) return out;
  const auto answered = answers(core, order);
  for (const EntryRef ref : entries_of(core, *slot, order)) {
    const EntryMeta meta = slot->store.meta(ref);
    const AuthorKey author = slot->store.log(meta.place.log).author;
    std::vector<IndexedOp> ops;
    slot->store.ops_on(ref, order.target, ops);
    for (const IndexedOp& at : ops) {
      const Timestamp said = at.op.origin ? at.op.origin->hlc : meta.hlc;
      const CellName cell{meta.hash, at.index};
      const bool concerned = at.op.value && !is_null(*at.op.value) && (order.fields.empty() || order.fields.contains(at.op.field));
      if (!concerned || order.covers(at.op, cell, said)) continue;
      const bool before = std::any_of(answered.begin(), answered.end(), [&](const Answered& a) { return a.device == author && a.done_ms <= said.millis(); });
      out.push_back({cell, at.op.field, author, said, before});
    }
  }
  std::sort(out.begin(), out.end(), [](const Later& a, const Later& b) { return std::tie(a.said, a.cell) < std::tie(b.said, b.cell); });
  return out;
}

std::vector<AuthorKey> unanswered(const ReplicaCore& core, const Order& order) {
  const auto done = answers(core, order);
  std::vector<AuthorKey> out;
  for (const Device& device : core.membership().devices()) {
    if (device.revoked || !core.membership().may_read(device.member, order.target_space)) continue;
    const bool answered = std::any_of(done.begin(), done.end(), [&](const Answered& a) { return a.device == device.author; });
    if (!answered) out.push_back(device.author);
  }
  return out;
}

}  // namespace kiz::erasure

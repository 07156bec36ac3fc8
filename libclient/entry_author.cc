#include "libclient/entry_author.h"

#include <algorithm>

#include "protocol/entry_fields.h"
#include "protocol/frontier.h"
#include "protocol/registry.h"
#include "protocol/seen.h"

namespace kiz {
namespace {

// An entry well below its bound in ops and bytes leaves room for the note and the heads seen.
constexpr std::size_t draft_ops_max = limits::ops_max - 8;
constexpr std::size_t draft_bytes_max = limits::entry_bytes_max / 2;
// From here on an entry ends where a record ends: one that is spread over two entries costs more in each store.
constexpr std::size_t draft_ops_full = draft_ops_max - draft_ops_max / 16;
constexpr std::size_t draft_bytes_full = draft_bytes_max - draft_bytes_max / 16;
constexpr std::size_t sealed_max = 2;  // entries that wait for their hash while an earlier one is written: bounds memory

// A clock before the program was written or beyond any use of it is wrong; signing with it would order our edits absurdly.
constexpr std::uint64_t clock_earliest_ms = 1'735'689'600'000;  // 2025-01-01
constexpr std::uint64_t clock_latest_ms = 4'102'444'800'000;    // 2100-01-01

std::size_t value_bytes(const Value& value) {
  if (const auto* text = as_text(value)) return text->size() + 4;
  if (const auto* bytes = std::get_if<Bytes>(&value)) return bytes->size() + 4;
  return 12;
}

std::vector<CellName> live_names(const RecordState& state, std::uint32_t field, CellKind kind) {
  std::vector<CellName> out;
  for (const Cell& cell : state.cells_of(field)) {
    if (cell.kind == kind) out.push_back(state.name_of(cell));
  }
  std::sort(out.begin(), out.end());
  return out;
}

// The one visible value of a field, where there is just one cell that nothing disputes.
bool shows_exactly(const RecordState& state, std::uint32_t field, const Value& value) {
  std::size_t cells = 0;
  bool same = false;
  for (const Cell& cell : state.cells_of(field)) {
    if (cell.kind != CellKind::replaced) continue;
    ++cells;
    same = cell.value == value;
  }
  return cells == 1 && same;
}

bool shows_element(const RecordState& state, std::uint32_t field, const Value& value) {
  const auto cells = state.cells_of(field);
  return std::any_of(cells.begin(), cells.end(),
                     [&](const Cell& cell) { return cell.kind == CellKind::added && cell.value == value; });
}

bool has_natural_key(std::uint32_t kind) {
  const auto* known = registry::find_kind(kind);
  return known != nullptr && !known->key.empty();
}

}  // namespace

Result<void> EntryAuthor::check_clock() const {
  const std::uint64_t now = core_.now_ms();
  if (now < clock_earliest_ms || now > clock_latest_ms) return Error{Errc::bad_clock, "clock"};
  return {};
}

Result<void> EntryAuthor::check_right(const Space& space) const {
  const Device* device = core_.own_device();
  if (device == nullptr) return Error{Errc::not_set_up, "membership"};
  const Right needed = Membership::right_for(space, core_.membership().authority());
  const bool may = !device->revoked && device->member == space.owner && space.realm == core_.control().realm() &&
                   (device->rights & static_cast<Rights>(needed)) != 0;
  if (!may) return Error{device->revoked ? Errc::revoked : Errc::not_permitted, "space of " + space.owner};
  return {};
}

Result<Committed> EntryAuthor::write(const Edit& edit) {
  if (auto good = check_clock(); !good) return good.error();
  std::vector<Draft> drafts;
  for (const Edit::Step& step : edit.steps()) {
    auto draft = std::find_if(drafts.begin(), drafts.end(), [&](const Draft& d) { return d.slot->store.space() == step.space; });
    if (draft == drafts.end()) {
      if (auto may = check_right(step.space); !may) return may.error();
      drafts.emplace_back().slot = &core_.slot_for(step.space);
      draft = std::prev(drafts.end());
    }
    if (auto taken = take(*draft, step); !taken) return taken.error();
    tell(watch_, "writing", static_cast<std::uint64_t>(&step - edit.steps().data()), edit.size());
  }
  for (Draft& draft : drafts) {
    if (auto sealed = seal(draft); !sealed) return sealed.error();
  }
  if (auto appended = append_waiting(0); !appended) return appended.error();
  return std::move(committed_);
}

Result<Committed> EntryAuthor::write(const Space& space, std::vector<Op> ops) {
  if (auto good = check_clock(); !good) return good.error();
  if (auto may = check_right(space); !may) return may.error();
  Draft draft;
  draft.slot = &core_.slot_for(space);
  if (ops.size() > draft_ops_max) return Error{Errc::over_limit, "ops"};
  for (Op& op : ops) {
    if (auto pushed = push(draft, std::move(op)); !pushed) return pushed.error();
  }
  if (auto sealed = seal(draft); !sealed) return sealed.error();
  if (auto appended = append_waiting(0); !appended) return appended.error();
  return std::move(committed_);
}

Result<void> EntryAuthor::take(Draft& draft, const Edit::Step& step) {
  if (draft.adds_what_falls(step)) {  // an element has no name before the entry that adds it
    if (auto sealed = seal(draft); !sealed) return sealed;
  }
  if (is_waiting(*draft.slot, step.record)) {  // what it shows is decided by what this edit has said of it before
    if (auto appended = append_waiting(0); !appended) return appended;
  }
  const RecordState state = draft.slot->store.load(step.record);
  const Existence existence = existence_of(state);
  const bool asserts = step.kind != Edit::Kind::del;
  if (asserts && existence == Existence::deleted && has_natural_key(step.record.kind) &&
      draft.recreated.insert(step.record).second) {
    recreate(draft, step.record, state);
  }
  // What the store shows is no longer so once this edit has spoken of it: the later step counts, even where it restores that.
  auto op = op_of(*draft.slot, step, state, !draft.speaks_of(step));
  if (!op) return op.error();
  return *op ? push(draft, std::move(**op)) : Result<void>{};
}

const std::vector<std::uint32_t>* EntryAuthor::Draft::fields_of(const RecordId& record) const {
  if (newest != nullptr && newest->first == record) return &newest->second;
  const auto at = named.find(record);
  return at != named.end() ? &at->second : nullptr;
}

void EntryAuthor::Draft::name(const RecordId& record, std::uint32_t field) {
  if (newest == nullptr || newest->first != record) newest = &*named.try_emplace(record).first;
  std::vector<std::uint32_t>& fields = newest->second;
  if (fields.empty()) fields.reserve(16);  // most records have fewer
  if (std::ranges::find(fields, field) == fields.end()) fields.push_back(field);
}

bool EntryAuthor::Draft::names(const RecordId& record, std::uint32_t field) const {
  const auto* fields = fields_of(record);
  return fields != nullptr && std::ranges::find(*fields, field) != fields->end();
}

bool EntryAuthor::Draft::adds_what_falls(const Edit::Step& step) const {
  return step.kind == Edit::Kind::remove && names(step.record, step.field) &&
         std::any_of(ops.begin(), ops.end(), [&](const Op& op) {
           return op.record == step.record && op.field == step.field && op.mode == Mode::add && op.value == step.value;
         });
}

bool EntryAuthor::Draft::speaks_of(const Edit::Step& step) const {
  const bool of_existence = step.kind == Edit::Kind::del || step.kind == Edit::Kind::undo;
  const auto* fields = fields_of(step.record);
  if (of_existence || fields == nullptr) return fields != nullptr;
  return std::ranges::find(*fields, field_existence) != fields->end() || std::ranges::find(*fields, step.field) != fields->end();
}

/// Empty where nothing is to be done; `as_shown`: also where the state shows what the step wants.
Result<std::optional<Op>> EntryAuthor::op_of(const SpaceSlot& slot, const Edit::Step& step, const RecordState& state, bool as_shown) {
  const std::optional<Op> nothing;
  const Existence existence = existence_of(state);
  Op op;
  op.record = step.record;
  op.field = step.field;
  switch (step.kind) {
    case Edit::Kind::set:
      if (as_shown && step.keep.empty() && existence == Existence::exists && shows_exactly(state, step.field, step.value)) return nothing;
      op.mode = Mode::replace;
      op.value = step.value;
      op.cells = step.keep;
      std::sort(op.cells.begin(), op.cells.end());
      op.cells.erase(std::unique(op.cells.begin(), op.cells.end()), op.cells.end());
      break;
    case Edit::Kind::add: {
      const bool delta = slot.fields.is_counter(step.record.kind, step.field);
      if (delta && as_int(step.value) == nullptr) return Error{Errc::invalid_input, "delta"};
      if (as_shown && !delta && existence == Existence::exists && shows_element(state, step.field, step.value)) return nothing;
      op.mode = Mode::add;
      op.value = step.value;
      break;
    }
    case Edit::Kind::remove:
      for (const Cell& cell : state.cells_of(step.field)) {
        if (cell.kind == CellKind::added && cell.value == step.value) op.cells.push_back(state.name_of(cell));
      }
      std::sort(op.cells.begin(), op.cells.end());
      if (op.cells.empty()) return nothing;
      op.mode = Mode::remove;
      break;
    case Edit::Kind::del:
      if (as_shown && (existence == Existence::deleted || existence == Existence::absent)) return nothing;
      op.mode = Mode::del;
      break;
    case Edit::Kind::undo:
      if (as_shown && existence == Existence::exists) return nothing;
      op.mode = Mode::undo;
      break;
  }
  return std::optional{std::move(op)};
}

// A record with a natural key that its author sees as deleted begins anew: nothing of what was there shows through.
void EntryAuthor::recreate(Draft& draft, const RecordId& record, const RecordState& state) {
  draft.name(record, field_existence);
  draft.ops.push_back({record, field_existence, Mode::undo, {}, {}, {}});
  for (const std::uint32_t field : state.fields) {
    if (state.sum_of(field) != nullptr) {
      draft.ops.push_back({record, field, Mode::replace, {}, {}, Value{std::int64_t{0}}});
      continue;
    }
    auto elements = live_names(state, field, CellKind::added);
    if (!elements.empty()) draft.ops.push_back({record, field, Mode::remove, std::move(elements), {}, {}});
    if (!live_names(state, field, CellKind::replaced).empty()) {
      draft.ops.push_back({record, field, Mode::replace, {}, {}, Value{Null{}}});
    }
  }
}

Result<void> EntryAuthor::push(Draft& draft, Op op) {
  const std::size_t bytes = 24 + op.cells.size() * cell_bytes_min + (op.value ? value_bytes(*op.value) : 0);
  if (bytes > limits::op_bytes_max || op.cells.size() > limits::cells_max) return Error{Errc::over_limit, "op"};
  const bool full = draft.ops.size() >= draft_ops_full || draft.bytes + bytes > draft_bytes_full;
  const bool over = draft.ops.size() >= draft_ops_max || draft.bytes + bytes > draft_bytes_max;
  if (over || (full && draft.ops.back().record != op.record)) {
    if (!second_) second_.emplace();  // more than one entry: worth a thread
    if (auto sealed = seal(draft); !sealed) return sealed;
    if (auto appended = append_waiting(sealed_max); !appended) return appended;
  }
  draft.bytes += bytes;
  draft.name(op.record, op.field);
  draft.ops.push_back(std::move(op));
  return {};
}

Result<LogRef> EntryAuthor::open_log(SpaceSlot& slot, std::optional<Head> predecessor, LogReason reason) {
  Genesis genesis;
  genesis.space = slot.store.space();
  genesis.author = core_.files().author();
  genesis.incarnation = core_.files().incarnation();
  genesis.predecessor = predecessor;
  genesis.reason = reason;
  slot.store.put_genesis(genesis);
  return slot.store.find_log(log_id(genesis));
}

Result<LogRef> EntryAuthor::own_log(SpaceSlot& slot) {
  const History& history = slot.merge.history();
  std::optional<Head> last;
  LogReason reason = core_.files().reason();
  for (LogRef ref = 1; ref <= slot.store.log_count(); ++ref) {
    const auto genesis = slot.store.genesis(ref);
    if (!genesis || genesis->author != core_.files().author()) continue;
    const LogInfo& info = slot.store.log(ref);
    const bool ended = history.newest_cut(ref, core_.control().last_seq()).has_value();
    const bool forked = info.branches.size() > 1 || history.shows_fork(ref);
    if (genesis->incarnation == core_.files().incarnation() && !ended && !forked) return ref;
    if (ended) reason = LogReason::log_ended;
    if (forked) reason = LogReason::fork_proved;
    if (info.branches.empty()) continue;
    const Place tip{ref, 0, info.branches[0].tip};
    last = Head{info.id, tip.seq, slot.store.meta(slot.store.at(tip)).hash};
  }
  return open_log(slot, last, reason);
}

// ---- from ops to an entry

Result<void> EntryAuthor::seal(Draft& draft) {
  if (draft.ops.empty()) return {};
  auto body = std::make_shared<EntryBody>();
  body->control = core_.control().position();
  body->salt.emplace();
  core_.random(body->salt->bytes);
  if (!actor_.name.empty()) {
    body->ops.push_back({RecordId{}, registry::fields::acting_person, Mode::replace, {}, {}, Value{actor_.name}});
  }
  body->ops.insert(body->ops.end(), std::make_move_iterator(draft.ops.begin()), std::make_move_iterator(draft.ops.end()));
  draft.ops.clear();
  draft.named.clear();
  draft.newest = nullptr;
  draft.bytes = 0;
  std::vector<RecordId> records;
  for (const Op& op : body->ops) {
    if (records.empty() || records.back() != op.record) records.push_back(op.record);
  }
  std::sort(records.begin(), records.end());
  std::future<Hash> root;
  if (second_) root = second_->begin([body] { return ops_root(*body); });
  waiting_.push_back({draft.slot, std::move(body), std::move(records), std::move(root)});
  return {};
}

bool EntryAuthor::is_waiting(const SpaceSlot& slot, const RecordId& record) const {
  return std::any_of(waiting_.begin(), waiting_.end(), [&](const Sealed& sealed) {
    return sealed.slot == &slot && std::binary_search(sealed.records.begin(), sealed.records.end(), record);
  });
}

Result<void> EntryAuthor::append_waiting(std::size_t left) {
  while (waiting_.size() > left) {
    Sealed next = std::move(waiting_.front());
    waiting_.pop_front();
    if (auto appended = append(std::move(next)); !appended) return appended;
  }
  return {};
}

Result<void> EntryAuthor::append(Sealed sealed) {
  SpaceSlot& slot = *sealed.slot;
  auto ref = own_log(slot);
  if (!ref) return ref.error();
  const LogInfo info = slot.store.log(*ref);
  EntryBody& body = *sealed.body;
  const Hash root = sealed.root.valid() ? second_->wait_for(sealed.root) : ops_root(body);

  const Seq before_seq = info.branches.empty() ? 0 : info.branches[0].tip;
  EntryHash backlink = EntryHash::from(info.id);
  if (before_seq > 0) backlink = slot.store.meta(slot.store.at({*ref, 0, before_seq})).hash;
  const Place own_head = before_seq > 0 ? Place{*ref, 0, before_seq} : Place{};
  body.seen = seen_since(slot.merge.history(), own_head, frontier_of(slot.merge.history(), Reach::applied));
  body.hlc = core_.clock_.tick(core_.now());

  const EntryHash hash = entry_hash(header_of(body, root, info.id, before_seq + 1, backlink));
  const Arrival arrival{info.id, core_.files().author(), before_seq + 1, backlink, hash, body};
  auto state = slot.merge.append(arrival);
  if (!state) return state.error();
  KIZ_ASSERT(*state == EntryState::applied);  // checked above; anything else would be an edit that shows no effect
  slot.store.put_signature(hash, core_.files().signing().sign(run_label, hash));
  committed_.entries.push_back(hash);
  std::erase_if(heads_, [&](const Head& head) { return head.log == info.id; });
  heads_.push_back({info.id, before_seq + 1, hash});
  core_.advances_.push_back({slot.store.space(), {before_seq, before_seq > 0 ? backlink : EntryHash{}}, {info.id, before_seq + 1, hash}});
  return {};
}

}  // namespace kiz

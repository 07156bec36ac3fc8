#include <algorithm>

#include "libclient/recovery.h"
#include "protocol/registry.h"
#include "tests/sim/guard.h"
#include "tests/sim/model.h"

namespace kiz::sim {
namespace {

// Refusals of an edit that what is wrong with the machine explains; none of them may change anything.
bool may_refuse(const Node& node, Errc code, std::int64_t clock_off_ms) {
  switch (code) {
    case Errc::no_space:
    case Errc::io_error: return node.disk_fails || node.disk_rots;
    case Errc::damaged: return node.disk_rots;
    case Errc::bad_clock: return clock_off_ms < -300 * day_ms;
    case Errc::revoked: return node.locked_out;
    case Errc::not_set_up: return node.replica && is_restoring(*node.replica);
    default: return false;
  }
}

}  // namespace

void World::edit(Node& node) {
  ++edits_;
  if (!node.replica || node.member == land_member) return;
  const bool ran = on(node, "an edit", [&] {
    if (random_.below(12) == 0) return write_unknown(node);
    Edit edit = node.replica->begin();
    std::int64_t delta = 0;
    std::vector<Written> written;
    for (std::uint64_t n = 1 + random_.below(4); n > 0; --n) add_steps(node, edit, delta, written);
    TallyBounds& tally = *std::find_if(tallies_.begin(), tallies_.end(), [&](const auto& t) { return t.space.owner == node.member; });
    tally.most += delta;  // after a power cut it may be there or not
    const auto committed = node.replica->commit(edit, {"Frau Beispiel"});
    note("edit " + node.name);
    if (power_lost(node)) return lose_power(node);
    if (committed) {
      check_shown(node, written);
      return promise(node, *committed, delta);
    }
    note("refused", view(std::string{name(committed.error().code)}));
    if (may_refuse(node, committed.error().code, node.clock_off_ms)) return;
    find(node.name + " cannot commit: " + std::string{name(committed.error().code)} + " " + committed.error().context);
  });
  if (ran && node.replica && unharmed(node)) tell_others(nullptr, node);
}

void World::promise(Node& node, const Committed& committed, std::int64_t delta) {
  for (const EntryHash& entry : committed.entries) {
    note("entry", entry);
    const SpaceSlot* in = nullptr;
    for (const SpaceSlot* slot : node.replica->core().slots()) {
      if (slot->store.find(entry) != 0) in = slot;
    }
    if (in == nullptr) return find(node.name + " does not hold what it has just committed");
    const bool counts = in->store.space().collection == Collection::counts;
    promises_.push_back({in->store.space(), entry, node.number, counts ? std::exchange(delta, 0) : 0, node.locked_out, node.locked_out});
  }
}

// Who replaces a value sees it, and beside it nothing but what he has let stand: he had seen all that was there.
void World::check_shown(Node& node, const std::vector<Written>& written) {
  for (const Written& each : written) {
    const auto record = node.replica->read(each.space, each.record);
    const auto* field = record ? record->field(each.field) : nullptr;
    if (field == nullptr) {
      find(node.name + " does not show what was just written in it");
      continue;
    }
    bool shown = false, others = false;
    std::string there;
    for (const CellView& cell : field->cells) {
      const bool same = cell.value == each.value;
      shown |= same;
      others |= !same && std::find(each.kept.begin(), each.kept.end(), cell.name) == each.kept.end();
      there += " | " + (cell.value ? text_of(*cell.value) : "unknown");
    }
    if (shown && !others) continue;
    find(node.name + " shows" + there + " in field " + std::to_string(each.field) + ", where " + text_of(each.value) + " was just written");
  }
}

void World::add_steps(Node& node, Edit& edit, std::int64_t& delta, std::vector<Written>& written) {
  namespace offer = registry::fields::offer;
  namespace consent = registry::fields::consent;
  static const char* const languages[] = {"ara", "ukr", "tur", "fas", "kmr"};
  // A short text stays when a checkpoint lets it go: what stands in its place is as long.
  const auto marked = [&] {
    std::string text = std::string{plaintext_marker} + " " + std::to_string(random_.below(1000)) + " ";
    for (std::uint64_t left = random_.below(2) * 150; left > 0; --left) text += left % 7 == 0 ? ' ' : static_cast<char>('a' + random_.below(26));
    return Value{text};
  };
  const auto set = [&](const Space& space, const RecordId& record, std::uint32_t field, Value value, std::vector<CellName> kept = {}) {
    std::erase_if(written, [&](const Written& other) { return other.space == space && other.record == record && other.field == field; });
    written.push_back({space, record, field, value, kept});
    edit.set(space, record, field, std::move(value), std::move(kept));
  };
  const Space offers = node.replica->space(node.member, Collection::offers);
  const Space counts = node.replica->space(node.member, Collection::counts);
  const RecordId which = sim_record(registry::kinds::offer, random_.below(6));
  const RecordId number = sim_record(registry::kinds::count, 1 + random_.below(3));
  switch (random_.below(12)) {
    case 0:
    case 1: return set(offers, which, offer::title, marked());
    case 2: return set(offers, which, offer::status, Value{static_cast<std::int64_t>(1 + random_.below(4))});
    case 3: return edit.add(offers, which, offer::languages, Value{std::string{languages[random_.below(5)]}});
    case 4: return edit.remove(offers, which, offer::languages, Value{std::string{languages[random_.below(5)]}});
    case 5: return random_.below(2) == 0 ? edit.del(offers, which) : edit.undo(offers, which);
    case 6: {
      // A person settles: takes one value and lets another one stand beside it.
      std::vector<CellName> keep;
      if (const auto shown = node.replica->read(counts, number)) {
        const auto* field = shown->field(registry::fields::count::value);
        if (field != nullptr && !field->cells.empty()) keep.push_back(field->cells.back().name);
      }
      return set(counts, number, registry::fields::count::value, Value{static_cast<std::int64_t>(random_.below(9))}, keep);
    }
    case 7: return set(counts, number, registry::fields::count::value, Value{static_cast<std::int64_t>(random_.below(9))});
    case 8: return random_.below(3) == 0 ? edit.set(counts, number, registry::fields::count::tally, Value{static_cast<std::int64_t>(random_.below(50))})
                                         : edit.add(counts, number, registry::fields::count::tally, Value{static_cast<std::int64_t>(random_.below(5))});
    case 9: {
      const Space consents = node.replica->space(node.member, Collection::consents);
      return set(consents, sim_record(registry::kinds::consent, random_.below(3)), consent::state, Value{static_cast<std::int64_t>(1 + random_.below(5))});
    }
    default: {
      const auto more = static_cast<std::int64_t>(1 + random_.below(9));
      edit.add(counts, sim_record(registry::kinds::count, 0), registry::fields::count::tally, Value{more});
      delta += more;
    }
  }
}

// What a newer program writes: kinds, fields and values that this build does not know.
void World::write_unknown(Node& node) {
  std::vector<Op> ops;
  Op op;
  op.record = sim_record(random_.below(2) == 0 ? 777 : registry::kinds::offer, random_.below(3));
  op.field = 900 + static_cast<std::uint32_t>(random_.below(2));
  op.mode = random_.below(2) == 0 ? Mode::replace : Mode::add;
  op.value = Value{std::string{plaintext_marker} + std::to_string(random_.below(5))};
  ops.push_back(op);
  const auto committed = node.replica->core().commit_ops(node.replica->space(node.member, Collection::offers), ops, {"Herr Morgen"});
  note("edit unknown " + node.name);
  if (power_lost(node)) return lose_power(node);
  if (committed) return promise(node, *committed, 0);
  if (may_refuse(node, committed.error().code, node.clock_off_ms)) return;
  find(node.name + " cannot commit what it does not know: " + std::string{name(committed.error().code)});
}

}  // namespace kiz::sim

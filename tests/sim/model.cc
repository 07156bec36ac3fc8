#include "tests/sim/model.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "protocol/registry.h"

namespace kiz::sim {
namespace {

constexpr std::size_t none = ~std::size_t{0};

// A value that is gone counts nothing.
std::int64_t number_of(const Op& op) {
  const std::int64_t* number = op.value ? as_int(*op.value) : nullptr;
  return number == nullptr ? 0 : *number;
}

template <class Items>
bool names_cell(const Items& cells, const CellName& cell) {
  return std::find(cells.begin(), cells.end(), cell) != cells.end();
}

}  // namespace

std::string text_of(const Value& value) {
  if (const auto* number = as_int(value)) return "i" + std::to_string(*number);
  if (const auto* text = as_text(value)) return "t" + *text;
  if (const auto* bytes = std::get_if<Bytes>(&value)) return "x" + to_hex(*bytes);
  return "-";
}

Model::Model(std::vector<ModelEntry> entries, const ControlLog& control, MemberId owner)
    : entries_(std::move(entries)), control_(control), owner_(std::move(owner)) {
  for (std::size_t i = 0; i < entries_.size(); ++i) at_[entries_[i].hash] = i;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Cut* cut = newest_cut(entries_[i].log, entries_[i].author, control_.last_seq());
    gone_.push_back(cut != nullptr && !within(i, *cut));
  }
  std::map<std::pair<LogId, Seq>, std::set<EntryHash>> named;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (gone_[i]) continue;
    named[{entries_[i].log, entries_[i].seq}].insert(entries_[i].hash);
    for (const Head& head : entries_[i].body.seen) named[{head.log, head.seq}].insert(head.entry);
  }
  for (const auto& [place, hashes] : named) forked_[place.first] = forked_[place.first] || hashes.size() > 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) states_.push_back(judge(i));
}

bool Model::is_ancestor(std::size_t earlier, std::size_t later) const {
  if (entries_[earlier].log != entries_[later].log) return false;
  for (std::size_t at = later; at != none;) {
    if (at == earlier) return true;
    if (entries_[at].seq <= entries_[earlier].seq) return false;
    const auto before = at_.find(entries_[at].before);
    at = before == at_.end() ? none : before->second;
  }
  return false;
}

const Cut* Model::newest_cut(const LogId& log, const AuthorKey& author, std::uint64_t upto) const {
  static const Cut at_the_beginning{};
  const auto& bodies = control_.bodies();
  for (std::uint64_t index = std::min<std::uint64_t>(upto, bodies.size()); index > 0; --index) {
    const ControlBody& body = bodies[index - 1];
    if (const auto* cut = std::get_if<LogCut>(&body); cut != nullptr && cut->cut.log == log) return &cut->cut;
    const auto* revoked = std::get_if<DeviceRevoked>(&body);
    if (revoked == nullptr) continue;
    for (const Cut& cut : revoked->cuts) {
      if (cut.log == log) return &cut;
    }
    if (revoked->author == author) return &at_the_beginning;
  }
  return nullptr;
}

bool Model::within(std::size_t entry, const Cut& cut) const {
  if (entries_[entry].seq > cut.seq) return false;
  const auto head = at_.find(cut.head);
  if (head != at_.end()) return is_ancestor(entry, head->second);
  return cut.fork ? entries_[entry].seq <= *cut.fork : entries_[entry].seq < cut.seq;
}

// True if it is applied. A log is applied as a prefix.
bool Model::judge(std::size_t entry) const {
  bool rightful = false;
  for (std::size_t at = entry; at != none;) {
    if (gone_[at] || !control_.index_of(entries_[at].body.control)) return false;
    const auto before = at_.find(entries_[at].before);
    const std::size_t next = before == at_.end() ? none : before->second;
    if (next != none) {
      const ControlPosition& later = entries_[at].body.control;
      const ControlPosition& earlier = entries_[next].body.control;
      if (std::tie(later.epoch, later.seq) < std::tie(earlier.epoch, earlier.seq)) return false;
    }
    at = next;
  }
  for (const ControlBody& body : control_.bodies()) {
    const auto* granted = std::get_if<DeviceGranted>(&body);
    if (granted != nullptr && granted->author == entries_[entry].author) rightful = granted->member == owner_;
  }
  return rightful;
}

// All that the entry and its ancestors list of this log, less what stands beyond the cut that the entry itself knew.
std::vector<Head> Model::seen_heads(std::size_t entry, const LogId& log) const {
  const auto known = seen_.find({entry, log});
  if (known != seen_.end()) return known->second;
  std::vector<Head> out;
  const AuthorKey* author = nullptr;
  for (const ModelEntry& each : entries_) {
    if (each.log == log) author = &each.author;
  }
  const auto index = control_.index_of(entries_[entry].body.control);
  const Cut* cut = newest_cut(log, author == nullptr ? AuthorKey{} : *author, index.value_or(0));
  const auto head_at = cut == nullptr ? at_.end() : at_.find(cut->head);
  for (std::size_t at = entry; at != none;) {
    for (const Head& head : entries_[at].body.seen) {
      if (head.log != log) continue;
      bool beyond = cut != nullptr && head.seq > cut->seq;
      const auto held = at_.find(head.entry);
      if (cut != nullptr && held != at_.end() && !gone_[held->second] && head_at != at_.end()) {
        beyond = beyond || !is_ancestor(held->second, head_at->second);
      }
      if (!beyond) out.push_back(head);
    }
    const auto before = at_.find(entries_[at].before);
    at = before == at_.end() ? none : before->second;
  }
  seen_[{entry, log}] = out;
  return out;
}

bool Model::covers(std::size_t later, std::size_t earlier) const {
  if (later == earlier) return false;
  if (is_ancestor(earlier, later)) return true;
  const LogId& log = entries_[earlier].log;
  for (const Head& head : seen_heads(later, log)) {
    const auto held = at_.find(head.entry);
    if (held != at_.end() && !gone_[held->second]) {
      if (is_ancestor(earlier, held->second)) return true;
      continue;
    }
    if (entries_[earlier].seq > head.seq) continue;
    const Cut* cut = newest_cut(log, entries_[earlier].author, control_.last_seq());
    if (cut != nullptr && cut->fork ? entries_[earlier].seq <= *cut->fork : !forked_.at(log)) return true;
  }
  return false;
}

bool Model::before(const Piece& later, const Piece& earlier) const {
  return later.entry == earlier.entry ? earlier.index < later.index : covers(later.entry, earlier.entry);
}

bool Model::order(const Piece& a, const Piece& b) const {
  const ModelEntry& x = entries_[a.entry];
  const ModelEntry& y = entries_[b.entry];
  return std::tie(x.body.hlc, x.log, x.seq, x.hash, a.index) < std::tie(y.body.hlc, y.log, y.seq, y.hash, b.index);
}

// Highest first; of one chain only the newest.
std::vector<const Model::Piece*> Model::read(const std::vector<const Piece*>& live) const {
  std::vector<const Piece*> out;
  for (const Piece* older : live) {
    const bool hidden = std::any_of(live.begin(), live.end(), [&](const Piece* newer) {
      if (newer == older) return false;
      return newer->entry == older->entry ? newer->index > older->index : is_ancestor(older->entry, newer->entry);
    });
    if (!hidden) out.push_back(older);
  }
  std::sort(out.begin(), out.end(), [&](const Piece* a, const Piece* b) { return order(*b, *a); });
  return out;
}

Shown Model::shown() const {
  std::map<RecordId, std::vector<Piece>> records;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!states_[i]) continue;
    for (std::uint32_t at = 0; at < entries_[i].body.ops.size(); ++at) {
      const Op& op = entries_[i].body.ops[at];
      if (op.record.kind != 0) records[op.record].push_back({i, at, &op});
    }
  }
  Shown out;
  for (const auto& [record, ops] : records) {
    out[{record, 0}] = show_existence(ops);
    for (const Piece& piece : ops) {
      if (piece.op->field == 0 || out.contains({record, piece.op->field})) continue;
      out[{record, piece.op->field}] = show_field(record, piece.op->field, ops);
    }
  }
  return out;
}

std::string Model::show_existence(const std::vector<Piece>& ops) const {
  bool alive = false, mark = false;
  for (const Piece& cell : ops) {
    const bool is_mark = cell.op->mode == Mode::del;
    const bool falls = std::any_of(ops.begin(), ops.end(), [&](const Piece& by) {
      const bool about_existence = by.op->mode == Mode::del || by.op->mode == Mode::undo;
      if (is_mark && by.op->mode != Mode::undo) return false;
      if (about_existence && names_cell(by.op->cells, name(cell))) return false;
      return before(by, cell);
    });
    if (!falls) (is_mark ? mark : alive) = true;
  }
  return alive ? (mark ? "exists_deleted" : "exists") : mark ? "deleted" : "absent";
}

std::string Model::show_field(const RecordId& record, std::uint32_t field, const std::vector<Piece>& ops) const {
  std::vector<const Piece*> replaced, added;
  for (const Piece& cell : ops) {
    if (cell.op->field != field || (cell.op->mode != Mode::replace && cell.op->mode != Mode::add)) continue;
    const bool falls = std::any_of(ops.begin(), ops.end(), [&](const Piece& by) {
      if (by.op->field != field) return false;
      if (cell.op->mode == Mode::add) return by.op->mode == Mode::remove && names_cell(by.op->cells, name(cell));
      return by.op->mode == Mode::replace && !names_cell(by.op->cells, name(cell)) && before(by, cell);
    });
    if (!falls) (cell.op->mode == Mode::add ? added : replaced).push_back(&cell);
  }
  const auto* kind = registry::find_kind(record.kind);
  const auto* known = kind == nullptr ? nullptr : registry::find_field(*kind, field);
  const auto merge = known != nullptr   ? known->merge
                     : !added.empty() ? registry::Merge::set
                                      : registry::Merge::multi_value;
  const auto highest = read(replaced);
  if (merge == registry::Merge::counter) {
    const Piece* base = highest.empty() ? nullptr : highest.front();
    std::int64_t sum = base == nullptr ? 0 : number_of(*base->op);
    for (const Piece* delta : added) {
      const bool inside = base != nullptr && !names_cell(base->op->cells, name(*delta)) && before(*base, *delta);
      if (!inside) sum += number_of(*delta->op);
    }
    return "sum " + std::to_string(sum);
  }
  std::vector<std::string> values;
  for (const Piece* cell : merge == registry::Merge::set ? added : highest) {
    const std::string text = cell->op->value ? text_of(*cell->op->value) : "unknown";
    if (std::find(values.begin(), values.end(), text) == values.end()) values.push_back(text);
  }
  if (merge != registry::Merge::last_write) std::sort(values.begin(), values.end());
  std::string out = merge == registry::Merge::last_write ? "register" : merge == registry::Merge::set ? "set" : "values";
  for (const std::string& value : values) out += " | " + value;
  return out;
}

std::vector<std::string> Model::stamps() const {
  std::vector<std::string> out;
  for (const ModelEntry& entry : entries_) {
    const auto before = at_.find(entry.before);
    if (before != at_.end() && entries_[before->second].body.hlc >= entry.body.hlc) out.push_back("a stamp that does not rise in its log");
    for (const Head& head : entry.body.seen) {
      const auto held = at_.find(head.entry);
      if (held != at_.end() && entries_[held->second].body.hlc >= entry.body.hlc) out.push_back("a stamp below what its author had seen");
    }
  }
  return out;
}

}  // namespace kiz::sim

#include "protocol/memory_log.h"

#include <algorithm>

#include "kiz/assert.h"

namespace kiz {

LogRef MemoryLog::find_log(const LogId& id) const {
  const auto found = log_refs_.find(id);
  return found == log_refs_.end() ? 0 : found->second;
}

LogRef MemoryLog::name_log(const LogId& id) {
  const auto [at, is_new] = log_refs_.try_emplace(id, static_cast<LogRef>(logs_.size() + 1));
  if (is_new) {
    logs_.emplace_back().ref = at->second;
    logs_.back().id = id;
  }
  return at->second;
}

EntryRef MemoryLog::find(const EntryHash& hash) const {
  const auto found = refs_.find(hash);
  return found == refs_.end() ? 0 : found->second;
}

EntryRef MemoryLog::at(const Place& place) const {
  const auto found = places_.find(place);
  KIZ_ASSERT(found != places_.end());
  return found->second;
}

void MemoryLog::listings(const Place& citing, LogRef cited, const std::function<bool(const Listing&)>& take) const {
  const auto rows = listings_.find({citing.log, citing.branch, cited});
  if (rows == listings_.end()) return;
  for (auto row = rows->second.rbegin(); row != rows->second.rend(); ++row) {
    if (row->at > citing.seq) continue;
    Listing out = *row;
    if (const EntryRef ref = find(out.entry)) out.held = meta(ref).place;
    if (!take(out)) return;
  }
}

void MemoryLog::namings(LogRef log, Seq seq, std::vector<Naming>& out) const {
  if (const auto found = namings_.find({log, seq}); found != namings_.end()) {
    out.insert(out.end(), found->second.begin(), found->second.end());
  }
}

void MemoryLog::foretold(const EntryHash& hash, std::vector<Foretold>& out) const {
  if (const auto found = foretold_.find(hash); found != foretold_.end()) {
    out.insert(out.end(), found->second.begin(), found->second.end());
  }
}

void MemoryLog::touching(const RecordId& record, std::vector<EntryRef>& out) const {
  if (const auto found = touching_.find(record); found != touching_.end()) {
    out.insert(out.end(), found->second.begin(), found->second.end());
  }
}

void MemoryLog::ops_on(EntryRef ref, const RecordId& record, std::vector<IndexedOp>& out) const {
  const auto& ops = entries_[ref - 1].body.ops;
  for (std::uint32_t index = 0; index < ops.size(); ++index) {
    if (ops[index].record == record) out.push_back({index, ops[index]});
  }
}

void MemoryLog::ops_of(EntryRef ref, std::vector<Op>& out) const {
  const auto& ops = entries_[ref - 1].body.ops;
  out.insert(out.end(), ops.begin(), ops.end());
}

void MemoryLog::records_after(const std::optional<RecordId>& after, std::size_t max, std::vector<RecordId>& out) const {
  auto at = after ? touching_.upper_bound(*after) : touching_.begin();
  for (; max > 0 && at != touching_.end(); ++at, --max) out.push_back(at->first);
}

EntryRef MemoryLog::put_entry(const NewEntry& entry) {
  const EntryRef ref = entries_.size() + 1;
  entries_.push_back({{ref, entry.hash, entry.place, entry.body.hlc, entry.body.control, false}, entry.body});
  refs_[entry.hash] = ref;
  places_[entry.place] = ref;
  namings_[{entry.place.log, entry.place.seq}].push_back({entry.hash, entry.place});
  for (const auto& listed : entry.listings) {
    listings_[{entry.place.log, entry.place.branch, listed.cited}].push_back(
        {entry.place.seq, listed.seq, listed.entry, listed.run_max, {}});
    namings_[{listed.cited, listed.seq}].push_back({listed.entry, entry.place});
  }
  for (const Foretold& said : entry.foretold) foretold_[said.entry].push_back(said);
  for (const Op& op : entry.body.ops) {
    if (is_note(op)) continue;
    auto& refs = touching_[op.record];
    if (refs.empty() || refs.back() != ref) refs.push_back(ref);
  }
  return ref;
}

void MemoryLog::set_value(const CellName& op, std::optional<Value> value) {
  const EntryRef ref = find(op.entry);
  KIZ_ASSERT(ref != 0);
  entries_[ref - 1].body.ops[op.op].value = std::move(value);
}

RecordState MemoryRecords::load(const RecordId& record) const {
  const auto found = records_.find(record);
  return found == records_.end() ? RecordState{} : found->second;
}

void MemoryRecords::save(const RecordId& record, RecordState state) {
  if (state.empty()) {
    records_.erase(record);
  } else {
    records_[record] = std::move(state);
  }
}

}  // namespace kiz

#include "libclient/space_store.h"

#include <algorithm>
#include <numeric>

#include "libclient/view.h"
#include "protocol/entry_fields.h"
#include "protocol/mutants.h"

namespace kiz {
namespace {

/// Live values that are not held here, of cells and of deltas.
std::uint64_t unknown_values(const RecordState& state) {
  std::uint64_t out = 0;
  for (const Cell& cell : state.cells) out += cell.field != field_existence && !cell.value ? 1u : 0u;
  for (const DeltaSum& sum : state.sums) out += sum.unknown;
  return out;
}

constexpr std::size_t bodies_kept = 16;  // decoded ones: evaluating records one by one comes back to the same entries

struct StoredBranch {
  Branch branch;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(branch.parent, branch.fork_seq, branch.tip, branch.decreased_from, branch.waiting_from, branch.quarantined_from);
  }
};

struct StoredInfo {  // LogInfo without what the row says already
  AuthorKey author;
  std::vector<StoredBranch> branches;
  std::vector<Seq> suspects;
  Seq cited_upto = 0;
  std::uint64_t judged = 0;
  bool misnamed = false;

  template <class Archive>
  void serialize(Archive& ar) {
    constexpr std::size_t many = 1u << 20;
    ar(author, wire::list(branches, many), wire::list(suspects, many), cited_upto, judged, misnamed);
  }
};

Bytes encode_info(const LogInfo& info) {
  StoredInfo stored{info.author, {}, info.suspects, info.cited_upto, info.judged, info.misnamed};
  for (const Branch& branch : info.branches) stored.branches.push_back({branch});
  return wire::encode(stored);
}

[[noreturn]] void damaged(const char* what) { throw SqlFailure{SQLITE_CORRUPT, what}; }

LogInfo decode_info(LogRef ref, const LogId& id, ByteView in) {
  auto stored = wire::decode<StoredInfo>(in);
  if (!stored) damaged("log");
  LogInfo out;
  out.ref = ref;
  out.id = id;
  out.author = stored->author;
  for (const StoredBranch& b : stored->branches) out.branches.push_back(b.branch);
  out.suspects = std::move(stored->suspects);
  out.cited_upto = stored->cited_upto;
  out.judged = stored->judged;
  out.misnamed = stored->misnamed;
  return out;
}

void append_varint(Bytes& out, std::uint64_t v) {
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<std::uint8_t>(v | 0x80));
  out.push_back(static_cast<std::uint8_t>(v));
}

// Entry ids as ascending differences.
std::vector<EntryRef> decode_touched(ByteView in) {
  std::vector<EntryRef> out;
  wire::Reader ar{in};
  EntryRef last = 0;
  while (ar.left() != 0) out.push_back(last += ar.varint());
  return out;
}

}  // namespace

SpaceStore::SpaceStore(Sql& db, SpaceNumber number, Space space, BusyStores& busy)
    : db_(db), busy_stores_(busy), number_(number), space_(std::move(space)) {
  auto query = db_.query("SELECT ref, log_id, info FROM logs WHERE space = ? ORDER BY ref");
  query << number_;
  while (query.step()) {
    const auto ref = static_cast<LogRef>(query.number(0));
    const LogId id = LogId::from(query.blob(1));
    if (ref != logs_.size() + 1) damaged("logs");
    logs_.push_back({decode_info(ref, id, query.blob(2)), false});
    log_refs_.emplace(id, ref);
  }
}

// A node of thousands of towns has thousands of spaces, and a commit concerns few of them.
void SpaceStore::be_busy() const {
  if (busy_) return;
  busy_ = true;
  busy_stores_.push_back(const_cast<SpaceStore*>(this));
}

// ---- logs

LogRef SpaceStore::find_log(const LogId& id) const {
  const auto at = log_refs_.find(id);
  return at == log_refs_.end() ? 0 : at->second;
}

LogRef SpaceStore::name_log(const LogId& id) {
  if (const LogRef known = find_log(id)) return known;
  const auto ref = static_cast<LogRef>(logs_.size() + 1);
  LogInfo info;
  info.ref = ref;
  info.id = id;
  auto insert = db_.query("INSERT INTO logs(space, ref, log_id, info) VALUES(?, ?, ?, ?)");
  const Bytes bytes = encode_info(info);
  (insert << number_ << ref << ByteView{id} << ByteView{bytes}).run();
  logs_.push_back({std::move(info), false});
  log_refs_.emplace(id, ref);
  return ref;
}

void SpaceStore::put_log(const LogInfo& info) {
  be_busy();
  ++logs_changed_;
  logs_.at(info.ref - 1) = {info, true};
}

void SpaceStore::put_genesis(const Genesis& genesis) {
  const LogRef ref = name_log(log_id(genesis));
  auto update = db_.query("UPDATE logs SET genesis = ? WHERE space = ? AND ref = ? AND genesis IS NULL");
  const Bytes bytes = wire::encode(genesis);
  (update << ByteView{bytes} << number_ << ref).run();
}

std::optional<Genesis> SpaceStore::genesis(LogRef ref) const {
  auto query = db_.query("SELECT genesis FROM logs WHERE space = ? AND ref = ?");
  query << number_ << ref;
  if (!query.step() || query.null(0)) return std::nullopt;
  auto genesis = wire::decode<Genesis>(query.blob(0));
  if (!genesis) damaged("genesis");
  return std::move(*genesis);
}

// ---- entries

SpaceStore::Found SpaceStore::locate(const EntryHash& hash) const {
  auto query = db_.query("SELECT id, log, branch, seq FROM entries WHERE hash = ? AND space = ?");
  query << ByteView{hash} << number_;
  if (!query.step()) return {};
  return {query.count(0), {static_cast<LogRef>(query.number(1)), static_cast<BranchNo>(query.number(2)), query.count(3)}};
}

EntryRef SpaceStore::find(const EntryHash& hash) const { return locate(hash).ref; }

// Pages can each be whole and not of one time, when a disk lost a write: what rows name may not be there.
const LogInfo& SpaceStore::log(LogRef ref) const {
  if (ref == 0 || ref > logs_.size()) damaged("log of an entry");
  return logs_[ref - 1].info;
}

EntryMeta SpaceStore::meta(EntryRef ref) const {
  auto query = db_.query("SELECT hash, log, branch, seq, hlc, epoch, control, control_hash, void FROM entries WHERE id = ?");
  query << ref;
  if (!query.step()) damaged("entry");
  EntryMeta out;
  out.ref = ref;
  out.hash = EntryHash::from(query.blob(0));
  out.place = {static_cast<LogRef>(query.number(1)), static_cast<BranchNo>(query.number(2)), query.count(3)};
  out.hlc = Timestamp{KIZ_MUTANT(order_by_arrival) ? out.ref : query.count(4)};
  out.control = {query.count(5), query.count(6), ControlHash::from(query.blob(7))};
  out.is_void = query.number(8) != 0;
  if (out.place.branch >= log(out.place.log).branches.size()) damaged("branch of an entry");
  return out;
}

EntryRef SpaceStore::at(const Place& place) const {
  auto query = db_.query("SELECT id FROM entries WHERE space = ? AND log = ? AND branch = ? AND seq = ?");
  query << number_ << place.log << place.branch << place.seq;
  return query.step() ? query.count(0) : 0;
}

void SpaceStore::listings(const Place& citing, LogRef cited, const std::function<bool(const Listing&)>& take) const {
  auto query = db_.query(
      "SELECT at, seq, entry, run_max FROM listings WHERE space = ? AND log = ? AND branch = ? AND cited = ? AND at <= ? "
      "ORDER BY at DESC, seq DESC");
  query << number_ << citing.log << citing.branch << cited << citing.seq;
  while (query.step()) {
    Listing row{query.count(0), query.count(1), EntryHash::from(query.blob(2)), query.count(3), {}};
    row.held = locate(row.entry).place;
    if (!take(row)) return;
  }
}

void SpaceStore::namings(LogRef log, Seq seq, std::vector<Naming>& out) const {
  const LogInfo& info = this->log(log);
  for (BranchNo branch = 0; branch < info.branches.size(); ++branch) {
    const Place place{log, branch, seq};
    if (const EntryRef ref = at(place)) out.push_back({meta(ref).hash, place});
  }
  auto query = db_.query("SELECT entry, log, branch, at FROM listings WHERE space = ? AND cited = ? AND seq = ?");
  query << number_ << log << seq;
  while (query.step()) {
    out.push_back({EntryHash::from(query.blob(0)),
                   {static_cast<LogRef>(query.number(1)), static_cast<BranchNo>(query.number(2)), query.count(3)}});
  }
}

void SpaceStore::foretold(const EntryHash& hash, std::vector<Foretold>& out) const {
  auto query = db_.query("SELECT is_head, log, seq FROM foretold WHERE space = ? AND hash = ?");
  query << number_ << ByteView{hash};
  while (query.step()) {
    out.push_back({hash, query.number(0) != 0, static_cast<LogRef>(query.number(1)), query.count(2)});
  }
}

EntryRef SpaceStore::put_entry(const NewEntry& entry) {
  be_busy();
  changed_ = true;
  ++logs_changed_;
  ++entries_added_;
  const Bytes made = entry.packed == nullptr ? pack_body(entry.body) : Bytes{};
  const ByteView packed{entry.packed == nullptr ? made : *entry.packed};
  const ControlPosition& control = entry.body.control;
  auto insert = db_.query(
      "INSERT INTO entries(space, log, branch, seq, hash, hlc, epoch, control, control_hash, body) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  (insert << number_ << entry.place.log << entry.place.branch << entry.place.seq << ByteView{entry.hash}
          << entry.body.hlc.value << control.epoch << control.seq << ByteView{control.hash} << packed)
      .run();
  const auto ref = static_cast<EntryRef>(db_.last_row());

  for (const NewEntry::Listed& listed : entry.listings) put_listing(entry.place, listed);
  for (const Foretold& told : entry.foretold) put_foretold(told);
  for (const OpGroup& group : group_ops(entry.body.ops)) {
    if (group.record.kind == 0) continue;
    HeldRecord& record = held(group.record);
    if (record.last_touch == ref) continue;  // two groups of one entry on one record
    append_varint(record.touched, ref - record.last_touch);
    record.last_touch = ref;
    record.dirty = true;
  }
  return ref;
}

void SpaceStore::put_listing(const Place& by, const NewEntry::Listed& listed) {
  auto row = db_.query("INSERT OR IGNORE INTO listings(space, log, branch, cited, at, seq, entry, run_max) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  (row << number_ << by.log << by.branch << listed.cited << by.seq << listed.seq << ByteView{listed.entry} << listed.run_max).run();
}

void SpaceStore::put_foretold(const Foretold& told) {
  auto row = db_.query("INSERT OR IGNORE INTO foretold(space, hash, is_head, log, seq) VALUES(?, ?, ?, ?, ?)");
  (row << number_ << ByteView{told.entry} << (told.is_head ? 1 : 0) << told.log << told.seq).run();
}

void SpaceStore::set_void(EntryRef ref, bool is_void) {
  be_busy();
  changed_ = true;
  (db_.query("UPDATE entries SET void = ? WHERE id = ?") << (is_void ? 1 : 0) << ref).run();
}

void SpaceStore::put_signature(const EntryHash& entry, const Signature& signature) {
  (db_.query("UPDATE entries SET signature = ? WHERE hash = ? AND space = ? AND signature IS NULL")
   << ByteView{signature} << ByteView{entry} << number_)
      .run();
}

const SpaceStore::DecodedBody& SpaceStore::decoded(EntryRef ref) const {
  be_busy();
  for (auto at = bodies_.begin(); at != bodies_.end(); ++at) {
    if (at->ref != ref) continue;
    bodies_.splice(bodies_.begin(), bodies_, at);
    return bodies_.front();
  }
  auto query = db_.query("SELECT body FROM entries WHERE id = ?");
  query << ref;
  if (!query.step()) damaged("entry");
  auto body = unpack_body(query.blob(0));
  if (!body) damaged("entry");
  DecodedBody out;
  out.ref = ref;
  out.body = std::move(*body);
  out.by_record.resize(out.body.ops.size());
  std::iota(out.by_record.begin(), out.by_record.end(), 0u);
  std::stable_sort(out.by_record.begin(), out.by_record.end(), [&](std::uint32_t a, std::uint32_t b) {
    return out.body.ops[a].record < out.body.ops[b].record;
  });
  bodies_.push_front(std::move(out));
  if (bodies_.size() > bodies_kept) bodies_.pop_back();
  return bodies_.front();
}

const EntryBody& SpaceStore::body(EntryRef ref) const { return decoded(ref).body; }

void SpaceStore::ops_on(EntryRef ref, const RecordId& record, std::vector<IndexedOp>& out) const {
  const DecodedBody& entry = decoded(ref);
  auto at = std::lower_bound(entry.by_record.begin(), entry.by_record.end(), record,
                             [&](std::uint32_t i, const RecordId& id) { return entry.body.ops[i].record < id; });
  for (; at != entry.by_record.end() && entry.body.ops[*at].record == record; ++at) out.push_back({*at, entry.body.ops[*at]});
}

void SpaceStore::ops_of(EntryRef ref, std::vector<Op>& out) const {
  const auto& ops = decoded(ref).body.ops;
  out.insert(out.end(), ops.begin(), ops.end());
}

// ---- records

SpaceStore::HeldRecord& SpaceStore::held(const RecordId& id) const {
  be_busy();
  if (const auto at = records_.find(id); at != records_.end()) return at->second;
  HeldRecord record;
  auto query = db_.query("SELECT id, state, touched, disputed FROM records WHERE space = ? AND kind = ? AND key = ?");
  query << number_ << id.kind << ByteView{id.key};
  if (query.step()) {
    record.row = query.number(0);
    const ByteView state = query.blob(1);
    if (!state.empty()) {
      auto decoded = decode_record(state);
      if (!decoded) damaged("record");
      record.state = std::move(*decoded);
    }
    const ByteView touched = query.blob(2);
    record.touched.assign(touched.begin(), touched.end());
    for (const EntryRef ref : decode_touched(record.touched)) record.last_touch = ref;
    record.disputed = query.number(3);
  }
  return records_.emplace(id, std::move(record)).first->second;
}

void SpaceStore::touching(const RecordId& record, std::vector<EntryRef>& out) const {
  const auto refs = decode_touched(held(record).touched);
  out.insert(out.end(), refs.begin(), refs.end());
}

RecordState SpaceStore::load(const RecordId& record) const { return held(record).state; }

void SpaceStore::save(const RecordId& record, RecordState state) {
  changed_ = true;
  HeldRecord& held = this->held(record);
  held.state = std::move(state);
  held.dirty = true;
}

void SpaceStore::records_after(const std::optional<RecordId>& after, std::size_t max, std::vector<RecordId>& out) const {
  flush_records();
  auto query = db_.query("SELECT kind, key FROM records WHERE space = ? AND (kind, key) > (?, ?) ORDER BY kind, key LIMIT ?");
  const RecordId from = after.value_or(RecordId{});  // kind 0 is no record: nothing is left out
  query << number_ << from.kind << ByteView{from.key} << static_cast<std::uint64_t>(max);
  while (query.step()) out.push_back({static_cast<std::uint32_t>(query.number(0)), RecordKey::from(query.blob(1))});
}

void SpaceStore::put_values(EntryRef ref, const EntryBody& body) {
  const Bytes packed = pack_body(body);
  (db_.query("UPDATE entries SET body = ? WHERE id = ?") << ByteView{packed} << ref).run();
  bodies_.clear();
}

void SpaceStore::clear_states() {
  be_busy();
  changed_ = true;
  flush_records();
  (db_.query("UPDATE records SET state = x'', disputed = 0, unknown = 0 WHERE space = ?") << number_).run();
  (db_.query("DELETE FROM conflicts WHERE space = ?") << number_).run();
}

void SpaceStore::write_conflicts(const RecordId& id, const std::vector<std::uint32_t>& fields) const {
  std::vector<std::uint32_t> known;
  {
    auto query = db_.query("SELECT field FROM conflicts WHERE space = ? AND kind = ? AND key = ?");
    query << number_ << id.kind << ByteView{id.key};
    while (query.step()) known.push_back(static_cast<std::uint32_t>(query.number(0)));
  }
  for (const std::uint32_t field : known) {
    if (std::find(fields.begin(), fields.end(), field) != fields.end()) continue;
    (db_.query("DELETE FROM conflicts WHERE space = ? AND kind = ? AND key = ? AND field = ?")
     << number_ << id.kind << ByteView{id.key} << field)
        .run();
  }
  for (const std::uint32_t field : fields) {
    (db_.query("INSERT OR IGNORE INTO conflicts(space, kind, key, field) VALUES(?, ?, ?, ?)")
     << number_ << id.kind << ByteView{id.key} << field)
        .run();
  }
}

void SpaceStore::write(const RecordId& id, HeldRecord& record) const {
  const Bytes state = record.state.empty() ? Bytes{} : encode_record(record.state);
  const auto disputed_fields = conflict_fields(id.kind, record.state);
  const auto disputed = static_cast<std::int64_t>(disputed_fields.size());
  if (disputed > 0 || record.disputed > 0) write_conflicts(id, disputed_fields);
  if (record.row == 0) {
    auto insert = db_.query("INSERT INTO records(space, kind, key, disputed, unknown, state, touched) VALUES(?, ?, ?, ?, ?, ?, ?)");
    (insert << number_ << id.kind << ByteView{id.key} << disputed << unknown_values(record.state) << ByteView{state} << ByteView{record.touched}).run();
    record.row = db_.last_row();
  } else {
    auto update = db_.query("UPDATE records SET disputed = ?, unknown = ?, state = ?, touched = ? WHERE id = ?");
    (update << disputed << unknown_values(record.state) << ByteView{state} << ByteView{record.touched} << record.row).run();
  }
  record.disputed = disputed;
  record.dirty = false;
}

void SpaceStore::flush_records() const {
  // In the order of the index: neighbours share its pages.
  std::vector<std::pair<const RecordId, HeldRecord>*> dirty;
  dirty.reserve(records_.size());
  for (auto& item : records_) {
    if (item.second.dirty) dirty.push_back(&item);
  }
  std::sort(dirty.begin(), dirty.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  for (auto* item : dirty) write(item->first, item->second);
  records_.clear();
}

void SpaceStore::flush() {
  busy_ = false;
  flush_records();
  bodies_.clear();  // an erasure may have taken values out of them
  for (HeldLog& log : logs_) {
    if (!log.dirty) continue;
    const Bytes bytes = encode_info(log.info);
    (db_.query("UPDATE logs SET info = ? WHERE space = ? AND ref = ?") << ByteView{bytes} << number_ << log.info.ref).run();
    log.dirty = false;
  }
  if (changed_) {
    (db_.query("UPDATE spaces SET generation = generation + 1, entries = entries + ? WHERE id = ?")
     << entries_added_ << number_)
        .run();
    entries_added_ = 0;
    changed_ = false;
  }
}

}  // namespace kiz

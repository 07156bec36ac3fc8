#include "libclient/inspection.h"

#include <algorithm>
#include <filesystem>

#include "libclient/entry_index.h"
#include "protocol/entry_fields.h"
#include "protocol/registry.h"

namespace kiz::inspect {
namespace {

constexpr char state_label[] = "kiz-sync state v1";

// True if another replica may hold the space: only then is there anybody who could confirm what stands in it. The Kreis's
// own counts, for example, stay on the Kreis's machines.
bool may_travel(const ReplicaCore& core, const Space& space) {
  const Device* own = core.own_device();
  const auto& members = core.membership().members();
  const auto& devices = core.membership().devices();
  return std::any_of(members.begin(), members.end(), [&](const Member& member) {
           return (own == nullptr || member.id != own->member) && core.membership().may_read(member.id, space);
         }) ||
         std::any_of(devices.begin(), devices.end(), [&](const Device& device) {
           return own != nullptr && device.member == own->member && !device.revoked && device.author != own->author;
         });
}

std::string acting_person(const EntryBody& body) {
  for (const Op& op : body.ops) {
    if (!is_note(op) || op.field != registry::fields::acting_person || !op.value) continue;
    if (const auto* name = as_text(*op.value)) return *name;
  }
  return {};
}

}  // namespace

Author author_of(const ReplicaCore& core, const LogId& log) {
  const SpaceSlot* slot = core.slot_of(log);
  if (slot == nullptr) return {};
  const Device* device = core.membership().device(slot->store.log(slot->store.find_log(log)).author);
  if (device == nullptr) return {};
  const Member* member = core.membership().member(device->member);
  return {device->member, member != nullptr ? member->name : device->member, device->name};
}

std::string actor_of(const ReplicaCore& core, const EntryHash& entry) {
  for (const SpaceSlot* slot : core.slots()) {
    if (const EntryRef ref = slot->store.find(entry)) return acting_person(slot->store.body(ref));
  }
  return {};
}

std::vector<HistoryStep> history(const ReplicaCore& core, const Space& space, const RecordId& record) {
  std::vector<HistoryStep> out;
  const SpaceSlot* slot = core.slot(space);
  if (slot == nullptr) return out;
  std::vector<EntryRef> refs;
  slot->store.touching(record, refs);
  for (const EntryRef ref : refs) {
    const EntryMeta meta = slot->store.meta(ref);
    if (!slot->merge.history().is_applied(meta)) continue;
    const std::string actor = acting_person(slot->store.body(ref));
    const Author author = author_of(core, slot->store.log(meta.place.log).id);
    std::vector<IndexedOp> ops;
    slot->store.ops_on(ref, record, ops);
    for (IndexedOp& op : ops) {
      out.push_back({meta.hash, op.index, op.op.origin ? op.op.origin->hlc : meta.hlc, author, actor, op.op.field,
                     static_cast<std::uint8_t>(op.op.mode), std::move(op.op.value)});
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.hlc < b.hlc; });
  return out;
}

std::vector<SpaceStatus> spaces(const ReplicaCore& core) {
  std::vector<SpaceStatus> out;
  for (SpaceSlot* slot : core.slots()) {
    SpaceStatus status;
    status.space = slot->store.space();
    auto entries = core.db().query("SELECT entries FROM spaces WHERE id = ?");
    entries << slot->store.number();
    if (entries.step()) status.entries = entries.count(0);
    auto records = core.db().query("SELECT count(*) FROM records WHERE space = ?");
    records << slot->store.number();
    if (records.step()) status.records = records.count(0);
    status.state_hash = core.state_hash(*slot);
    if (status.entries > 0) out.push_back(std::move(status));
  }
  return out;
}

Hash state_hash(const ReplicaCore& core) {
  crypto::Hasher hasher{state_label};
  for (const SpaceStatus& status : spaces(core)) hasher.add(wire::encode(status.space)).add(status.state_hash);
  return hasher.finish();
}

StoreFigures figures(const ReplicaCore& core) {
  StoreFigures out;
  auto entries = core.db().query("SELECT coalesce(sum(entries), 0) FROM spaces");
  if (entries.step()) out.entries = entries.count(0);
  for (const char* suffix : {"", "-wal"}) {
    std::error_code none;
    const auto bytes = std::filesystem::file_size(core.files().database_path() + suffix, none);
    if (!none) out.bytes += bytes;
  }
  for (const SpaceSlot* slot : core.slots()) {
    for (LogRef ref = 1; ref <= slot->store.log_count(); ++ref) {
      const LogInfo& info = slot->store.log(ref);
      for (const Branch& branch : info.branches) {
        const auto behind = [&](Seq from) { return from > branch.tip ? 0 : branch.tip - std::max(from, branch.fork_seq + 1) + 1; };
        const auto quarantined = behind(branch.quarantined_from);
        out.quarantined += quarantined;
        out.waiting += behind(branch.waiting_from) > quarantined ? behind(branch.waiting_from) - quarantined : 0;
        if (info.author != core.files().author()) continue;
        if (branch.tip > branch.fork_seq && !may_travel(core, slot->store.space())) continue;
        const Seq acknowledged = core.peers().acknowledged_upto({slot->store.number(), ref});
        if (branch.tip > std::max(acknowledged, branch.fork_seq)) out.pending += branch.tip - std::max(acknowledged, branch.fork_seq);
      }
    }
  }
  return out;
}

namespace {

class Verifier {
 public:
  Verifier(const ReplicaCore& core, bool rebuild, const Watch& watch) : core_(core), rebuild_(rebuild), watch_(watch) {
    auto entries = core.db().query("SELECT coalesce(sum(entries), 0) FROM spaces");
    if (entries.step()) entries_all_ = entries.count(0);
    auto records = core.db().query("SELECT count(*) FROM records");
    if (rebuild && records.step()) records_all_ = records.count(0);
  }

  Verification run() {
    check_pages();
    for (const SpaceSlot* slot : core_.slots()) check_logs(*slot);
    for (const SpaceSlot* slot : core_.slots()) {
      if (rebuild_ && entry_index::count_wrong(core_.db(), *slot) != 0) finding("index differs from what the entries say", *slot);
    }
    for (SpaceSlot* slot : core_.slots()) check_records(*slot);
    out_.ok = out_.findings.empty();
    out_.state_hash = state_hash(core_);
    return std::move(out_);
  }

 private:
  void finding(const char* what, const SpaceSlot& slot) {
    if (out_.findings.size() >= 100) return;
    const Space& space = slot.store.space();
    out_.findings.push_back(std::string{what} + ", " + space.owner + "/" + std::to_string(static_cast<unsigned>(space.collection)));
  }

  void check_pages() {
    sqlite3_db_release_memory(core_.db().connection());  // what is on the disk counts, not what memory still holds of it
    auto query = core_.db().query("PRAGMA integrity_check");
    while (query.step()) {
      if (query.text(0) != "ok" && out_.findings.size() < 100) out_.findings.push_back("database: " + query.text(0));
    }
  }

  void check_logs(const SpaceSlot& slot) {
    for (LogRef ref = 1; ref <= slot.store.log_count(); ++ref) {
      const LogInfo& info = slot.store.log(ref);
      if (info.branches.empty()) continue;
      ++out_.logs;
      const auto genesis = slot.store.genesis(ref);
      if (!genesis || log_id(*genesis) != info.id) finding("genesis does not name its log", slot);
      if (slot.merge.history().shows_fork(ref)) out_.forks.push_back(info.id);
      for (BranchNo branch = 0; branch < info.branches.size(); ++branch) check_branch(slot, info, branch);
    }
  }

  void check_branch(const SpaceSlot& slot, const LogInfo& info, BranchNo number) {
    const Branch& branch = info.branches[number];
    EntryHash before = EntryHash::from(info.id);
    if (branch.fork_seq > 0) {
      BranchNo parent = branch.parent;
      while (branch.fork_seq <= info.branches[parent].fork_seq) parent = info.branches[parent].parent;
      before = slot.store.meta(slot.store.at({info.ref, parent, branch.fork_seq})).hash;
    }
    bool proven = true;
    auto query = core_.db().query(
        "SELECT seq, hash, signature, body FROM entries WHERE space = ? AND log = ? AND branch = ? ORDER BY seq");
    query << slot.store.number() << info.ref << number;
    Seq expected = branch.fork_seq + 1;
    while (query.step()) {
      ++out_.entries;
      tell(watch_, "checking", out_.entries, entries_all_ + records_all_);
      const Seq seq = query.count(0);
      const auto body = unpack_body(query.blob(3));
      if (!body || seq != expected++) {
        finding("entry is damaged or missing", slot);
        return;
      }
      for (const ValueProof& proof : body->proofs) out_.erased += proof.commitment ? 1u : 0u;
      before = entry_hash(header_of(*body, info.id, seq, before));
      if (before != EntryHash::from(query.blob(1))) finding("entry does not have its hash", slot);
      proven = false;
      if (query.null(2)) continue;
      ++out_.signatures;
      proven = crypto::verify(info.author, run_label, before, Signature::from(query.blob(2)));
      if (!proven) finding("signature does not hold", slot);
    }
    if (expected != branch.tip + 1) finding("log is shorter than its head", slot);
    if (!proven) finding("log does not end in a signature", slot);
  }

  void check_records(SpaceSlot& slot) {
    StateHasher hasher;
    auto query = core_.db().query("SELECT kind, key, state FROM records WHERE space = ? ORDER BY kind, key");
    query << slot.store.number();
    while (query.step()) {
      const RecordId id{static_cast<std::uint32_t>(query.number(0)), RecordKey::from(query.blob(1))};
      const ByteView stored = query.blob(2);
      const auto read = stored.empty() ? Result<RecordState>{RecordState{}} : decode_record(stored);
      if (!read) {
        finding("record cannot be read", slot);
      } else if (!stored.empty()) {
        hasher.add(id, record_digest(id, *read));
      }
      if (!rebuild_) continue;
      tell(watch_, "checking", entries_all_ + ++records_done_, entries_all_ + records_all_);
      const RecordState state = evaluate_record(slot.merge.history(), slot.fields, id);
      const Bytes derived = state.empty() ? Bytes{} : encode_record(state);
      if (!std::equal(stored.begin(), stored.end(), derived.begin(), derived.end())) {
        finding("record differs from what its entries say", slot);
      }
    }
    if (hasher.finish() != core_.state_hash(slot)) finding("state hash is not that of the records", slot);
  }

  const ReplicaCore& core_;
  bool rebuild_;
  const Watch& watch_;
  std::uint64_t entries_all_ = 0, records_all_ = 0, records_done_ = 0;
  Verification out_;
};

}  // namespace

Verification verify(const ReplicaCore& core, bool rebuild, const Watch& watch) { return Verifier{core, rebuild, watch}.run(); }

}  // namespace kiz::inspect

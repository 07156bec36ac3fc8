#include "libclient/store_repair.h"

#include <algorithm>

#include "libclient/entry_index.h"
#include "libclient/stored_facts.h"
#include "protocol/entry_fields.h"

namespace kiz::store_repair {
namespace {

constexpr char damaged_prefix[] = "damaged/";
constexpr char mended_prefix[] = "put_back/";

std::string fact_of(const LogId& log) { return damaged_prefix + to_hex(log); }

struct StoredMended {
  Space space;
  std::uint64_t entries = 0, at_ms = 0;

  template <class Archive>
  void serialize(Archive& ar) { ar(space, entries, at_ms); }
};

bool is_whole(const LogId& log, Seq seq, const EntryHash& before, ByteView packed, const EntryHash& hash) {
  const auto body = unpack_body(packed);
  return body && entry_hash(header_of(*body, log, seq, before)) == hash;
}

/// The branch on which this entry of a branch stands: itself, or one that it came from.
BranchNo branch_at(const LogInfo& info, BranchNo branch, Seq seq) {
  while (seq <= info.branches[branch].fork_seq) branch = info.branches[branch].parent;
  return branch;
}

std::optional<EntryHash> hash_at(const ReplicaCore& core, const SpaceSlot& slot, LogRef log, BranchNo branch, Seq seq) {
  auto query = core.db().query("SELECT hash FROM entries WHERE space = ? AND log = ? AND branch = ? AND seq = ?");
  query << slot.store.number() << log << branch << seq;
  if (!query.step()) return std::nullopt;
  return EntryHash::from(query.blob(0));
}

std::optional<Damage> damage_of(const ReplicaCore& core, const SpaceSlot& slot, const LogInfo& info) {
  Damage out{slot.store.space(), info.id, info.author, seq_never, 0};
  for (BranchNo number = 0; number < info.branches.size(); ++number) {
    const Branch& branch = info.branches[number];
    std::optional<EntryHash> before = EntryHash::from(info.id);
    if (branch.fork_seq > 0) before = hash_at(core, slot, info.ref, branch_at(info, number, branch.fork_seq), branch.fork_seq);
    Seq expected = branch.fork_seq + 1;
    const auto lost = [&](Seq from, Seq upto) {
      out.from = std::min(out.from, from);
      out.entries += upto - from + 1;
    };
    auto query = core.db().query("SELECT seq, hash, body FROM entries WHERE space = ? AND log = ? AND branch = ? ORDER BY seq");
    query << slot.store.number() << info.ref << number;
    while (query.step()) {
      const Seq seq = query.count(0);
      const EntryHash hash = EntryHash::from(query.blob(1));
      if (seq > expected) lost(expected, seq - 1), before.reset();
      // Behind a gap the link cannot be looked at; the entry that fills it is held to the hashes on both sides.
      if (before && !is_whole(info.id, seq, *before, query.blob(2), hash)) lost(seq, seq);
      before = hash;
      expected = seq + 1;
    }
    if (expected <= branch.tip) lost(expected, branch.tip);
  }
  if (out.entries == 0) return std::nullopt;
  return out;
}

void remember(ReplicaCore& core, const LogId& log, const std::optional<Damage>& damage) {  // inside write()
  if (!damage) return core.drop_fact(fact_of(log));
  wire::Writer ar;
  ar.varint(damage->from);
  core.put_fact(fact_of(log), ar.bytes());
}

void note_mended(ReplicaCore& core, const Space& space, std::uint64_t entries) {  // inside write()
  const std::string name = mended_prefix + to_hex(wire::encode(space));
  StoredMended stored{space, 0, 0};
  if (const auto held = core.fact(name)) {
    if (auto before = wire::decode<StoredMended>(*held)) stored = *before;
  }
  stored.entries += entries;
  stored.at_ms = core.now_ms();
  core.put_fact(name, wire::encode(stored));
}

struct Arriving {
  const LogInfo& info;
  Seq seq;
  EntryHash before, hash;
  const EntryBody& body;
  const Bytes& packed;
};

enum class Put : std::uint8_t { nothing, content, row };

/// One entry into its row, where that is damaged, or into the gap where it is missing.
Put put_one(ReplicaCore& core, SpaceSlot& slot, const Arriving& entry) {
  const auto& control = entry.body.control;
  for (BranchNo branch = 0; branch < entry.info.branches.size(); ++branch) {
    const Branch& there = entry.info.branches[branch];
    if (entry.seq <= there.fork_seq || entry.seq > there.tip) continue;
    const bool follows = entry.seq == 1 || hash_at(core, slot, entry.info.ref, branch_at(entry.info, branch, entry.seq - 1), entry.seq - 1) == entry.before;
    if (!follows) continue;
    std::int64_t row = 0;
    {
      auto query = core.db().query("SELECT id, hash, body FROM entries WHERE space = ? AND log = ? AND branch = ? AND seq = ?");
      query << slot.store.number() << entry.info.ref << branch << entry.seq;
      if (query.step()) {
        if (is_whole(entry.info.id, entry.seq, entry.before, query.blob(2), EntryHash::from(query.blob(1)))) continue;
        row = query.number(0);
      }
    }
    if (row != 0) {
      (core.db().query("UPDATE entries SET hash = ?, hlc = ?, epoch = ?, control = ?, control_hash = ?, body = ? WHERE id = ?")
       << ByteView{entry.hash} << entry.body.hlc.value << control.epoch << control.seq << ByteView{control.hash} << ByteView{entry.packed} << row)
          .run();
      return Put::content;
    }
    (core.db().query("INSERT INTO entries(space, log, branch, seq, hash, hlc, epoch, control, control_hash, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
     << slot.store.number() << entry.info.ref << branch << entry.seq << ByteView{entry.hash} << entry.body.hlc.value << control.epoch << control.seq
     << ByteView{control.hash} << ByteView{entry.packed})
        .run();
    return Put::row;
  }
  return Put::nothing;
}

}  // namespace

Result<std::vector<Damage>> look(ReplicaCore& core) {
  try {
    std::vector<Damage> out;
    auto known_before = known(core);
    for (const SpaceSlot* slot : core.slots()) {
      for (LogRef ref = 1; ref <= slot->store.log_count(); ++ref) {
        if (auto damage = damage_of(core, *slot, slot->store.log(ref))) out.push_back(std::move(*damage));
      }
    }
    for (const Damage& damage : out) known_before.erase(damage.log);
    if (out.empty() && known_before.empty()) return out;
    auto noted = core.write([&]() -> Result<void> {
      for (const Damage& damage : out) remember(core, damage.log, damage);
      for (const auto& [log, from] : known_before) remember(core, log, std::nullopt);
      return {};
    });
    if (!noted) return noted.error();
    return out;
  } catch (const SqlFailure& failure) {
    return failure.error();
  }
}

std::map<LogId, Seq> known(const ReplicaCore& core) {
  std::map<LogId, Seq> out;
  for (const auto& [name, value] : core.facts(damaged_prefix)) {
    const Bytes id = from_hex(std::string_view{name}.substr(sizeof damaged_prefix - 1));
    if (id.size() != LogId::size_bytes) continue;
    wire::Reader ar{value};
    out[LogId::from(id)] = ar.varint();
  }
  return out;
}

std::vector<Head> whole_heads(const SpaceSlot& slot, const std::map<LogId, Seq>& damaged) {
  std::vector<Head> heads = slot.heads();
  if (damaged.empty()) return heads;
  std::vector<Head> out;
  for (const Head& head : heads) {
    const auto at = damaged.find(head.log);
    if (at == damaged.end() || head.seq < at->second) {
      out.push_back(head);
      continue;
    }
    const Seq last = at->second - 1;
    const Place place = slot.merge.history().held(head.entry);
    if (last == 0 || !place) continue;
    const LogInfo& info = slot.store.log(place.log);
    const EntryRef ref = slot.store.at({place.log, branch_at(info, place.branch, last), last});
    if (ref != 0) out.push_back({head.log, last, slot.store.meta(ref).hash});
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void put_back(ReplicaCore& core, SpaceSlot& slot, const VerifiedRun& verified, std::span<const Bytes> packed) {
  const LogId& id = verified.run.log;
  if (!core.damaged().contains(id)) return;
  const LogInfo info = slot.store.log(slot.store.find_log(id));
  std::uint64_t contents = 0, rows = 0;
  EntryHash before = verified.run.before;
  for (std::size_t i = 0; i < verified.hashes.size(); ++i) {
    const Put put = put_one(core, slot, {info, verified.run.first_seq + i, before, verified.hashes[i], verified.run.entries[i], packed[i]});
    contents += put == Put::content ? 1u : 0u;
    rows += put == Put::row ? 1u : 0u;
    before = verified.hashes[i];
  }
  if (contents + rows == 0) return;
  note_mended(core, slot.store.space(), contents + rows);
  remember(core, id, damage_of(core, slot, info));
  if (rows > 0) {
    entry_index::write_anew(core.db(), slot);
    slot.merge.rebuild();
  }
  slot.store.flush();
}

std::vector<Mended> mended(const ReplicaCore& core) {
  std::vector<Mended> out;
  for (const StoredMended& stored : stored_facts<StoredMended>(core, mended_prefix)) out.push_back({stored.space, stored.entries, stored.at_ms});
  return out;
}

}  // namespace kiz::store_repair

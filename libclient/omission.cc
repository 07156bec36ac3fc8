#include "libclient/omission.h"

#include "protocol/entry_fields.h"

namespace kiz::omission {
namespace {

constexpr std::int64_t told_max = 4096;  // heads kept: more tell a person nothing

bool proves(const SpaceSlot& slot, const SignedHead& shown) {
  const LogRef ref = slot.store.find_log(shown.head.log);
  // The author of a log of which no entry is held is not known: its id alone names no key.
  if (ref == 0 || slot.store.log(ref).branches.empty()) return false;
  return crypto::verify(slot.store.log(ref).author, run_label, shown.head.entry, shown.signature);
}

}  // namespace

Result<std::uint64_t> note_told(ReplicaCore& core, const Space& space, const std::vector<SignedHead>& heads, const TransportKey& by) {
  const SpaceSlot* slot = core.slot(space);
  if (slot == nullptr) return std::uint64_t{0};
  std::vector<const SignedHead*> proven;
  for (const SignedHead& shown : heads) {
    if (slot->store.find(shown.head.entry) == 0 && proves(*slot, shown)) proven.push_back(&shown);
  }
  if (proven.empty()) return std::uint64_t{0};
  return core.write([&]() -> Result<std::uint64_t> {
    core.db().query("DELETE FROM told_heads WHERE entry IN (SELECT hash FROM entries)").run();
    const Bytes name = wire::encode(space);
    for (const SignedHead* shown : proven) {
      (core.db().query("INSERT OR IGNORE INTO told_heads(log, entry, space, seq, signature, told_by, told_ms) "
                       "SELECT ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM told_heads) < ?")
       << ByteView{shown->head.log} << ByteView{shown->head.entry} << ByteView{name} << shown->head.seq
       << ByteView{shown->signature} << ByteView{by} << core.now_ms() << told_max)
          .run();
    }
    return std::uint64_t{proven.size()};
  });
}

Result<void> note_in_sync(ReplicaCore& core, const TransportKey& peer) {
  const Device* device = core.membership().device(peer);
  if (device == nullptr) return {};
  std::vector<Missing> unheld;
  for (Missing& missed : missing(core)) {
    if (missed.missed_ms == 0 && missed.told_by != peer && core.membership().may_read(device->member, missed.space)) {
      unheld.push_back(std::move(missed));
    }
  }
  if (unheld.empty()) return {};
  return core.write([&]() -> Result<void> {
    for (const Missing& missed : unheld) {
      (core.db().query("UPDATE told_heads SET missed_ms = ?, missed_by = ? WHERE log = ? AND entry = ?")
       << core.now_ms() << ByteView{peer} << ByteView{missed.head.log} << ByteView{missed.head.entry})
          .run();
    }
    return {};
  });
}

std::vector<Missing> missing(ReplicaCore& core) {
  std::vector<Missing> out;
  auto query = core.db().query(
      "SELECT t.space, t.log, t.seq, t.entry, t.signature, t.told_by, t.told_ms, t.missed_ms, t.missed_by FROM told_heads t "
      "WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.hash = t.entry) ORDER BY t.told_ms, t.log, t.seq");
  while (query.step()) {
    auto space = wire::decode<Space>(query.blob(0));
    if (!space) continue;
    Missing row;
    row.space = *space;
    row.head = {LogId::from(query.blob(1)), query.count(2), EntryHash::from(query.blob(3))};
    row.signature = Signature::from(query.blob(4));
    row.told_by = TransportKey::from(query.blob(5));
    row.told_ms = query.count(6);
    row.missed_ms = query.count(7);
    row.missed_by = TransportKey::from(query.blob(8));
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace kiz::omission

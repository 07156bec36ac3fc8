#include "libclient/omission.h"

#include <algorithm>

#include "protocol/entry_fields.h"

namespace kiz::omission {
namespace {

constexpr std::int64_t told_max = 4096;  // heads kept: more tell a person nothing

/// Null where no entry of the log is held.
const LogInfo* log_held(const ReplicaCore& core, const Space& space, const LogId& log) {
  const SpaceSlot* slot = core.slot(space);
  const LogRef ref = slot == nullptr ? 0 : slot->store.find_log(log);
  return ref == 0 || slot->store.log(ref).branches.empty() ? nullptr : &slot->store.log(ref);
}

bool is_signed_by(const AuthorKey& author, const SignedHead& shown) {
  return crypto::verify(author, run_label, shown.head.entry, shown.signature);
}

// True if somebody whose entries count has signed it. Of a log of which no entry is held the author is not known, for its
// id names no key; but it can only be a device of the space's owner, and one of these has signed.
bool proves(const ReplicaCore& core, const Space& space, const SignedHead& shown, std::size_t& tries) {
  const auto is_signer = [&](const AuthorKey& author) { return tries > 0 && tries-- > 0 && is_signed_by(author, shown); };
  if (const LogInfo* log = log_held(core, space, shown.head.log)) return is_signer(log->author);
  const auto& devices = core.membership().devices();
  return std::any_of(devices.begin(), devices.end(), [&](const Device& device) {
    return device.member == space.owner && !device.revoked && is_signer(device.author);
  });
}

// What was ended since, by a cut or with its device, is missed by nobody.
bool is_missed(const ReplicaCore& core, const Missing& missed) {
  if (log_held(core, missed.space, missed.head.log) == nullptr) {
    std::size_t tries = core.membership().devices().size();
    return proves(core, missed.space, {missed.head, missed.signature}, tries);
  }
  const SpaceSlot& slot = *core.slot(missed.space);
  const auto cut = slot.merge.history().newest_cut(slot.store.find_log(missed.head.log), core.control().last_seq());
  return !cut || missed.head.seq <= cut->seq;
}

}  // namespace

Result<std::uint64_t> note_told(ReplicaCore& core, const Space& space, const std::vector<SignedHead>& heads, const TransportKey& by,
                                std::size_t& tries) {
  const SpaceSlot* slot = core.slot(space);
  std::vector<const SignedHead*> proven;
  for (const SignedHead& shown : heads) {
    const bool held = slot != nullptr && slot->store.find(shown.head.entry) != 0;
    if (!held && proves(core, space, shown, tries)) proven.push_back(&shown);
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
    if (is_missed(core, row)) out.push_back(std::move(row));
  }
  return out;
}

}  // namespace kiz::omission

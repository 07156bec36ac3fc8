// What comes from peers: runs, and what peers say they hold. Control records: control_intake.cc.
#include <algorithm>
#include <atomic>
#include <future>
#include <system_error>

#include "libclient/erasure.h"
#include "libclient/replica_core.h"
#include "protocol/entry_fields.h"
#include "protocol/mutants.h"

namespace kiz {
namespace {

struct CheckedRun {
  VerifiedRun run;
  AuthorKey author;
  Space space;
};

constexpr std::size_t share_bytes_min = 256u << 10;  // less is checked faster than a thread starts

/// Calls check(i) for each i below count, on two threads; these calls must not depend on each other.
template <class Check>
void on_two_threads(std::size_t count, const Check& check) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) check(i);
  };
  std::future<void> second;
  try {
    second = std::async(std::launch::async, work);
  } catch (const std::system_error&) {
    // No thread to be had: one does it all.
  }
  work();
  if (second.valid()) second.get();
}

std::size_t live_logs(const SpaceSlot& slot, const AuthorKey& author) {
  std::size_t out = 0;
  for (LogRef ref = 1; ref <= slot.store.log_count(); ++ref) {
    const LogInfo& info = slot.store.log(ref);
    out += !info.branches.empty() && info.author == author ? 1u : 0u;
  }
  return out;
}

/// A key that was locked out still signs: whoever stole it may not fill the disk. No state depends on what is not kept.
bool quarantine_is_full(Sql& db, const SpaceSlot& slot, const AuthorKey& author) {
  std::uint64_t entries = 0, bytes = 0;
  for (LogRef ref = 1; ref <= slot.store.log_count(); ++ref) {
    const LogInfo& info = slot.store.log(ref);
    if (info.author != author) continue;
    for (BranchNo branch = 0; branch < info.branches.size(); ++branch) {
      if (info.branches[branch].quarantined_from > info.branches[branch].tip) continue;
      auto query = db.query("SELECT count(*), coalesce(sum(length(body)), 0) FROM entries WHERE space = ? AND log = ? AND branch = ? AND seq >= ?");
      query << slot.store.number() << ref << branch << info.branches[branch].quarantined_from;
      if (!query.step()) continue;
      entries += query.count(0);
      bytes += query.count(1);
    }
  }
  return entries >= limits::quarantined_entries_max || bytes >= limits::quarantined_bytes_max;
}

}  // namespace

RunReport ReplicaCore::take_run(const Space& space, const VerifiedRun& verified, const AuthorKey& author) {
  const Run& run = verified.run;
  SpaceSlot& slot = slot_for(space);
  const LogRef known = slot.store.find_log(run.log);
  const bool is_new = known == 0 || slot.store.log(known).branches.empty();
  if (is_new && live_logs(slot, author) >= limits::live_logs_per_key_max) return {Errc::over_limit, false, space, {}};
  const Device* device = membership_.device(author);
  if (device != nullptr && device->revoked && quarantine_is_full(*db_, slot, author)) return {Errc::over_limit, false, space, {}};

  // Only the first entry can fail to fit: the links inside the run are proven. So nothing of a refused run is stored.
  EntryHash before = run.before;
  bool applied = true;
  bool stored = false;
  for (std::size_t i = 0; i < run.entries.size(); ++i) {
    const Seq seq = run.first_seq + i;
    const EntryHash& hash = verified.hashes[i];
    if (slot.store.find(hash) == 0) {
      if (i == 0 && run.first_seq > 1) {
        const EntryRef parent = slot.store.find(before);
        if (parent == 0) return {Errc::gap, false, space, {}};
        const Place place = slot.store.meta(parent).place;
        const LogInfo& info = slot.store.log(place.log);
        const bool branches_off = info.branches[place.branch].tip != place.seq;
        if (branches_off && info.branches.size() >= limits::log_branches_max) return {Errc::over_limit, false, space, {}};
      }
      if (run.genesis) slot.store.put_genesis(*run.genesis);
      stored = true;
    }
    const auto state = slot.merge.append({run.log, author, seq, before, hash, run.entries[i]});
    if (!state) return {state.error().code, false, space, {}};
    applied &= *state == EntryState::applied;
    clock_.observe(run.entries[i].hlc, now());
    before = hash;
  }
  slot.store.put_signature(before, run.signature);
  // What is in quarantine is passed on to nobody.
  std::size_t counting = run.entries.size();
  while (counting > 0 && !slot.merge.history().held(verified.hashes[counting - 1])) --counting;
  if (counting == 0) return {Errc::ok, applied, space, {run.log, run.last_seq(), before}};
  const Head last{run.log, run.first_seq + counting - 1, verified.hashes[counting - 1]};
  if (stored) advances_.push_back({space, {run.first_seq - 1, run.first_seq > 1 ? run.before : EntryHash{}}, last});
  return {Errc::ok, applied, space, last};
}

Result<std::vector<RunReport>> ReplicaCore::ingest(std::span<const IncomingRun> runs) {
  // Verified before the transaction: a bad run costs neither a lock nor a rollback.
  std::map<LogId, std::pair<AuthorKey, Space>> born_here;  // logs whose genesis came earlier in this batch
  const auto place = [&](const Bytes& bytes) -> Result<CheckedRun> {
    if (bytes.size() > limits::run_bytes_max) return Error{Errc::over_limit, "run"};
    auto run = wire::decode<Run>(bytes);
    if (!run) return run.error();
    CheckedRun out;
    if (run->genesis) {
      // Proven before any other run of the batch relies on it: else it could lend its author to a foreign log.
      if (log_id(*run->genesis) != run->log) return Error{Errc::broken_chain, "genesis"};
      out.author = run->genesis->author;
      out.space = run->genesis->space;
    } else if (const auto at = born_here.find(run->log); at != born_here.end()) {
      std::tie(out.author, out.space) = at->second;
    } else if (const SpaceSlot* slot = slot_of(run->log)) {
      out.author = slot->store.log(slot->store.find_log(run->log)).author;
      out.space = slot->store.space();
    } else {
      return Error{Errc::gap, "log"};
    }
    if (out.space.realm != control_.realm()) return Error{Errc::foreign_realm, "run"};
    const Device* own = own_device();
    if (own == nullptr || !membership_.may_read(own->member, out.space)) return Error{Errc::not_permitted, "space"};
    const Device* device = membership_.device(out.author);
    if (device == nullptr || (device->member != out.space.owner && !KIZ_MUTANT(foreign_space))) return Error{Errc::unknown_log, "log"};
    out.run.run = std::move(*run);
    born_here.emplace(out.run.run.log, std::pair{out.author, out.space});
    return out;
  };
  std::vector<Result<CheckedRun>> checked;
  checked.reserve(runs.size());
  std::size_t bytes = 0;
  for (const IncomingRun& run : runs) {
    checked.push_back(place(run.bytes));
    bytes += run.bytes.size();
  }
  const auto verify = [&](std::size_t i) {
    if (!checked[i]) return;
    auto verified = verify_run(std::move(checked[i]->run.run), checked[i]->author);
    if (verified) {
      checked[i]->run = std::move(*verified);
    } else {
      checked[i] = verified.error();
    }
  };
  if (bytes >= share_bytes_min && runs.size() > 1) {
    on_two_threads(runs.size(), verify);
  } else {
    for (std::size_t i = 0; i < runs.size(); ++i) verify(i);
  }

  if (KIZ_MUTANT(ack_before_commit)) db_->query("PRAGMA synchronous = OFF").run();
  return write([&]() -> Result<std::vector<RunReport>> {
    std::vector<RunReport> out;
    std::vector<std::pair<SpaceSlot*, EntryRef>> arrived;
    for (const auto& item : checked) {
      out.push_back(item ? take_run(item->space, item->run, item->author) : RunReport{item.error().code, false, {}, {}});
      if (!item || out.back().refused != Errc::ok) continue;
      SpaceSlot& slot = slot_for(item->space);
      for (const EntryHash& hash : item->run.hashes) arrived.emplace_back(&slot, slot.store.find(hash));
    }
    // What an order in force names must not become durable, however late it comes.
    const bool ordered = std::any_of(slots_.begin(), slots_.end(), [](const auto& held) { return held.first.collection == collections::erasures; });
    if (ordered) erasure::cover_arrivals(*this, arrived);
    return out;
  });
}

// ---- what peers hold

void ReplicaCore::remember_acknowledged(const TransportKey& peer, const Space& space, const Head& head) {
  const SpaceSlot* slot = this->slot(space);
  const LogRef ref = slot == nullptr ? 0 : slot->store.find_log(head.log);
  if (ref != 0) peers_.acknowledged(peer, {slot->store.number(), ref}, {head.seq, head.entry});
}

void ReplicaCore::remember_peer_heads(const TransportKey& peer, const Space& space, const std::vector<Head>& heads) {
  const SpaceSlot* slot = this->slot(space);
  if (slot == nullptr) return;
  PeerMemory::Marks marks;
  for (const Head& head : heads) {
    if (const LogRef ref = slot->store.find_log(head.log)) marks[{slot->store.number(), ref}] = {head.seq, head.entry};
  }
  peers_.replace(peer, slot->store.number(), marks);
}

void ReplicaCore::remember_peer_holds_all(const TransportKey& peer) {
  const Device* device = membership_.device(peer);
  if (device == nullptr || device->revoked) return;  // with whom nothing is shared no space is equal
  for (const auto& [space, slot] : slots_) {
    if (membership_.may_read(device->member, space)) remember_peer_heads(peer, space, slot->heads());
  }
}

Result<void> ReplicaCore::save_peer_memory() {
  if (!peers_.dirty()) return {};
  return write([]() -> Result<void> { return {}; });
}

bool ReplicaCore::consider_own_heads(const std::vector<SignedHead>& heads) {
  for (const SignedHead& shown : heads) {
    if (!crypto::verify(files_->author(), run_label, shown.head.entry, shown.signature)) continue;
    const bool held = std::any_of(slots_.begin(), slots_.end(), [&](const auto& s) { return s.second->store.find(shown.head.entry) != 0; });
    if (!held) lost_tails_.insert(shown.head.log);
  }
  return !lost_tails_.empty();
}

// Only a log of this very life can be gone on with in two places. A log of another life is another machine's with the same
// keys, or this one's from before: had each of its entries begun a new life here, two copies that both go on would drive
// each other into new logs at every meeting, until there are too many.
bool ReplicaCore::may_fork_own_log() const {
  return std::any_of(lost_tails_.begin(), lost_tails_.end(), [&](const LogId& log) {
    const SpaceSlot* slot = slot_of(log);
    if (slot == nullptr) return true;  // nothing of it has arrived yet: it may be of this life
    const auto genesis = slot->store.genesis(slot->store.find_log(log));
    return !genesis || genesis->incarnation == files_->incarnation();
  });
}

}  // namespace kiz

// What comes from peers: runs, and what peers say they hold. Who calls it: guarded_intake.cc. Control records:
// control_intake.cc.
#include <algorithm>
#include <deque>

#include "libclient/erasure.h"
#include "libclient/intake_budget.h"
#include "libclient/replica_core.h"
#include "libclient/second_thread.h"
#include "libclient/store_repair.h"
#include "libclient/values.h"
#include "protocol/entry_fields.h"
#include "protocol/mutants.h"

namespace kiz {
namespace {

/// Where a run belongs, by its first words.
struct PlacedRun {
  AuthorKey author;
  Space space;
};

/// A run that holds, and the bodies of its entries as the store keeps them.
struct CheckedRun {
  VerifiedRun verified;
  std::vector<Bytes> packed;
};

constexpr char budget_prefix[] = "intake/";
constexpr std::size_t share_bytes_min = 256u << 10;  // less is checked faster than a thread starts
constexpr std::size_t runs_ahead = 4;                // checked, or being checked, while one is written: bounds memory

Result<CheckedRun> check(const Bytes& bytes, const AuthorKey& author) {
  auto verified = decode_run(bytes, author);
  if (!verified) return verified.error();
  CheckedRun out{std::move(*verified), {}};
  for (const EntryBody& body : out.verified.run.entries) out.packed.push_back(pack_body(body));
  return out;
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

/// What keeps the first entry that is not held yet out: the entry before it is not held, or it would be one branch too many.
Errc bar_of(const SpaceSlot& slot, const VerifiedRun& verified) {
  const Run& run = verified.run;
  std::size_t held = 0;
  while (held < verified.hashes.size() && slot.store.find(verified.hashes[held]) != 0) ++held;
  if (held == verified.hashes.size()) return Errc::ok;
  LogRef log = slot.store.find_log(run.log);
  bool branches_off = log != 0 && !slot.store.log(log).branches.empty();
  if (run.first_seq + held > 1) {
    const EntryRef parent = slot.store.find(held > 0 ? verified.hashes[held - 1] : run.before);
    if (parent == 0) return Errc::gap;
    const Place place = slot.store.meta(parent).place;
    log = place.log;
    branches_off = slot.store.log(log).branches[place.branch].tip != place.seq;
  }
  return branches_off && slot.store.log(log).branches.size() >= limits::log_branches_max ? Errc::over_limit : Errc::ok;
}

}  // namespace

// What cannot be read is a device of which nothing was taken yet: at worst it has its burst once more.
void ReplicaCore::load_budget() {
  intake_budget_ = IntakeBudget{options_};
  for (const auto& [name, stored] : facts(budget_prefix)) {
    const Bytes author = from_hex(std::string_view{name}.substr(sizeof budget_prefix - 1));
    const auto account = wire::decode<IntakeBudget::Account>(stored);
    if (account && author.size() == AuthorKey::size_bytes) intake_budget_.load(AuthorKey::from(author), *account);
  }
}

RunReport ReplicaCore::take_run(const Space& space, const AuthorKey& author, const VerifiedRun& verified,
                                std::span<const Bytes> packed) {
  const Run& run = verified.run;
  SpaceSlot& slot = slot_for(space);
  const LogRef known = slot.store.find_log(run.log);
  const bool is_new = known == 0 || slot.store.log(known).branches.empty();
  const Device* device = membership_.device(author);
  if (device != nullptr && device->revoked && quarantine_is_full(*db_, slot, author)) return {Errc::over_limit, false, space, {}};

  // What this device wrote itself and lost comes back at once.
  const bool is_own = author == files_->author();
  if (!is_own && intake_budget_.is_spent(author, now_ms()) && slot.store.find(verified.hashes.back()) == 0) {
    intake_budget_.put_off(author, now_ms());
    return {Errc::put_off, false, space, {}};
  }

  if (!is_new) {
    const auto& branches = slot.store.log(known).branches;
    const bool held_up_to_here = std::any_of(branches.begin(), branches.end(), [&](const Branch& b) { return run.first_seq <= b.tip; });
    if (held_up_to_here) store_repair::put_back(*this, slot, verified, packed);
  }

  // Only the first entry that is not held can fail to fit: the links inside the run are proven. So nothing of a refused run
  // is stored.
  if (const Errc bar = bar_of(slot, verified); bar != Errc::ok) return {bar, false, space, {}};
  EntryHash before = run.before;
  bool applied = true;
  bool stored = false;
  // Lives are not bounded by number: each of two replicas could hold those that the other refuses. They are slowed.
  std::uint64_t room = is_new && live_logs(slot, author) >= limits::logs_per_key_free ? intake_budget_.burst_bytes() / limits::further_logs_per_burst : 0;
  for (std::size_t i = 0; i < run.entries.size(); ++i) {
    const Seq seq = run.first_seq + i;
    const EntryHash& hash = verified.hashes[i];
    if (slot.store.find(hash) == 0) {
      if (run.genesis) slot.store.put_genesis(*run.genesis);
      stored = true;
      room += room_of(run.entries[i], packed[i].size());
    } else {
      values::mend(slot, slot.store.find(hash), run.entries[i]);
    }
    const auto state = slot.merge.append({run.log, author, seq, before, hash, run.entries[i], &packed[i]});
    if (!state) return {state.error().code, false, space, {}};
    applied &= *state == EntryState::applied;
    clock_.observe(run.entries[i].hlc, now());
    before = hash;
  }
  slot.store.put_signature(before, run.signature);
  if (!is_own && room > 0) intake_budget_.take(author, room, now_ms());
  slot_of_log_.emplace(run.log, &slot);  // a peer is told of it next
  // What is in quarantine is passed on to nobody.
  std::size_t counting = run.entries.size();
  while (counting > 0 && !slot.merge.history().held(verified.hashes[counting - 1])) --counting;
  if (counting == 0) return {Errc::ok, applied, space, {run.log, run.last_seq(), before}};
  const Head last{run.log, run.first_seq + counting - 1, verified.hashes[counting - 1]};
  if (stored) advances_.push_back({space, {run.first_seq - 1, run.first_seq > 1 ? run.before : EntryHash{}}, last});
  return {Errc::ok, applied, space, last};
}

Result<std::vector<RunReport>> ReplicaCore::take_runs(std::span<const IncomingRun> runs) {
  note_under_way(runs, Checked::no);
  std::map<LogId, PlacedRun> born_here;  // logs whose genesis came earlier in this batch
  const auto place = [&](const Bytes& bytes) -> Result<PlacedRun> {
    if (bytes.size() > limits::run_bytes_max) return Error{Errc::over_limit, "run"};
    const auto head = read_run_head(bytes);
    if (!head) return head.error();
    PlacedRun out;
    if (head->genesis) {
      // Proven before any other run of the batch relies on it: else it could lend its author to a foreign log.
      if (log_id(*head->genesis) != head->log) return Error{Errc::broken_chain, "genesis"};
      out = {head->genesis->author, head->genesis->space};
    } else if (const auto at = born_here.find(head->log); at != born_here.end()) {
      out = at->second;
    } else if (const SpaceSlot* slot = slot_of(head->log)) {
      out = {slot->store.log(slot->store.find_log(head->log)).author, slot->store.space()};
    } else {
      return Error{Errc::gap, "log"};
    }
    if (out.space.realm != control_.realm()) return Error{Errc::foreign_realm, "run"};
    const Device* own = own_device();
    if (own == nullptr || !membership_.may_read(own->member, out.space)) return Error{Errc::not_permitted, "space"};
    const Device* device = membership_.device(out.author);
    if (device == nullptr || (device->member != out.space.owner && !KIZ_MUTANT(foreign_space))) return Error{Errc::unknown_log, "log"};
    born_here.emplace(head->log, out);
    return out;
  };
  std::vector<Result<PlacedRun>> placed;
  placed.reserve(runs.size());
  std::size_t bytes = 0;
  for (const IncomingRun& run : runs) {
    placed.push_back(place(run.bytes));
    bytes += run.bytes.size();
  }

  // Few are verified before the transaction. Of many the next ones are verified while one is written: a bad one among
  // them costs its own report and no rollback.
  using Pending = std::future<Result<CheckedRun>>;
  std::optional<SecondThread> second;
  if (bytes >= share_bytes_min && runs.size() > 1) second.emplace();
  std::deque<Pending> pending;
  std::size_t begun = 0;
  const auto begin_upto = [&](std::size_t end) {
    for (; begun < std::min(end, runs.size()); ++begun) {
      const auto job = [&run = runs[begun].bytes, &at = placed[begun]] { return at ? check(run, at->author) : at.error(); };
      if (second) {
        pending.push_back(second->begin(job));
      } else {
        std::promise<Result<CheckedRun>> done;
        done.set_value(job());
        pending.push_back(done.get_future());
      }
    }
  };
  begin_upto(second ? runs_ahead : runs.size());
  note_under_way(runs, second ? Checked::in_part : Checked::yes);

  if (KIZ_MUTANT(ack_before_commit)) db_->query("PRAGMA synchronous = OFF").run();
  intake_budget_.begin();
  auto taken = write([&]() -> Result<std::vector<RunReport>> {
    std::vector<RunReport> out;
    std::vector<std::pair<SpaceSlot*, EntryRef>> arrived;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      begin_upto(i + runs_ahead);
      const auto checked = second ? second->wait_for(pending.front()) : pending.front().get();
      pending.pop_front();
      if (!checked) {
        out.push_back({checked.error().code, false, {}, {}});
        continue;
      }
      out.push_back(take_run(placed[i]->space, placed[i]->author, checked->verified, checked->packed));
      if (out.back().refused != Errc::ok) continue;
      SpaceSlot& slot = slot_for(placed[i]->space);
      for (const EntryHash& hash : checked->verified.hashes) arrived.emplace_back(&slot, slot.store.find(hash));
    }
    // What an order in force names must not become durable, however late it comes.
    const bool ordered = std::ranges::any_of(open_slots_, [](const SpaceSlot* held) { return held->store.space().collection == collections::erasures; });
    if (ordered) erasure::cover_arrivals(*this, arrived);
    for (const auto& [author, account] : intake_budget_.unwritten()) put_fact(budget_prefix + to_hex(author), wire::encode(account));
    return out;
  });
  if (taken) intake_budget_.end();
  return taken;
}

// ---- what peers hold

void ReplicaCore::remember_acknowledged(const TransportKey& peer, const Space& space, const Head& head) {
  const SpaceSlot* slot = this->slot(space);
  const LogRef ref = slot == nullptr ? 0 : slot->store.find_log(head.log);
  if (ref != 0) peers_.acknowledged(peer, {slot->store.number(), ref}, {head.seq, head.entry});
}

void ReplicaCore::remember_peer_heads(const TransportKey& peer, const Space& space, const std::vector<Head>& heads, Told told) {
  const SpaceSlot* slot = this->slot(space);
  if (slot == nullptr) return;
  const PeerMemory::Marks* known = peers_.of(peer);
  PeerMemory::Marks marks;
  for (const Head& head : heads) {
    const LogRef ref = slot->store.find_log(head.log);
    if (ref == 0) continue;
    const PeerMemory::LogKey key{slot->store.number(), ref};
    marks[key] = {head.seq, head.entry};
    if (told == Told::all) continue;
    const auto at = known == nullptr ? PeerMemory::Marks::const_iterator{} : known->find(key);
    if (known == nullptr || at == known->end()) {
      marks.erase(key);
    } else if (at->second.seq < head.seq) {
      marks[key] = at->second;
    }
  }
  peers_.replace(peer, slot->store.number(), marks);
}

std::optional<std::uint64_t> ReplicaCore::compared_ms(const TransportKey& peer) const {
  const auto at = compared_.find(peer);
  return at == compared_.end() ? std::nullopt : std::optional{at->second};
}

bool ReplicaCore::may_evaluate_anew(SpaceNumber space) {
  constexpr std::uint64_t hour_ms = 60 * 60 * 1000;
  const std::uint64_t now = now_ms();
  const auto [last, first_time] = evaluated_.try_emplace(space, now);
  if (!first_time && last->second <= now && now - last->second < hour_ms) return false;
  last->second = now;
  return true;
}

void ReplicaCore::remember_peer_holds_all(const TransportKey& peer) {
  const Device* device = membership_.device(peer);
  if (device == nullptr || device->revoked) return;  // with whom nothing is shared no space is equal
  for (const SpaceSlot* slot : slots_read_by(device->member)) remember_peer_heads(peer, slot->store.space(), slot->heads());
}

Result<void> ReplicaCore::save_peer_memory() {
  if (!peers_.dirty()) return {};
  return write([]() -> Result<void> { return {}; });
}

bool ReplicaCore::consider_own_heads(const std::vector<SignedHead>& heads) {
  for (const SignedHead& shown : heads) {
    if (!crypto::verify(files_->author(), run_label, shown.head.entry, shown.signature)) continue;
    auto held = db_->query("SELECT 1 FROM entries WHERE hash = ?");
    held << ByteView{shown.head.entry};
    if (!held.step()) lost_tails_.insert(shown.head.log);
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

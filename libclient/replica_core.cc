#include "libclient/replica_core.h"

#include <sodium.h>

#include <algorithm>
#include <chrono>

#include "libclient/entry_author.h"
#include "libclient/entry_index.h"
#include "libclient/page_vfs.h"
#include "libclient/store_repair.h"
#include "protocol/entry_fields.h"
#include "protocol/frontier.h"
#include "protocol/mutants.h"

namespace kiz {

const Frontier& SpaceSlot::frontier() const {
  if (frontier_as_of_ == store.logs_changed()) return frontier_;
  frontier_ = frontier_of(merge.history(), Reach::held);
  digest_.reset();
  frontier_as_of_ = store.logs_changed();
  return frontier_;
}

Hash SpaceSlot::digest() const {
  if (KIZ_MUTANT(blind_digest)) return {};
  const Frontier& now = frontier();
  if (!digest_) digest_ = now.digest();
  return *digest_;
}

namespace {

constexpr std::uint64_t records_worth_keeping = 200;  // below this a state hash is computed faster than written

// State hashes that took a while are kept beside their generation: the next program that asks need not read all records.
void keep_hashes(Sql& db, const std::map<SpaceNumber, std::pair<std::uint64_t, Hash>>& hashed) {
  std::vector<SpaceNumber> fresh;
  for (const auto& [number, known] : hashed) {
    auto query = db.query(
        "SELECT 1 FROM spaces WHERE id = ? AND generation = ? AND hashed_at IS NOT generation "
        "AND (SELECT count(*) FROM records WHERE space = spaces.id) >= ?");
    query << number << known.first << records_worth_keeping;
    if (query.step()) fresh.push_back(number);
  }
  if (fresh.empty()) return;
  Transaction transaction{db};
  for (const SpaceNumber number : fresh) {
    (db.query("UPDATE spaces SET hashed_at = generation, state_hash = ? WHERE id = ?") << ByteView{hashed.at(number).second} << number).run();
  }
  transaction.commit();
}

}  // namespace

ReplicaCore::~ReplicaCore() {
  // What is lost here is known from elsewhere or costs a comparison: closing never fails.
  if (db_ != nullptr) {
    static_cast<void>(save_peer_memory());
    if (files_->intake_guard().has_suspects()) files_->intake_guard().acquit_all();
    try {
      static_cast<void>(files_->note_entries(*db_));
      keep_hashes(*db_, hashed_);
    } catch (const SqlFailure&) {
    }
  }
  slots_.clear();  // before the database they speak to
}

Result<std::unique_ptr<ReplicaCore>> ReplicaCore::open(ReplicaOptions options, const std::optional<std::string>& device_name) {
  if (sodium_init() < 0) return Error{Errc::internal, "libsodium"};
  std::unique_ptr<ReplicaCore> core{new ReplicaCore};
  auto files = StoreFiles::open(options, device_name);
  if (!files) return files.error();
  core->files_ = std::move(*files);
  core->options_ = std::move(options);
  try {
    auto db = core->files_->open_database(device_name.has_value());
    if (!db) return db.error();
    core->db_ = std::move(*db);
    core->load_control();
    core->load_slots();
    core->follow_registry();
    core->peers_.load(*core->db_);
    core->observe_tips();
    core->note_life();
    core->load_budget();
    core->judge_last_end();
  } catch (const SqlFailure& failure) {
    return failure.error();
  }
  if (core->needs_opening_anew()) return Error{Errc::io_error, "store"};  // what it noted of its life did not reach the disk
  return core;
}

std::uint64_t ReplicaCore::now_ms() const {
  if (options_.clock_ms) return options_.clock_ms();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

Millis ReplicaCore::now() const { return Millis{std::chrono::milliseconds{static_cast<std::int64_t>(now_ms())}}; }

void ReplicaCore::random(std::span<std::uint8_t> out) const {
  if (options_.random) return options_.random(out);
  randombytes_buf(out.data(), out.size());
}

// ---- what is read when the store opens, and again after a failure

void ReplicaCore::load_control() {
  control_ = {};
  auto query = db_->query("SELECT record FROM control ORDER BY seq");
  while (query.step()) {
    auto record = decode_control_record(query.blob(0));
    if (!record || !control_.append(std::move(*record))) throw SqlFailure{SQLITE_CORRUPT, "control log"};
  }
  control_index_ = ControlIndex{control_};
  closings_ = control_.closings();
  other_branch_ = {};
  membership_ = Membership{control_};
  control_fork_.reset();
  if (const auto proof = fact("control_fork")) {
    if (auto record = decode_control_record(*proof)) control_fork_ = std::move(*record);
  }
}

void ReplicaCore::forget_slots() {
  ++sharing_;
  slot_of_log_.clear();
  slots_as_made_.clear();
  open_slots_.clear();
  private_slots_.clear();
  busy_.clear();
  slots_.clear();
  damaged_as_of_.reset();
}

SpaceSlot& ReplicaCore::keep_slot(const Space& space, SpaceNumber number) {
  SpaceSlot& made = *slots_.emplace(space, std::make_unique<SpaceSlot>(*db_, number, space, control_index_, busy_)).first->second;
  slots_as_made_.push_back(&made);
  if (!Membership::is_private(space)) {
    open_slots_.push_back(&made);
  } else {
    private_slots_[space.owner].push_back(&made);
    if (!space.counterpart.empty() && space.counterpart != space.owner) private_slots_[space.counterpart].push_back(&made);
  }
  return made;
}

void ReplicaCore::load_slots() {
  forget_slots();
  auto query = db_->query("SELECT id, name FROM spaces");
  while (query.step()) {
    auto space = wire::decode<Space>(query.blob(1));
    if (!space) throw SqlFailure{SQLITE_CORRUPT, "space"};
    keep_slot(*space, query.number(0));
  }
}

const std::map<LogId, Seq>& ReplicaCore::damaged() const {
  if (damaged_as_of_ != generation_) {
    damaged_ = store_repair::known(*this);
    damaged_as_of_ = generation_;
  }
  return damaged_;
}

void ReplicaCore::drop_slots() {
  advances_.clear();
  try {
    load_control();
    load_slots();
  } catch (const SqlFailure&) {
    // Half of it is no store: what is there must not look as if it were not. Each later call says so.
    forget_slots();
    unloaded_ = true;
  }
}

// When it was noticed that this store had been put back or copied: people are told of it for a while.
void ReplicaCore::note_life() {
  if (files_->reason() == LogReason::first) return;
  const std::string name = "life_began/" + to_hex(files_->incarnation());
  if (fact(name)) return;
  Bytes when(8);
  for (std::size_t i = 0; i < 8; ++i) when[i] = static_cast<std::uint8_t>(now_ms() >> (8 * (7 - i)));
  static_cast<void>(write([&]() -> Result<void> {
    put_fact(name, when);
    return {};
  }));
}

void ReplicaCore::observe_tips() {
  for (const auto& [space, slot] : slots_) {
    for (const Head& head : slot->heads()) {
      const EntryRef ref = slot->store.find(head.entry);
      if (ref != 0) clock_.observe(slot->store.meta(ref).hlc, now());
    }
  }
}

void ReplicaCore::flush() {
  for (SpaceStore* store : busy_) store->flush();
  busy_.clear();
  peers_.write(*db_);
}

// ---- spaces

void ReplicaCore::need_loaded() const {
  if (unloaded_) throw SqlFailure{SQLITE_IOERR_READ, "store"};
}

SpaceSlot* ReplicaCore::slot(const Space& space) const {
  need_loaded();
  const auto at = slots_.find(space);
  return at == slots_.end() ? nullptr : at->second.get();
}

SpaceSlot* ReplicaCore::slot(SpaceNumber number) const {
  need_loaded();
  for (const auto& [space, slot] : slots_) {
    if (slot->store.number() == number) return slot.get();
  }
  return nullptr;
}

SpaceSlot* ReplicaCore::slot_of(const LogId& log) const {
  need_loaded();
  if (slot_of_log_.empty()) {  // the first one that is asked for: all of them will be
    for (SpaceSlot* slot : slots_as_made_) {
      for (LogRef ref = 1; ref <= slot->store.log_count(); ++ref) {
        const LogInfo& info = slot->store.log(ref);
        if (!info.branches.empty()) slot_of_log_.emplace(info.id, slot);
      }
    }
  }
  if (const auto known = slot_of_log_.find(log); known != slot_of_log_.end()) return known->second;
  for (const auto& [space, slot] : slots_) {
    const LogRef ref = slot->store.find_log(log);
    if (ref == 0 || slot->store.log(ref).branches.empty()) continue;
    slot_of_log_.emplace(log, slot.get());  // what is held of a log goes only with the whole slot
    return slot.get();
  }
  return nullptr;
}

std::vector<SpaceSlot*> ReplicaCore::slots() const {
  need_loaded();
  std::vector<SpaceSlot*> out;
  for (const auto& [space, slot] : slots_) out.push_back(slot.get());
  return out;
}

ReplicaCore::Candidates ReplicaCore::candidates(const MemberId& member) const {
  need_loaded();
  static const std::vector<SpaceSlot*> none;
  if (member == membership_.authority()) return {slots_as_made_, none};
  const auto own = private_slots_.find(member);
  return {open_slots_, own == private_slots_.end() ? none : own->second};
}

std::vector<SpaceSlot*> ReplicaCore::slots_read_by(const MemberId& member) const {
  std::vector<SpaceSlot*> out;
  const Candidates all = candidates(member);
  for (const auto* list : {&all.open, &all.own}) {
    std::ranges::copy_if(*list, std::back_inserter(out), [&](const SpaceSlot* slot) { return membership_.may_read(member, slot->store.space()); });
  }
  std::ranges::sort(out, {}, [](const SpaceSlot* slot) -> const Space& { return slot->store.space(); });
  return out;
}

SpaceSlot& ReplicaCore::slot_for(const Space& space) {
  if (SpaceSlot* known = slot(space)) return *known;
  const Bytes name = wire::encode(space);
  (db_->query("INSERT INTO spaces(name) VALUES(?)") << ByteView{name}).run();
  return keep_slot(space, db_->last_row());
}

// ---- the commit path

Result<Committed> ReplicaCore::commit(const Edit& edit, const Actor& actor, const Watch& watch) {
  return commit_with(actor, watch, [&](EntryAuthor& author) { return author.write(edit); });
}

Result<Committed> ReplicaCore::commit_ops(const Space& space, std::vector<Op> ops, const Actor& actor) {
  return commit_with(actor, {}, [&](EntryAuthor& author) { return author.write(space, std::move(ops)); });
}

template <class Author>
Result<Committed> ReplicaCore::commit_with(const Actor& actor, const Watch& watch, Author write_entries) {
  if (may_fork_own_log()) {
    if (auto renewed = files_->renew_incarnation(LogReason::restored); !renewed) return renewed.error();
    note_life();
  }
  lost_tails_.clear();
  std::vector<Head> heads;
  auto written = write([&]() -> Result<Committed> {
    EntryAuthor author{*this, actor, watch};
    auto committed = write_entries(author);
    if (committed && !committed->entries.empty()) {
      Bytes hashes;
      for (const EntryHash& hash : committed->entries) hashes.insert(hashes.end(), hash.bytes.begin(), hash.bytes.end());
      (db_->query("INSERT INTO own_commits(entries) VALUES(?)") << ByteView{hashes}).run();
      (db_->query("DELETE FROM own_commits WHERE number <= ?") << db_->last_row() - 100).run();
    }
    if (committed) heads = author.newest_heads();
    return committed;
  });
  if (written && !heads.empty()) files_->note_heads(heads, control_.last_seq());
  return written;
}

bool ReplicaCore::needs_opening_anew() const {
  if (unloaded_) return true;
  bool failed = false;
  sqlite3_file_control(db_->connection(), "main", fcntl_sync_failed, &failed);
  return failed;
}

std::vector<Advance> ReplicaCore::take_advances() { return std::exchange(advances_, {}); }

Result<bool> ReplicaCore::evaluate_anew(SpaceSlot& slot) {
  const Hash before = state_hash(slot);
  bool mended = false;
  auto written = write([&]() -> Result<void> {
    mended = entry_index::count_wrong(*db_, slot) != 0;
    if (mended) entry_index::write_anew(*db_, slot);
    slot.merge.rebuild();
    return {};
  });
  if (!written) return written.error();
  return mended || state_hash(slot) != before;
}

Hash ReplicaCore::state_hash(SpaceSlot& slot) const {
  const SpaceNumber number = slot.store.number();
  std::uint64_t generation = 0;
  {
    auto query = db_->query("SELECT generation, hashed_at, state_hash FROM spaces WHERE id = ?");
    query << number;
    if (query.step()) {
      generation = query.count(0);
      const bool kept = !query.null(1) && query.count(1) == generation && query.blob(2).size() == Hash::size_bytes;
      if (kept) return Hash::from(query.blob(2));
    }
  }
  if (const auto at = hashed_.find(number); at != hashed_.end() && at->second.first == generation) return at->second.second;
  StateHasher hasher;
  auto query = db_->query("SELECT kind, key, state FROM records WHERE space = ? ORDER BY kind, key");
  query << number;
  while (query.step()) {
    if (query.blob(2).empty()) continue;
    const RecordId id{static_cast<std::uint32_t>(query.number(0)), RecordKey::from(query.blob(1))};
    const auto state = decode_record(query.blob(2));
    if (!state) throw SqlFailure{SQLITE_CORRUPT, "record"};
    hasher.add(id, record_digest(id, *state));
  }
  const Hash out = hasher.finish();
  hashed_[number] = {generation, out};
  return out;
}

}  // namespace kiz

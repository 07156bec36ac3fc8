#include "tests/support/memory_replica.h"

#include <algorithm>

#include "protocol/entry_fields.h"

namespace kiz::test {
namespace {
constexpr RecordId one_record{1, {}};
constexpr std::uint32_t text_field = 1;

Hash digest_of(const std::vector<Head>& heads) {
  wire::Writer ar;
  for (Head head : heads) ar(head);
  return crypto::hash("test frontier", ar.bytes());
}
}  // namespace

crypto::SigningKey device_key(std::uint8_t number) { return crypto::SigningKey{Bytes(32, number)}; }

// ---- realm -------------------------------------------------------------------------------------------------------------

TestRealm::TestRealm()
    : root_(std::make_unique<crypto::SigningKey>(Bytes(32, 201))), issuing_(std::make_unique<crypto::SigningKey>(Bytes(32, 202))) {
  const RealmFounded founded{root_->author(), issuing_->author(), certify_issuing_key(*root_, issuing_->author()),
                             "Kreis Borken", borken};
  KIZ_ASSERT(log_.append(make_control_record(nullptr, founded, 1, *root_)));
  add(MemberNamed{borken, "Kreis", MemberRole::kreis});
  for (const auto& town : {ahaus, bocholt, gronau}) add(MemberNamed{town, "Ort", MemberRole::municipality});
}

void TestRealm::add(const ControlBody& body) {
  KIZ_ASSERT(log_.append(make_control_record(&log_.records().back(), body, 1, *issuing_)));
}

void TestRealm::open_epoch(const ControlPosition& last_good) {
  auto fresh = std::make_unique<crypto::SigningKey>(Bytes(32, 203));
  const EpochOpened opened{fresh->author(), certify_issuing_key(*root_, fresh->author()), last_good};
  KIZ_ASSERT(log_.append(make_control_record(&log_.records().back(), opened, 1, *root_)));
  issuing_ = std::move(fresh);
}

void TestRealm::grant(const MemberId& member, std::uint8_t number) {
  DeviceGranted granted;
  granted.author = device_key(number).author();
  granted.member = member;
  granted.rights = rights_of_an_office;
  granted.device = "Gerät";
  add(granted);
}

// ---- replica -----------------------------------------------------------------------------------------------------------

MemoryReplica::MemoryReplica(const TestRealm& realm, MemberId member, std::uint8_t number)
    : key_(device_key(number)), number_(number), member_(std::move(member)) {
  follow(realm);
}

MemoryReplica MemoryReplica::copy() const {
  MemoryReplica out{TestRealm{}, member_, number_};
  out.incarnation_ = incarnation_;
  out.control_ = control_;
  out.membership_ = membership_;
  out.entries_ = entries_;
  out.logs_ = logs_;
  out.remembered_ = remembered_;
  return out;
}

bool MemoryReplica::take_control(const std::vector<Bytes>& records) {
  for (const Bytes& bytes : records) {
    auto record = decode_control_record(bytes);
    if (!record || !control_.append(std::move(*record))) return false;
  }
  read_membership();
  return true;
}

Space MemoryReplica::space(Collection collection, const MemberId& owner) const {
  return {control_.realm(), owner.empty() ? member_ : owner, collection, {}};
}

LogId MemoryReplica::own_log(const Space& space) {
  Genesis genesis;
  genesis.space = space;
  genesis.author = key_.author();
  genesis.incarnation.bytes[0] = incarnation_;
  const LogId id = log_id(genesis);
  logs_.try_emplace(id, Log{genesis, {}});
  return id;
}

Advance MemoryReplica::append(const Space& space, const std::string& text, bool sign) {
  const LogId id = own_log(space);
  auto& branches = logs_.at(id).branches;
  if (branches.empty()) branches.emplace_back();
  auto& path = branches.front();
  EntryBody body;
  body.hlc = Timestamp::of(1'700'000'000'000 + path.size());
  body.control = control_.position();
  body.salt = Salt::from(crypto::hash("test salt", view(text)));
  body.ops = {{one_record, text_field, Mode::replace, {}, {}, Value{text}}};
  const EntryHash before = path.empty() ? EntryHash::from(id) : path.back();
  const Seq seq = path.size() + 1;
  const EntryHash hash = entry_hash(header_of(body, id, seq, before));
  Stored stored{id, seq, before, body, wire::encode(body).size(), {}};
  if (sign) stored.signature = key_.sign(run_label, hash);
  entries_.emplace(hash, std::move(stored));
  Advance out{space, {seq - 1, path.empty() ? EntryHash{} : before}, {id, seq, hash}};
  path.push_back(hash);
  return out;
}

Advance MemoryReplica::write(const Space& space, const std::string& text) { return append(space, text, true); }

void MemoryReplica::write_many(const Space& space, std::size_t count, std::size_t bytes) {
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = std::to_string(i);
    text.resize(std::max(bytes, text.size()), '.');
    append(space, text, (i + 1) % 200 == 0 || i + 1 == count);
  }
}

Result<VerifiedRun> MemoryReplica::check(Run run, ByteView bytes, const AuthorKey& author) const {
  if (checked_by_others == nullptr) return verify_run(std::move(run), author);
  const Hash name = crypto::hash("test checked run", bytes);
  if (const auto known = checked_by_others->find(name); known != checked_by_others->end()) return VerifiedRun{std::move(run), known->second};
  auto verified = verify_run(std::move(run), author);
  if (verified) checked_by_others->emplace(name, verified->hashes);
  return verified;
}

RunReport MemoryReplica::ingest(ByteView bytes, std::vector<Advance>& grown) {
  const auto refused = [](Errc code) { return RunReport{code, true, {}, {}}; };
  auto run = wire::decode<Run>(bytes);
  if (!run) return refused(run.error().code);
  const auto known = logs_.find(run->log);
  if (known == logs_.end() && !run->genesis) return refused(Errc::gap);
  const Genesis genesis = known != logs_.end() ? known->second.genesis : *run->genesis;
  if (!membership_.may_read(member_, genesis.space)) return refused(Errc::not_permitted);
  if (const auto fault = refuses.find(run->log); fault != refuses.end()) return refused(fault->second);
  if (const auto fault = refuses_space.find(genesis.space); fault != refuses_space.end()) return refused(fault->second);
  auto verified = check(std::move(*run), bytes, genesis.author);
  if (!verified) return refused(verified.error().code);
  const Run& good = verified->run;

  Log& log = logs_.try_emplace(good.log, Log{genesis, {}}).first->second;
  if (log.branches.empty()) log.branches.emplace_back();
  const std::size_t start = good.first_seq - 1;
  const auto fits = [&](const auto& path) {
    return start == 0 || (path.size() >= start && path[start - 1] == good.before);
  };
  // The branch that shares most with the run.
  std::vector<EntryHash>* best = nullptr;
  std::size_t best_shared = 0;
  for (auto& path : log.branches) {
    if (!fits(path)) continue;
    std::size_t shared = 0;
    while (shared < verified->hashes.size() && start + shared < path.size() && path[start + shared] == verified->hashes[shared]) ++shared;
    if (best == nullptr || shared > best_shared) { best = &path; best_shared = shared; }
  }
  if (best == nullptr) return refused(Errc::gap);
  const Head last{good.log, good.last_seq(), verified->hashes.back()};
  if (best_shared == verified->hashes.size()) {
    entries_.at(last.entry).signature = good.signature;
    return {Errc::ok, true, genesis.space, last};
  }
  if (start + best_shared < best->size()) {  // a second branch
    if (log.branches.size() >= log_branches.value_or(limits::log_branches_max)) return refused(Errc::over_limit);
    std::vector<EntryHash> shared{best->begin(), best->begin() + static_cast<std::ptrdiff_t>(start + best_shared)};
    best = &log.branches.emplace_back(std::move(shared));
  }
  const Point after{best->size(), best->empty() ? EntryHash{} : best->back()};
  for (std::size_t i = best_shared; i < good.entries.size(); ++i) {
    const EntryHash before = i == 0 ? good.before : verified->hashes[i - 1];
    const auto& body = good.entries[i];
    entries_.emplace(verified->hashes[i], Stored{good.log, good.first_seq + i, before, body, wire::encode(body).size(), {}});
    best->push_back(verified->hashes[i]);
  }
  entries_.at(last.entry).signature = good.signature;
  grown.push_back({genesis.space, after, last});
  return {Errc::ok, true, genesis.space, last};
}

std::vector<Head> MemoryReplica::heads(const Space& space) const {
  std::vector<Head> out;
  for (const auto& [id, log] : logs_) {
    if (log.genesis.space != space) continue;
    for (const auto& path : log.branches) {
      if (!path.empty()) out.push_back({id, path.size(), path.back()});
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Space> MemoryReplica::spaces() const {
  std::vector<Space> out;
  for (const auto& [id, log] : logs_) {
    if (!log.branches.empty() && !log.branches.front().empty()) out.push_back(log.genesis.space);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string> MemoryReplica::texts(const Space& space) const {
  std::vector<std::string> out;
  for (const auto& [hash, stored] : entries_) {
    if (logs_.at(stored.log).genesis.space == space) out.push_back(*as_text(*stored.body.ops.front().value));
  }
  std::sort(out.begin(), out.end());
  return out;
}

const std::vector<EntryHash>* MemoryReplica::branch_to(const LogId& log, const EntryHash& tip) const {
  const auto entry = entries_.find(tip);
  if (entry == entries_.end() || entry->second.log != log) return nullptr;
  for (const auto& path : logs_.at(log).branches) {
    if (path.size() >= entry->second.seq && path[entry->second.seq - 1] == tip) return &path;
  }
  return nullptr;
}

std::optional<EntryHash> MemoryReplica::hash_at(const LogId& log, Seq seq, const EntryHash& tip) const {
  const auto* path = branch_to(log, tip);
  if (path == nullptr || seq == 0 || seq > entries_.at(tip).seq) return {};
  return (*path)[seq - 1];
}

void MemoryReplica::remember(const AuthorKey& peer, const Head& head) {
  auto& known = remembered_[peer][head.log];
  std::erase_if(known, [&](const Head& old) { return hash_at(head.log, old.seq, head.entry) == old.entry; });
  const bool covered = std::any_of(known.begin(), known.end(),
                                   [&](const Head& old) { return hash_at(head.log, head.seq, old.entry) == head.entry; });
  if (!covered) known.push_back(head);
}

void MemoryReplica::remember_all(const AuthorKey& peer, const std::vector<Space>& shared) {
  remembered_[peer];
  for (const Space& space : shared) {
    for (const Head& head : heads(space)) remember(peer, head);
  }
}

void MemoryReplica::remember_space(const AuthorKey& peer, const Space& space, const std::vector<Head>& heads_now) {
  auto& logs = remembered_[peer];
  std::erase_if(logs, [&](const auto& item) {
    const auto log = logs_.find(item.first);
    return log != logs_.end() && log->second.genesis.space == space;
  });
  for (const Head& head : heads_now) {
    if (entries_.contains(head.entry)) logs[head.log].push_back(head);
  }
}

// ---- source ------------------------------------------------------------------------------------------------------------

MemorySource::MemorySource(const MemoryReplica& replica, MemberId peer_member, const AuthorKey& peer)
    : replica_(replica), peer_member_(std::move(peer_member)), peer_(peer) {}

RealmId MemorySource::realm() const { return replica_.control_.realm(); }
ControlPosition MemorySource::control_position() const { return replica_.control_.position(); }

std::optional<ControlPosition> MemorySource::control_at(Seq seq) const {
  if (seq == 0 || seq > replica_.control_.last_seq()) return {};
  return position_of(replica_.control_.records()[seq - 1]);
}

std::vector<Bytes> MemorySource::control_records(Seq first, std::size_t bytes_max) const {
  std::vector<Bytes> out;
  std::size_t sum = 0;
  for (Seq seq = first; seq >= 1 && seq <= replica_.control_.last_seq(); ++seq) {
    Bytes bytes = encode_control_record(replica_.control_.records()[seq - 1]);
    sum += bytes.size();
    if (!out.empty() && sum > bytes_max) break;
    out.push_back(std::move(bytes));
  }
  return out;
}

Seq MemorySource::first_after_epoch(std::uint64_t epoch) const {
  for (const auto& record : replica_.control_.records()) {
    if (record.epoch > epoch) return record.seq;
  }
  return 0;
}

std::vector<SpaceDigest> MemorySource::shared_spaces() const {
  std::vector<SpaceDigest> out;
  for (const Space& space : replica_.spaces()) {
    if (is_shared(space)) out.push_back({space, digest_of(replica_.heads(space))});
  }
  return out;
}

bool MemorySource::is_shared(const Space& space) const {
  return replica_.membership_.may_read(replica_.member_, space) && replica_.membership_.may_read(peer_member_, space);
}

std::vector<Head> MemorySource::heads(const Space& space) const {
  heads_asked.push_back(space);
  return replica_.heads(space);
}

std::optional<EntryHash> MemorySource::hash_at(const LogId& log, Seq seq, const EntryHash& tip) const {
  return replica_.hash_at(log, seq, tip);
}

Result<RunPiece> MemorySource::read_run(const LogId& id, const Point& after, const EntryHash& tip, std::size_t bytes_max) const {
  const auto log = replica_.logs_.find(id);
  if (log == replica_.logs_.end()) return Errc::unknown_log;
  if (replica_.unreadable == log->second.genesis.space) return Errc::damaged;
  const auto* path = replica_.branch_to(id, tip);
  if (path == nullptr) return Errc::unknown_log;
  const Seq tip_seq = replica_.entries_.at(tip).seq;
  if (after.seq >= tip_seq || (after.seq > 0 && (*path)[after.seq - 1] != after.entry)) return Errc::broken_chain;

  constexpr std::size_t frame_bytes = 400;  // log, genesis, signature
  std::size_t bytes = frame_bytes;
  std::size_t count = 0;
  for (std::size_t n = 1; n <= limits::run_entries_max && after.seq + n <= tip_seq; ++n) {
    const auto& stored = replica_.entries_.at((*path)[after.seq + n - 1]);
    bytes += stored.bytes;
    if (bytes > limits::run_bytes_max || (bytes > bytes_max && count > 0)) break;
    if (stored.signature) count = n;
  }
  if (count == 0) return Errc::damaged;
  Run run;
  run.log = id;
  run.first_seq = after.seq + 1;
  if (after.seq == 0) run.genesis = log->second.genesis;
  run.before = after.seq == 0 ? EntryHash::from(id) : after.entry;
  for (std::size_t n = 0; n < count; ++n) run.entries.push_back(replica_.entries_.at((*path)[after.seq + n]).body);
  const EntryHash last = (*path)[after.seq + count - 1];
  run.signature = *replica_.entries_.at(last).signature;
  return RunPiece{encode_run(run), {id, run.last_seq(), last}};
}

std::optional<std::vector<Advance>> MemorySource::unacknowledged() const {
  const auto remembered = replica_.remembered_.find(peer_);
  if (remembered == replica_.remembered_.end()) return {};
  std::vector<Advance> out;
  for (const Space& space : replica_.spaces()) {
    if (!is_shared(space)) continue;
    for (const Head& head : replica_.heads(space)) {
      Point after;
      bool held = false;
      if (const auto known = remembered->second.find(head.log); known != remembered->second.end()) {
        for (const Head& old : known->second) {
          held = held || hash_at(head.log, head.seq, old.entry) == head.entry;
          if (old.seq > after.seq && hash_at(head.log, old.seq, head.entry) == old.entry) after = Point::of(old);
        }
      }
      if (!held) out.push_back({space, after, head});
    }
  }
  return out;
}

std::vector<SignedHead> MemorySource::peer_device_heads() const {
  std::vector<SignedHead> out;
  for (const auto& [id, log] : replica_.logs_) {
    if (log.genesis.author != peer_ || !is_shared(log.genesis.space)) continue;
    for (const auto& path : log.branches) {
      if (!path.empty()) out.push_back({{id, path.size(), path.back()}, *replica_.entries_.at(path.back()).signature});
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Head> MemorySource::own_heads() const {
  std::vector<Head> out;
  for (const auto& [id, log] : replica_.logs_) {
    if (log.genesis.author != replica_.author() || !is_shared(log.genesis.space)) continue;
    for (const auto& path : log.branches) {
      if (!path.empty()) out.push_back({id, path.size(), path.back()});
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Head> MemorySource::own_heads_acknowledged() const {
  std::vector<Head> out;
  const auto remembered = replica_.remembered_.find(peer_);
  if (remembered == replica_.remembered_.end()) return out;
  for (const auto& [id, heads] : remembered->second) {
    const auto log = replica_.logs_.find(id);
    if (log == replica_.logs_.end() || log->second.genesis.author != replica_.author()) continue;
    if (is_shared(log->second.genesis.space)) out.insert(out.end(), heads.begin(), heads.end());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace kiz::test

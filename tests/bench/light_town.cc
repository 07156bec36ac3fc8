#include "tests/bench/light_town.h"

#include <algorithm>
#include <stdexcept>

#include "protocol/entry_fields.h"
#include "protocol/frontier.h"
#include "protocol/limits.h"
#include "protocol/noise_suite.h"

namespace kiz::bench {
namespace {

SecretKey32 drawn(const char* label, std::uint32_t seed, std::size_t number) {
  const std::string name = std::to_string(seed) + "/" + std::to_string(number);
  return SecretKey32{crypto::hash(label, view(name)).bytes};
}

}  // namespace

TownKeys::TownKeys(std::uint32_t seed, std::size_t number)
    : author(drawn("bench author", seed, number).view()), transport(drawn("bench transport", seed, number)) {}

DeviceKeys TownKeys::open() const { return {author.author(), noise::public_key(transport)}; }

// ---- what all have in common -------------------------------------------------------------------------------------------

CommonGround::CommonGround(const std::vector<Bytes>& records, const TransportKey& node) {
  for (const Bytes& bytes : records) {
    auto record = decode_control_record(bytes);
    if (!record || !control_.append(std::move(*record))) throw std::runtime_error{"the control log does not hold"};
  }
  membership_ = Membership{control_};
  node_ = membership_.device(node);
  if (node_ == nullptr) throw std::runtime_error{"the node is no member"};
}

const HeldRun* CommonGround::check(ByteView run) {
  const Hash name = crypto::hash("bench run", run);
  if (const auto known = by_bytes_.find(name); known != by_bytes_.end()) return known->second;
  const auto head = read_run_head(run);
  if (!head) return nullptr;
  const auto begun = geneses_.find(head->log);
  if (!head->genesis && begun == geneses_.end()) return nullptr;
  const Genesis genesis = head->genesis ? *head->genesis : begun->second;
  auto verified = decode_run(run, genesis.author);
  if (!verified) return nullptr;
  const HeldRun& held = keep({verified->run.log, genesis, verified->run.first_seq, verified->run.before, std::move(verified->hashes),
                              verified->run.signature});
  by_bytes_.emplace(name, &held);
  return &held;
}

const HeldRun& CommonGround::keep(HeldRun run) {
  geneses_.emplace(run.log, run.genesis);
  for (std::size_t i = 0; i < run.hashes.size(); ++i) places_.emplace(run.hashes[i], Place{run.log, run.first + i});
  return *runs_.emplace_back(std::make_unique<HeldRun>(std::move(run)));
}

const CommonGround::Place* CommonGround::place_of(const EntryHash& entry) const {
  const auto at = places_.find(entry);
  return at == places_.end() ? nullptr : &at->second;
}

// ---- one town ----------------------------------------------------------------------------------------------------------

LightTown::LightTown(CommonGround& common, MemberId member, TownKeys keys)
    : common_(common), member_(std::move(member)), keys_(std::move(keys)) {}

const EntryHash& LightTown::Log::at(Seq seq) const {
  const auto behind = std::upper_bound(runs.begin(), runs.end(), seq, [](Seq wanted, const HeldRun* run) { return wanted < run->first; });
  const HeldRun& run = **std::prev(behind);
  return run.hashes.at(seq - run.first);
}

void LightTown::edit(const Space& space, std::vector<Op> ops) {
  const Genesis genesis{space, keys_.author.author(), {}, {}, {}};
  const LogId id = log_id(genesis);
  Log& log = logs_.try_emplace(id, Log{genesis, {}, {}}).first->second;
  const Seq seq = log.bodies.size() + 1;
  const EntryHash before = seq == 1 ? EntryHash::from(id) : log.head().entry;
  EntryBody body;
  body.hlc = Timestamp::of(1'700'000'000'000 + seq);
  body.control = control_position();
  body.salt = Salt::from(crypto::hash("bench salt", before));
  body.ops = std::move(ops);
  const EntryHash hash = entry_hash(header_of(body, id, seq, before));
  log.runs.push_back(&common_.keep({id, genesis, seq, before, {hash}, keys_.author.sign(run_label, hash)}));
  log.bodies.push_back(std::move(body));
}

Seq LightTown::offers_of_node() const {
  for (const auto& [id, log] : logs_) {
    const bool is_it = log.genesis.author == common_.node().author && log.genesis.space.collection == Collection::offers;
    if (is_it) return log.head().seq;
  }
  return 0;
}

RunReport LightTown::take(ByteView bytes) {
  const HeldRun* run = common_.check(bytes);
  if (run == nullptr) return {Errc::bad_signature, false, {}, {}};
  const Space& space = run->genesis.space;
  if (!is_shared(space)) return {Errc::not_permitted, false, space, {}};
  Log& log = logs_.try_emplace(run->log, Log{run->genesis, {}, {}}).first->second;
  const Seq held = log.runs.empty() ? 0 : log.head().seq;
  if (run->last() <= held) return {Errc::ok, true, space, {run->log, run->last(), run->hashes.back()}};
  const EntryHash before = run->first == 1 ? EntryHash::from(run->log) : run->first - 1 <= held ? log.at(run->first - 1) : EntryHash{};
  if (run->before != before) {
    if (log.runs.empty()) logs_.erase(run->log);
    return {Errc::gap, false, space, {}};
  }
  while (!log.runs.empty() && log.runs.back()->first >= run->first) log.runs.pop_back();
  log.runs.push_back(run);
  return {Errc::ok, true, space, log.head()};
}

void LightTown::remember(const SyncEvent& event) {
  if (const auto* acknowledged = std::get_if<Acknowledged>(&event)) acknowledged_[acknowledged->head.log] = acknowledged->head;
  if (!std::holds_alternative<PeerHoldsAll>(event)) return;
  has_met_ = true;
  for (const Head& head : own_heads()) acknowledged_[head.log] = head;
}

// ---- what the session asks ---------------------------------------------------------------------------------------------

RealmId LightTown::realm() const { return common_.control().realm(); }
ControlPosition LightTown::control_position() const { return common_.control().position(); }

std::optional<ControlPosition> LightTown::control_at(Seq seq) const {
  const ControlLog& control = common_.control();
  if (seq == 0 || seq > control.last_seq()) return std::nullopt;
  return ControlPosition{control.records()[seq - 1].epoch, seq, control.hashes()[seq - 1]};
}

bool LightTown::is_shared(const Space& space) const {
  return common_.membership().may_read(member_, space) && common_.membership().may_read(common_.node().member, space);
}

std::vector<Head> LightTown::heads(const Space& space) const {
  std::vector<Head> out;
  for (const auto& [id, log] : logs_) {
    if (log.genesis.space == space) out.push_back(log.head());
  }
  return out;
}

std::vector<SpaceDigest> LightTown::shared_spaces() const {
  std::map<Space, Frontier> held;
  for (const auto& [id, log] : logs_) held[log.genesis.space].heads.push_back(log.head());
  std::vector<SpaceDigest> out;
  for (const auto& [space, frontier] : held) out.push_back({space, frontier.digest()});
  return out;
}

std::optional<EntryHash> LightTown::hash_at(const LogId& id, Seq seq, const EntryHash& tip) const {
  const auto* place = common_.place_of(tip);
  const auto log = logs_.find(id);
  const bool held = place != nullptr && place->log == id && log != logs_.end() && place->seq <= log->second.head().seq;
  if (!held || seq == 0 || seq > place->seq) return std::nullopt;
  return log->second.at(seq);
}

Result<RunPiece> LightTown::read_run(const LogId& id, const Point& after, const EntryHash&, std::size_t bytes_max) const {
  const auto log = logs_.find(id);
  if (log == logs_.end() || log->second.bodies.size() <= after.seq) return Error{Errc::unknown_log, "run"};
  const auto& bodies = log->second.bodies;
  Run run;
  run.log = id;
  if (after.seq == 0) run.genesis = log->second.genesis;
  run.first_seq = after.seq + 1;
  run.before = after.seq == 0 ? EntryHash::from(id) : after.entry;
  std::size_t bytes = 0;
  for (Seq seq = run.first_seq; seq <= bodies.size() && run.entries.size() < limits::run_entries_max; ++seq) {
    bytes += wire::encode(bodies[seq - 1]).size();
    if (bytes > bytes_max && !run.entries.empty()) break;
    run.entries.push_back(bodies[seq - 1]);
  }
  run.signature = log->second.runs[run.last_seq() - 1]->signature;
  return RunPiece{encode_run(run), {id, run.last_seq(), log->second.at(run.last_seq())}};
}

std::optional<std::vector<Advance>> LightTown::unacknowledged() const {
  if (!has_met_) return std::nullopt;
  std::vector<Advance> out;
  for (const Head& head : own_heads()) {
    const auto known = acknowledged_.find(head.log);
    const Point after = known == acknowledged_.end() ? Point{} : Point::of(known->second);
    if (after.seq < head.seq) out.push_back({logs_.at(head.log).genesis.space, after, head});
  }
  return out;
}

std::vector<SignedHead> LightTown::peer_device_heads() const {
  std::vector<SignedHead> out;
  for (const auto& [id, log] : logs_) {
    if (log.genesis.author == common_.node().author) out.push_back({log.head(), log.runs.back()->signature});
  }
  return out;
}

std::vector<Head> LightTown::own_heads() const {
  std::vector<Head> out;
  for (const auto& [id, log] : logs_) {
    if (log.genesis.author == keys_.author.author()) out.push_back(log.head());
  }
  return out;
}

std::vector<Head> LightTown::own_heads_acknowledged() const {
  std::vector<Head> out;
  for (const Head& head : own_heads()) {
    if (const auto at = acknowledged_.find(head.log); at != acknowledged_.end()) out.push_back(at->second);
  }
  return out;
}

}  // namespace kiz::bench

#include "libclient/checkpoints.h"

#include <algorithm>
#include <map>

#include "libclient/erasure.h"
#include "protocol/checkpoint_fields.h"
#include "protocol/checkpoint_world.h"
#include "protocol/entry_fields.h"
#include "protocol/frontier.h"
#include "protocol/mutants.h"

namespace kiz::checkpoints {
namespace {

constexpr char planned_prefix[] = "checkpoint_planned/";
constexpr char signed_prefix[] = "checkpoint_signed/";  // one for each space: the newest claim replaces the one before
constexpr char pruned_prefix[] = "pruned/";
constexpr char refused_prefix[] = "pruning_refused/";
constexpr std::size_t entries_at_once = 2000;  // dropped in one transaction

std::string space_key(const Space& space) { return space.owner + "/" + std::to_string(static_cast<unsigned>(space.collection)) + "/" + space.counterpart; }

bool is_kreis(const ReplicaCore& core) {
  const Device* own = core.own_device();
  return own != nullptr && core.files().issuing_key() != nullptr && own->member == core.membership().authority();
}

const AuthorKey& author_of(const SpaceSlot& slot, const LogId& log) { return slot.store.log(slot.store.find_log(log)).author; }

/// What holds at a claim, by the control records up to `upto`.
struct Evaluated {
  Hash state;
  std::vector<OpsOfEntry> superseded;
};
Result<Evaluated> evaluate(const ReplicaCore& core, const CheckpointClaim& claim, Seq upto, bool with_ops) {
  const SpaceSlot* slot = core.slot(claim.space);
  if (slot == nullptr) return Error{Errc::gap, "checkpoint"};
  const ControlLog then = core.control().until(upto);
  const ControlIndex index{then};
  const SpaceRulings rulings{index, claim.space};
  CheckpointWorld world{rulings, slot->fields};
  if (auto filled = world.fill(slot->store, claim.heads, [&](EntryRef ref) { return slot->store.body(ref); }); !filled) return filled.error();
  Evaluated out{world.state(), {}};
  if (with_ops) out.superseded = world.superseded(claim.space);
  return out;
}

bool holds(const SpaceSlot& slot, const CheckpointClaim& claim) {
  return std::all_of(claim.heads.begin(), claim.heads.end(), [&](const CheckpointHead& named) { return slot.store.find(named.head.entry) != 0; });
}

/// A head that a cut has taken out since can be no checkpoint any more.
bool counts(const SpaceSlot& slot, const CheckpointClaim& claim) {
  return std::all_of(claim.heads.begin(), claim.heads.end(), [&](const CheckpointHead& named) { return bool{slot.merge.history().held(named.head.entry)}; });
}

/// The space's heads as they may become a checkpoint; none where they may not.
std::vector<CheckpointHead> heads_to_keep(const ReplicaCore& core, const SpaceSlot& slot) {
  std::vector<CheckpointHead> out;
  for (const Head& head : frontier_of(slot.merge.history(), Reach::applied).heads) {
    if (!out.empty() && out.back().head.log == head.log) return {};  // a fork that nobody has decided yet
    out.push_back({head, author_of(slot, head.log)});
  }
  if (out.size() > limits::checkpoint_heads_max) return {};
  auto query = core.db().query("SELECT 1 FROM listings l WHERE l.space = ? AND NOT EXISTS(SELECT 1 FROM entries e WHERE e.hash = l.entry) LIMIT 1");
  query << slot.store.number();
  return query.step() ? std::vector<CheckpointHead>{} : out;
}

struct Record {
  const Checkpoint* checkpoint = nullptr;
  Seq seq = 0;
  std::uint64_t time_ms = 0;
};
std::map<Space, std::vector<Record>> records_of(const ControlLog& control) {
  std::map<Space, std::vector<Record>> out;
  for (std::size_t i = 0; i < control.bodies().size(); ++i) {
    if (const auto* made = std::get_if<Checkpoint>(&control.bodies()[i])) {
      out[made->claim.space].push_back({made, i + 1, control.records()[i].time_ms});
    }
  }
  return out;
}

bool is_fact(const ReplicaCore& core, const std::string& name, const Hash& wanted) {
  const auto held = core.fact(name);
  return held && std::equal(held->begin(), held->end(), wanted.bytes.begin(), wanted.bytes.end());
}

std::uint64_t entries_in(const std::vector<CheckpointHead>& heads) {
  std::uint64_t out = 0;
  for (const CheckpointHead& named : heads) out += named.head.seq;
  return out;
}

std::vector<std::pair<std::string, CheckpointClaim>> planned(const ReplicaCore& core) {
  std::vector<std::pair<std::string, CheckpointClaim>> out;
  for (const auto& [name, bytes] : core.facts(planned_prefix)) {
    if (auto claim = wire::decode<CheckpointClaim>(bytes)) out.emplace_back(name, std::move(*claim));
  }
  return out;
}

/// True if the peer's device has said that it holds this head, or one behind it.
bool acknowledged(const SpaceSlot& slot, const PeerMemory::Marks* marks, const Head& head) {
  const LogRef ref = slot.store.find_log(head.log);
  const EntryRef held = slot.store.find(head.entry);
  if (marks == nullptr || ref == 0 || held == 0) return false;
  const auto mark = marks->find({slot.store.number(), ref});
  const EntryRef told = mark == marks->end() ? 0 : slot.store.find(mark->second.entry);
  return told != 0 && slot.merge.history().is_ancestor(slot.store.meta(held).place, slot.store.meta(told).place);
}

std::vector<AuthorKey> open_devices(const ReplicaCore& core, const SpaceSlot& slot, const CheckpointClaim& claim) {
  std::vector<AuthorKey> out;
  for (const Device& device : core.membership().devices()) {
    const bool active = !device.revoked && device.admitted_until_ms >= core.now_ms() && device.author != core.files().author();
    if (!active || !core.membership().may_read(device.member, claim.space)) continue;
    const auto* marks = core.peers().of(device.transport);
    const bool has_all = std::all_of(claim.heads.begin(), claim.heads.end(), [&](const CheckpointHead& named) { return acknowledged(slot, marks, named.head); });
    if (!has_all) out.push_back(device.author);
  }
  return out;
}

/// Values of these ops go, but of those that live. True if the body has changed and, where it was whole, got shorter.
bool drop_from(const SpaceSlot& slot, const EntryHash& hash, std::vector<std::uint32_t> ops, EntryBody& body) {
  std::erase_if(ops, [&](std::uint32_t i) {
    if (i >= body.ops.size() || !body.ops[i].value) return true;
    const RecordState state = slot.store.load(body.ops[i].record);
    return std::any_of(state.cells.begin(), state.cells.end(), [&](const Cell& cell) {
      return cell.field != field_existence && cell.op == i && state.entries[cell.entry].hash == hash;
    });
  });
  if (ops.empty()) return false;
  if (KIZ_MUTANT(prune_living)) {
    ops.clear();
    for (std::uint32_t i = 0; i < body.ops.size(); ++i) ops.push_back(i);
  }
  const bool was_whole = body.salt.has_value();
  const std::size_t before = was_whole ? wire::encode(body).size() : 0;
  drop_values(body, ops);
  if (KIZ_MUTANT(prune_structure)) body.ops.erase(body.ops.begin() + ops.front());
  return !was_whole || wire::encode(body).size() < before;
}

Result<std::uint64_t> drop(ReplicaCore& core, SpaceSlot& slot, const std::vector<OpsOfEntry>& superseded) {
  std::uint64_t dropped = 0;
  for (std::size_t from = 0; from < superseded.size(); from += entries_at_once) {
    auto done = core.write([&]() -> Result<std::uint64_t> {
      std::uint64_t values = 0;
      const std::size_t end = std::min(superseded.size(), from + entries_at_once);
      for (std::size_t at = from; at < end; ++at) {
        const auto& [hash, ops] = superseded[at];
        const EntryRef ref = slot.store.find(hash);
        EntryBody body = slot.store.body(ref);
        const auto held = [](const EntryBody& of) { return std::count_if(of.ops.begin(), of.ops.end(), [](const Op& op) { return op.value.has_value(); }); };
        const auto before = held(body);
        if (!drop_from(slot, hash, ops, body)) continue;
        values += static_cast<std::uint64_t>(before - held(body));
        slot.store.put_values(ref, body);
      }
      return values;
    });
    if (!done) return done.error();
    dropped += *done;
  }
  return dropped;
}

}  // namespace

// ---- the Kreis

Result<std::size_t> plan(ReplicaCore& core, const Rule& rule) {
  if (!is_kreis(core)) return Error{Errc::not_permitted, "issuing key"};
  const auto records = records_of(core.control());
  std::vector<std::pair<std::string, CheckpointClaim>> fresh;
  for (const SpaceSlot* slot : core.slots()) {
    const Space& space = slot->store.space();
    const std::string name = planned_prefix + space_key(space);
    if (!may_be_pruned(space)) continue;
    if (const auto kept = core.fact(name)) {
      const auto claim = wire::decode<CheckpointClaim>(*kept);
      if (claim && counts(*slot, *claim)) continue;
    }
    const auto earlier = records.find(space);
    if (earlier != records.end() && earlier->second.back().time_ms + rule.every_ms > core.now_ms()) continue;
    const auto heads = heads_to_keep(core, *slot);
    const std::uint64_t known = earlier == records.end() ? 0 : entries_in(earlier->second.back().checkpoint->claim.heads);
    if (heads.empty() || entries_in(heads) < known + rule.entries_min) continue;
    fresh.emplace_back(name, CheckpointClaim{space, checkpoint_schema, {}, heads});
  }
  if (fresh.empty()) return std::size_t{0};
  return core.write([&]() -> Result<std::size_t> {
    for (const auto& [name, claim] : fresh) core.put_fact(name, wire::encode(claim));
    return fresh.size();
  });
}

std::vector<Waiting> waiting(const ReplicaCore& core) {
  std::vector<Waiting> out;
  for (auto& [name, claim] : planned(core)) {
    const SpaceSlot* slot = core.slot(claim.space);
    if (slot == nullptr) continue;
    auto open = open_devices(core, *slot, claim);
    out.push_back({std::move(claim), std::move(open)});
  }
  return out;
}

std::vector<CheckpointClaim> due(const ReplicaCore& core, const MemberId& member) {
  std::vector<CheckpointClaim> out;
  if (!is_kreis(core)) return out;
  for (Waiting& one : waiting(core)) {
    if (one.claim.space.owner != member || !one.open.empty() || !counts(*core.slot(one.claim.space), one.claim)) continue;
    const auto here = evaluate(core, one.claim, core.control().last_seq(), false);
    if (!here) continue;
    one.claim.state = here->state;
    out.push_back(std::move(one.claim));
  }
  return out;
}

std::optional<Checkpoint> sign(const ReplicaCore& core, const CheckpointClaim& claim) {
  const Device* own = core.own_device();
  const bool ours = own != nullptr && !own->revoked && own->member == claim.space.owner && (own->rights & rights_of_an_office) != 0;
  const SpaceSlot* slot = ours && claim.schema == checkpoint_schema && check_claim(claim) ? core.slot(claim.space) : nullptr;
  if (slot == nullptr || !holds(*slot, claim)) return std::nullopt;
  const auto here = evaluate(core, claim, core.control().last_seq(), false);
  if (!here || here->state != claim.state) return std::nullopt;
  Checkpoint out{claim, core.files().author(), {}};
  out.signature = core.files().signing().sign(checkpoint_label, checkpoint_hash(claim));
  return out;
}

Result<ControlPosition> countersign(ReplicaCore& core, const Checkpoint& checkpoint) {
  if (!is_kreis(core)) return Error{Errc::not_permitted, "issuing key"};
  const std::string name = planned_prefix + space_key(checkpoint.claim.space);
  const auto kept = core.fact(name);
  const auto claim = kept ? wire::decode<CheckpointClaim>(*kept) : Result<CheckpointClaim>{Errc::not_found};
  if (!claim || claim->space != checkpoint.claim.space || claim->heads != checkpoint.claim.heads) return Error{Errc::not_found, "checkpoint"};
  const SpaceSlot* slot = core.slot(claim->space);
  if (slot == nullptr || !counts(*slot, *claim) || !open_devices(core, *slot, *claim).empty()) return Error{Errc::not_found, "checkpoint"};
  const auto here = evaluate(core, *claim, core.control().last_seq(), false);
  if (!here) return here.error();
  if (here->state != checkpoint.claim.state) return Error{Errc::conflict_open, "checkpoint"};
  auto issued = core.issue(checkpoint);
  if (!issued) return issued;
  auto forgotten = core.write([&]() -> Result<void> {
    core.drop_fact(name);
    return {};
  });
  if (!forgotten) return forgotten.error();
  return issued;
}

Result<std::size_t> issue_own(ReplicaCore& core) {
  std::size_t out = 0;
  for (const CheckpointClaim& claim : due(core, core.membership().authority())) {
    const auto made = sign(core, claim);
    if (!made) continue;
    if (auto issued = countersign(core, *made); !issued) return issued.error();
    ++out;
  }
  return out;
}

// ---- by bundles

Result<void> keep_signed(ReplicaCore& core, const CheckpointClaim& claim) {
  const auto made = sign(core, claim);
  if (!made) return {};
  return core.write([&]() -> Result<void> {
    core.put_fact(signed_prefix + space_key(claim.space), wire::encode(*made));
    return {};
  });
}

std::vector<Checkpoint> kept_signed(const ReplicaCore& core) {
  const auto records = records_of(core.control());
  std::vector<Checkpoint> out;
  for (const auto& [name, bytes] : core.facts(signed_prefix)) {
    auto made = wire::decode<Checkpoint>(bytes);
    if (!made) continue;
    const auto issued = records.find(made->claim.space);
    const bool there = issued != records.end() && std::any_of(issued->second.begin(), issued->second.end(), [&](const Record& record) {
      return record.checkpoint->claim == made->claim;
    });
    if (!there) out.push_back(std::move(*made));
  }
  return out;
}

// ---- everybody

Result<Done> carry_out(ReplicaCore& core) {
  Done out;
  try {
    for (const auto& [space, records] : records_of(core.control())) {
      SpaceSlot* slot = core.slot(space);
      if (slot == nullptr) continue;
      const std::string pruned = pruned_prefix + space_key(space), refused = refused_prefix + space_key(space);
      for (auto at = records.rbegin(); at != records.rend(); ++at) {
        const CheckpointClaim& claim = at->checkpoint->claim;
        const Hash name = checkpoint_hash(claim);
        if (is_fact(core, pruned, name)) break;  // by this one, and so by all before it
        if (is_fact(core, refused, name) || !holds(*slot, claim)) continue;
        const auto here = evaluate(core, claim, at->seq - 1, true);
        const bool same = here && claim.schema == checkpoint_schema && here->state == claim.state;
        if (same) {
          auto dropped = drop(core, *slot, here->superseded);
          if (!dropped) return dropped.error();
          out.values += *dropped;
          ++out.spaces;
        } else {
          ++out.refused;
        }
        auto noted = core.write([&]() -> Result<void> {
          core.put_fact(same ? pruned : refused, name);
          if (same) core.drop_fact(refused);
          return {};
        });
        if (!noted) return noted.error();
        if (same) break;
      }
    }
    if (out.values > 0) erasure::wipe_files(core);
  } catch (const SqlFailure& failure) {
    return failure.error();
  }
  return out;
}

const char* name(Standing standing) {
  switch (standing) {
    case Standing::done: return "done";
    case Standing::incomplete: return "incomplete";
    case Standing::open: return "open";
    case Standing::refused: return "refused";
  }
  return "open";
}

std::vector<Known> known(const ReplicaCore& core) {
  std::vector<Known> out;
  for (const auto& [space, records] : records_of(core.control())) {
    const SpaceSlot* slot = core.slot(space);
    if (slot == nullptr) continue;
    const CheckpointClaim& claim = records.back().checkpoint->claim;
    const Hash hash = checkpoint_hash(claim);
    const Standing standing = is_fact(core, pruned_prefix + space_key(space), hash)    ? Standing::done
                              : is_fact(core, refused_prefix + space_key(space), hash) ? Standing::refused
                              : holds(*slot, claim)                                    ? Standing::open
                                                                                       : Standing::incomplete;
    out.push_back({claim, records.back().seq, records.back().time_ms, standing});
  }
  return out;
}

bool leaves_checkpoint(const ReplicaCore& core, const SpaceSlot& slot, const Head& head) {
  const EntryRef ref = slot.store.find(head.entry);
  for (const ControlBody& body : core.control().bodies()) {
    const auto* made = std::get_if<Checkpoint>(&body);
    if (made == nullptr) continue;
    for (const CheckpointHead& named : made->claim.heads) {
      if (named.head.log != head.log) continue;
      const EntryRef counted = slot.store.find(named.head.entry);
      const bool descends = ref != 0 && counted != 0 && slot.merge.history().is_ancestor(slot.store.meta(counted).place, slot.store.meta(ref).place);
      if (!descends) return true;
    }
  }
  return false;
}

}  // namespace kiz::checkpoints

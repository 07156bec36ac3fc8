#include "libclient/peer_source.h"

#include <algorithm>

#include "libclient/older_state.h"
#include "libclient/omission.h"
#include "libclient/receipts.h"
#include "libclient/store_repair.h"
#include "protocol/entry_fields.h"
#include "protocol/frontier.h"
#include "protocol/limits.h"
#include "protocol/mutants.h"

namespace kiz {
namespace {

constexpr std::size_t run_kept_bytes_max = 64u << 10;  // a large one is read for one peer that catches up
constexpr std::size_t run_frame_bytes = 512;  // what stands around the bodies of a run, genesis included

/// The newest entries of each branch of this author's logs, of whatever state.
std::vector<Head> tips_of(const SpaceSlot& slot, const AuthorKey& author) {
  std::vector<Head> out;
  for (LogRef ref = 1; ref <= slot.store.log_count(); ++ref) {
    const LogInfo& info = slot.store.log(ref);
    if (info.author != author) continue;
    for (BranchNo branch = 0; branch < info.branches.size(); ++branch) {
      const Seq tip = info.branches[branch].tip;
      out.push_back({info.id, tip, slot.store.meta(slot.store.at({ref, branch, tip})).hash});
    }
  }
  return out;
}

}  // namespace

std::optional<ControlPosition> PeerSource::control_at(Seq seq) const {
  const ControlLog& control = core_.control();
  if (seq == 0 || seq > control.last_seq()) return std::nullopt;
  return ControlPosition{control.records()[seq - 1].epoch, seq, control.hashes()[seq - 1]};
}

std::vector<Bytes> PeerSource::control_records(Seq first, std::size_t bytes_max) const {
  std::vector<Bytes> out;
  std::size_t bytes = 0;
  for (Seq seq = std::max<Seq>(first, 1); seq <= core_.control().last_seq(); ++seq) {
    Bytes record = encode_control_record(core_.control().records()[seq - 1]);
    bytes += record.size();
    if (!out.empty() && bytes > bytes_max) break;
    out.push_back(std::move(record));
  }
  return out;
}

Seq PeerSource::first_after_epoch(std::uint64_t epoch) const {
  for (const ControlRecord& record : core_.control().records()) {
    if (record.epoch > epoch) return record.seq;
  }
  return 0;
}

bool PeerSource::is_shared(const Space& space) const {
  const Device* own = core_.own_device();
  const Device* peer = core_.membership().device(peer_);
  return own != nullptr && peer != nullptr && !own->revoked && (!peer->revoked || KIZ_MUTANT(serve_locked_out)) &&
         !(KIZ_MUTANT(forget_space) && space.collection == Collection::consents) && core_.membership().may_read(own->member, space) &&
         core_.membership().may_read(peer->member, space);
}

const std::vector<SpaceSlot*>& PeerSource::shared_slots() const {
  if (as_of_ != core_.sharing()) {
    as_of_ = core_.sharing();
    shared_.clear();
    open_looked_at_ = own_looked_at_ = 0;
  }
  const Device* peer = core_.membership().device(peer_);
  if (peer == nullptr) return shared_;
  const auto before = [](const SpaceSlot* a, const SpaceSlot* b) { return a->store.space() < b->store.space(); };
  const auto look = [&](const std::vector<SpaceSlot*>& made, std::size_t& looked_at) {
    for (; looked_at < made.size(); ++looked_at) {
      SpaceSlot* slot = made[looked_at];
      if (is_shared(slot->store.space())) shared_.insert(std::upper_bound(shared_.begin(), shared_.end(), slot, before), slot);
    }
  };
  const auto candidates = core_.candidates(peer->member);
  look(candidates.open, open_looked_at_);
  look(candidates.own, own_looked_at_);
  return shared_;
}

std::vector<SpaceDigest> PeerSource::shared_spaces() const {
  std::vector<SpaceDigest> out;
  for (SpaceSlot* slot : shared_slots()) {
    if (core_.damaged().empty()) {
      if (!slot->heads().empty()) out.push_back({slot->store.space(), slot->digest()});
    } else if (const Frontier whole{store_repair::whole_heads(*slot, core_.damaged())}; !whole.heads.empty()) {
      out.push_back({slot->store.space(), whole.digest()});
    }
  }
  return out;
}

std::vector<Head> PeerSource::heads(const Space& space) const {
  const SpaceSlot* slot = core_.slot(space);
  return slot == nullptr || !is_shared(space) ? std::vector<Head>{} : store_repair::whole_heads(*slot, core_.damaged());
}

std::vector<SignedHead> PeerSource::signed_heads(const Space& space) const {
  std::vector<SignedHead> out;
  for (const Head& head : heads(space)) {
    auto query = core_.db().query("SELECT signature FROM entries WHERE hash = ?");
    query << ByteView{head.entry};
    if (query.step() && !query.null(0)) out.push_back({head, Signature::from(query.blob(0))});
  }
  return out;
}

std::optional<EntryHash> PeerSource::hash_at(const LogId& log, Seq seq, const EntryHash& tip) const {
  const SpaceSlot* slot = core_.slot_of(log);
  if (slot == nullptr || seq == 0) return std::nullopt;
  const Place place = slot->merge.history().held(tip);
  if (!place || slot->store.log(place.log).id != log || place.seq < seq) return std::nullopt;
  if (const auto at = core_.damaged().find(log); at != core_.damaged().end() && place.seq >= at->second) return std::nullopt;
  const auto& branches = slot->store.log(place.log).branches;
  BranchNo branch = place.branch;
  while (seq <= branches[branch].fork_seq) branch = branches[branch].parent;
  const EntryRef ref = slot->store.at({place.log, branch, seq});
  if (ref == 0) return std::nullopt;
  return slot->store.meta(ref).hash;
}

/// Where a run to this entry ends; log 0: it is none of what may be sent.
Place PeerSource::end_of_run(const SpaceSlot& slot, const EntryHash& tip) const {
  if (is_shared(slot.store.space())) return slot.merge.history().held(tip);
  const EntryRef ref = slot.store.find(tip);
  if (!hands_in() || ref == 0) return {};
  const Place place = slot.store.meta(ref).place;
  return slot.store.log(place.log).author == core_.files().author() ? place : Place{};
}

Result<RunPiece> PeerSource::read_run(const LogId& log, const Point& after, const EntryHash& tip, std::size_t bytes_max) const {
  const SpaceSlot* slot = core_.slot_of(log);
  const bool shared = slot != nullptr && is_shared(slot->store.space());
  if (slot == nullptr || (!shared && !hands_in())) return Error{Errc::unknown_log, "run"};
  std::optional<ReplicaCore::RunRead>& last = core_.run_read();
  const bool the_same = last && last->generation == core_.generation() && last->tip == tip && last->log == log && last->after == after &&
                        last->bytes_max == bytes_max;
  if (shared && the_same) return last->piece;
  auto piece = read_stored_run(*slot, log, after, tip, bytes_max);
  if (piece && shared && piece->bytes.size() <= run_kept_bytes_max) last = {core_.generation(), log, after, tip, bytes_max, *piece};
  return piece;
}

Result<RunPiece> PeerSource::read_stored_run(const SpaceSlot& slot, const LogId& log, const Point& after, const EntryHash& tip,
                                             std::size_t bytes_max) const {
  const Place end = end_of_run(slot, tip);
  if (!end || end.seq <= after.seq) return Error{Errc::gap, "run"};
  const auto& branches = slot.store.log(end.log).branches;

  Run run;
  run.log = log;
  run.first_seq = after.seq + 1;
  run.before = after.seq == 0 ? EntryHash::from(log) : after.entry;
  if (after.seq == 0) run.genesis = slot.store.genesis(end.log);
  // The bodies are copied as they lie; only what stands around them is written here.
  struct Held {
    Bytes body;
    EntryHash hash;
    std::optional<Signature> signature;
  };
  std::vector<Held> entries;
  std::size_t signed_count = 0;
  std::size_t bytes = 0;
  try {
    // A log that was cut in the middle of what was signed as one is sent to the end of that: there is no other proof.
    const Seq last = branches[end.branch].tip;
    for (Seq seq = run.first_seq; seq <= (signed_count > 0 ? end.seq : last) && entries.size() < limits::run_entries_max; ++seq) {
      BranchNo branch = end.branch;
      while (seq <= branches[branch].fork_seq) branch = branches[branch].parent;
      auto query = core_.db().query(
          "SELECT body, hash, signature FROM entries WHERE space = ? AND log = ? AND branch = ? AND seq = ?");
      query << slot.store.number() << end.log << branch << seq;
      if (!query.step()) return Error{Errc::damaged, "run"};
      auto body = unpack_body_bytes(query.blob(0));
      if (!body) return body.error();
      bytes += body->size();
      if (signed_count > 0 && bytes > bytes_max) break;
      if (bytes > limits::run_bytes_max - run_frame_bytes) break;
      Held held{std::move(*body), EntryHash::from(query.blob(1)), {}};
      if (!query.null(2)) held.signature = Signature::from(query.blob(2));
      entries.push_back(std::move(held));
      if (entries.back().signature) signed_count = entries.size();
    }
  } catch (const SqlFailure& failure) {
    return failure.error();
  }
  if (signed_count == 0) return Error{Errc::damaged, "run"};

  wire::Writer ar;
  ar(run.version, run.suite, run.log, run.genesis, run.first_seq, run.before);
  ar.varint(signed_count);
  for (std::size_t i = 0; i < signed_count; ++i) ar.raw(entries[i].body);
  ar(*entries[signed_count - 1].signature);
  if (after.seq + signed_count > end.seq) return RunPiece{ar.take(), {log, end.seq, tip}};
  return RunPiece{ar.take(), {log, after.seq + signed_count, entries[signed_count - 1].hash}};
}

std::optional<std::vector<Advance>> PeerSource::unacknowledged() const {
  const PeerMemory::Marks* marks = core_.peers().of(peer_);
  if (marks == nullptr || !core_.damaged().empty()) return std::nullopt;
  std::vector<Advance> out;
  for (const SpaceSlot* slot : shared_slots()) {
    for (const Head& head : slot->heads()) {
      const auto mark = marks->find({slot->store.number(), slot->store.find_log(head.log)});
      if (KIZ_MUTANT(trust_memory)) continue;
      if (mark == marks->end()) {
        out.push_back({slot->store.space(), {}, head});
      } else if (mark->second.entry != head.entry) {
        const Place place = slot->merge.history().held(mark->second.entry);
        const Place tip = slot->merge.history().held(head.entry);
        if (!place || !slot->merge.history().is_ancestor(place, tip)) return std::nullopt;  // another branch: ask the peer
        out.push_back({slot->store.space(), {mark->second.seq, mark->second.entry}, head});
      }
    }
  }
  return out;
}

std::vector<SignedHead> PeerSource::peer_device_heads() const {
  std::vector<SignedHead> out;
  const Device* peer = core_.membership().device(peer_);
  if (peer == nullptr) return out;
  const auto add = [&](const Head& head) {
    if (out.size() == limits::own_heads_max) return;
    auto query = core_.db().query("SELECT signature FROM entries WHERE hash = ?");
    query << ByteView{head.entry};
    if (query.step() && !query.null(0)) out.push_back({head, Signature::from(query.blob(0))});
  };
  const std::vector<SpaceSlot*> all = peer->revoked ? core_.slots() : std::vector<SpaceSlot*>{};
  for (const SpaceSlot* slot : peer->revoked ? all : shared_slots()) {
    for (const Head& head : peer->revoked ? tips_of(*slot, peer->author) : slot->heads()) {
      if (slot->store.log(slot->store.find_log(head.log)).author == peer->author) add(head);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool PeerSource::hands_in() const {
  const Device* own = core_.own_device();
  return own != nullptr && own->revoked;
}

std::vector<Advance> PeerSource::to_hand_in(const std::vector<Head>& held_there) const {
  std::vector<Advance> out;
  for (const SpaceSlot* slot : core_.slots()) {
    const History& history = slot->merge.history();
    for (const Head& tip : tips_of(*slot, core_.files().author())) {
      const Place end = slot->store.meta(slot->store.find(tip.entry)).place;
      Point after;
      for (const Head& head : held_there) {
        const EntryRef ref = slot->store.find(head.entry);
        const Place known = ref == 0 ? Place{} : slot->store.meta(ref).place;
        if (known.log != end.log) continue;
        const Seq shared = history.last_shared(known, end);
        if (shared <= after.seq) continue;
        BranchNo branch = end.branch;
        const auto& branches = slot->store.log(end.log).branches;
        while (shared <= branches[branch].fork_seq) branch = branches[branch].parent;
        after = {shared, slot->store.meta(slot->store.at({end.log, branch, shared})).hash};
      }
      if (after.seq < tip.seq) out.push_back({slot->store.space(), after, tip});
    }
  }
  return out;
}

std::vector<Head> PeerSource::own_heads() const {
  std::vector<Head> out;
  for (const SpaceSlot* slot : shared_slots()) {
    for (const Head& head : slot->heads()) {
      if (slot->store.log(slot->store.find_log(head.log)).author == core_.files().author()) out.push_back(head);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Head> PeerSource::own_heads_acknowledged() const {
  std::vector<Head> out;
  const PeerMemory::Marks* marks = core_.peers().of(peer_);
  if (marks == nullptr) return out;
  for (const Head& head : own_heads()) {
    const SpaceSlot* slot = core_.slot_of(head.log);
    const auto mark = marks->find({slot->store.number(), slot->store.find_log(head.log)});
    if (mark != marks->end()) out.push_back({head.log, mark->second.seq, mark->second.entry});
  }
  std::sort(out.begin(), out.end());
  return out;
}

PeerNews take_event(ReplicaCore& core, const TransportKey& peer, const SyncEvent& event) {
  if (const auto* acknowledged = std::get_if<Acknowledged>(&event)) {
    core.remember_acknowledged(peer, acknowledged->space, acknowledged->head);
  } else if (const auto* heads = std::get_if<PeerHeads>(&event)) {
    static_cast<void>(older_state::note(core, peer, heads->space, heads->heads));  // a disk that is full says so elsewhere
    core.remember_peer_heads(peer, heads->space, heads->heads);
  } else if (std::holds_alternative<PeerHoldsAll>(event)) {
    core.remember_peer_holds_all(peer);
    static_cast<void>(omission::note_in_sync(core, peer));  // a disk that is full says so elsewhere
  } else if (const auto* shown = std::get_if<OwnHeadsShown>(&event)) {
    if (core.consider_own_heads(shown->heads)) return PeerNews::own_tail_lost;
  } else if (const auto* forked = std::get_if<ControlForked>(&event)) {
    if (core.note_control_fork(forked->record)) return PeerNews::control_forked;
  } else if (const auto* signed_receipt = std::get_if<ReceiptShown>(&event)) {
    receipts::take(core, signed_receipt->receipt);
  } else if (const auto* run = std::get_if<RunRefused>(&event); run != nullptr && run->code == Errc::put_off) {
    core.note_put_off_by(peer);
    return PeerNews::refused;
  } else if (std::holds_alternative<RunRefused>(event) || std::holds_alternative<SpacePaused>(event)) {
    return PeerNews::refused;
  }
  return PeerNews::nothing;
}

}  // namespace kiz

// Peers that lie: with runs and control records, with two stories, with garbage in their connections.
#include <algorithm>

#include "libclient/peer_source.h"
#include "protocol/entry_fields.h"
#include "protocol/registry.h"
#include "tests/sim/guard.h"

namespace kiz::sim {

// The first run of a log, signed by the liar, whoever the author is said to be.
Bytes World::first_run(Node& liar, const Genesis& genesis, const char* text) {
  EntryBody body;
  body.hlc = Timestamp::of(start_ms);
  body.control = liar.replica->control().position();
  random_.fill(body.salt.emplace().bytes);
  Op op;
  op.record = sim_record(registry::kinds::offer, random_.below(6));
  op.field = registry::fields::offer::title;
  op.value = Value{std::string{plaintext_marker} + " " + text};
  body.ops.push_back(op);
  Run run;
  run.log = log_id(genesis);
  run.genesis = genesis;
  run.first_seq = 1;
  run.before = EntryHash::from(run.log);
  run.entries.push_back(body);
  const EntryHash hash = entry_hash(header_of(body, run.log, 1, run.before));
  run.signature = liar.replica->core().files().signing().sign(run_label, hash);
  return encode_run(run);
}

// Runs and control records as a hostile peer would hand them in: changed, of a wrong author, or old ones once more.
void World::lie_to(Node& victim) {
  Node& liar = somebody();
  if (!victim.replica || !liar.replica || &victim == &liar || victim.locked_out || victim.in_trouble() || liar.disk_rots) return;
  std::vector<IncomingRun> runs;
  const AuthorKey liars = liar.replica->core().files().author();
  Genesis genesis{liar.replica->space(random_.below(2) == 0 ? kreis_member : nodes_[first_office]->member, Collection::offers), liars, {}, {}, LogReason::first};
  if (random_.below(2) == 0) {
    genesis.space.owner = victim.member;
    genesis.author = victim.replica->core().files().author();
  }
  const bool rightful = genesis.author == liars && genesis.space.owner == liar.member;
  random_.fill(genesis.incarnation.bytes);
  if (!rightful) runs.push_back({0, first_run(liar, genesis, "forged")});
  for (const SpaceSlot* slot : liar.replica->core().slots()) {  // a real one: as it is, or with one value changed
    const auto heads = slot->heads();
    if (heads.empty() || !may_read(victim.member, slot->store.space()) || victim.replica->core().slot(slot->store.space()) == nullptr) continue;
    PeerSource source{liar.replica->core(), victim.transport};
    const auto piece = source.read_run(heads.front().log, {}, heads.front().entry, 60'000);
    if (!piece) continue;
    auto real = wire::decode<Run>(piece->bytes);
    if (!real) continue;
    const bool held = victim.replica->core().slot(slot->store.space())->store.find(heads.front().entry) != 0;
    if (held && random_.below(2) == 0) runs.push_back({0, piece->bytes});
    for (Op& each : real->entries.back().ops) {
      if (each.value) each.value = Value{std::string{plaintext_marker} + " changed"};
    }
    runs.push_back({0, encode_run(*real)});
    break;
  }
  on(victim, "meeting a liar", [&] {
    const auto reports = victim.replica->core().ingest(runs);
    if (liar.replica->control().last_seq() == victim.replica->control().last_seq()) {
      ControlRecord record = make_control_record(&victim.replica->control().records().back(), RuleSet{"forged", "1"}, start_ms,
                                                 liar.replica->core().files().signing());
      const Bytes bytes = encode_control_record(record);
      if (victim.replica->core().ingest_control({&bytes, 1})) find(victim.name + " takes a control record that nobody may issue");
    }
    for (std::size_t i = 0; reports && i < runs.size(); ++i) {
      const bool forged = test::contains(runs[i].bytes, "forged") || test::contains(runs[i].bytes, "changed");
      if (forged && (*reports)[i].refused == Errc::ok) find(victim.name + " takes a run that its author did not write");
    }
  });
  hit(Fault::hostile, victim);
  if (victim.replica) tell_others(nullptr, victim);
}

// Two entries at one place of a log that is rightfully the liar's: one for these, one for those.
void World::say_two_things(Node& liar) {
  if (!liar.replica || liar.member == land_member || liar.locked_out || liar.disk_rots) return;
  Genesis genesis{liar.replica->space(liar.member, Collection::offers), liar.replica->core().files().author(), {}, {}, LogReason::first};
  random_.fill(genesis.incarnation.bytes);
  const Bytes runs[] = {first_run(liar, genesis, "one"), first_run(liar, genesis, "another")};
  for (const Bytes& bytes : runs) {
    Node& victim = somebody();
    if (!victim.replica || &victim == &liar || victim.member == land_member || victim.locked_out || victim.in_trouble()) continue;
    may_fork_ = true;
    const IncomingRun run{0, bytes};
    on(victim, "being told one of two things", [&] { (void)victim.replica->core().ingest({&run, 1}); });
    hit(Fault::hostile, victim);
    if (victim.replica) tell_others(nullptr, victim);
  }
}

// Somebody on the way changes a bit of a connection, or puts bytes of his own into it.
void World::garble() {
  if (calls_.empty()) return;
  Call& call = calls_[random_.below(calls_.size())];
  if (!call.link->garble(random_)) return;
  hit(Fault::hostile, *call.answerer);
  transmit(call, 8);
}

}  // namespace kiz::sim

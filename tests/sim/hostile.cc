// Peers that lie: with runs and control records, with two stories and more, with runs beyond every bound, with garbage in
// their connections.
#include <algorithm>

#include "libclient/peer_source.h"
#include "protocol/entry_fields.h"
#include "protocol/limits.h"
#include "protocol/registry.h"
#include "tests/sim/guard.h"

namespace kiz::sim {

EntryBody World::body_of_liar(const std::string& text) {
  EntryBody body;
  body.hlc = Timestamp::of(start_ms);
  random_.fill(body.salt.emplace().bytes);
  Op op;
  op.record = sim_record(registry::kinds::offer, random_.below(6));
  op.field = registry::fields::offer::title;
  op.value = Value{std::string{plaintext_marker} + " " + text};
  body.ops.push_back(op);
  return body;
}

// The first run of a log, signed by the liar, whoever the author is said to be.
Run World::first_run(Node& liar, const Genesis& genesis, std::vector<EntryBody> bodies) {
  Run run;
  run.log = log_id(genesis);
  run.genesis = genesis;
  run.first_seq = 1;
  run.before = EntryHash::from(run.log);
  EntryHash hash = run.before;
  for (EntryBody& body : bodies) {
    body.control = liar.replica->control().position();
    run.entries.push_back(body);
    hash = entry_hash(header_of(body, run.log, run.entries.size(), hash));
  }
  run.signature = liar.replica->core().files().signing().sign(run_label, hash);
  return run;
}

Genesis World::new_log_of(Node& liar) {
  Genesis genesis{liar.replica->space(liar.member, Collection::offers), liar.replica->core().files().author(), {}, {}, LogReason::first};
  random_.fill(genesis.incarnation.bytes);
  return genesis;
}

bool World::may_lie(const Node& liar) const { return liar.replica && liar.member != land_member && !liar.locked_out && !liar.disk_rots; }

bool World::may_be_told(const Node& victim, const Node& liar) const {
  return victim.replica && &victim != &liar && victim.member != land_member && !victim.locked_out && !victim.in_trouble();
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
  if (!rightful) runs.push_back({0, encode_run(first_run(liar, genesis, {body_of_liar("forged")}))});
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
  if (!may_lie(liar)) return;
  const Genesis genesis = new_log_of(liar);
  for (const char* text : {"one", "another"}) {
    const IncomingRun run{0, encode_run(first_run(liar, genesis, {body_of_liar(text)}))};
    Node& victim = somebody();
    if (!may_be_told(victim, liar)) continue;
    may_fork_ = true;
    on(victim, "being told one of two things", [&] { (void)victim.replica->core().ingest({&run, 1}); });
    hit(Fault::hostile, victim);
    if (victim.replica) tell_others(nullptr, victim);
  }
}

// So many entries at one place that a log does not bear them. All to one victim: the others hear of what it has kept.
void World::say_too_many_things(Node& liar) {
  Node& victim = somebody();
  if (!may_lie(liar) || !may_be_told(victim, liar)) return;
  may_fork_ = true;
  const Genesis genesis = new_log_of(liar);
  std::vector<IncomingRun> runs;
  for (std::size_t i = 0; i < limits::log_branches_max + 1 + random_.below(3); ++i) {
    runs.push_back({0, encode_run(first_run(liar, genesis, {body_of_liar("story " + std::to_string(i))}))});
  }
  on(victim, "being told too many things", [&] {
    const auto reports = victim.replica->core().ingest(runs);
    if (!reports) return;
    const auto taken = std::count_if(reports->begin(), reports->end(), [](const RunReport& report) { return report.refused == Errc::ok; });
    if (static_cast<std::size_t>(taken) > limits::log_branches_max) find(victim.name + " takes " + std::to_string(taken) + " branches of one log");
  });
  hit(Fault::hostile, victim);
  if (victim.replica) tell_others(nullptr, victim);
}

// What its author may write and has signed, but for one bound that it exceeds, or another spelling of a number.
Bytes World::boundless_run(Node& liar) {
  const Genesis genesis = new_log_of(liar);
  EntryBody body = body_of_liar("boundless");
  std::string& text = std::get<std::string>(*body.ops.front().value);
  constexpr std::size_t large = 60'000;
  switch (random_.below(5)) {
    case 0: {  // the run
      text.resize(large, 'x');
      return encode_run(first_run(liar, genesis, std::vector<EntryBody>(limits::run_bytes_max / large + 1, body)));
    }
    case 1:  // an op
      text.resize(limits::op_bytes_max, 'x');
      break;
    case 2:  // the number of ops
      body.ops.resize(limits::ops_max + 1, body.ops.front());
      break;
    case 3:  // an entry, in a run that is just within its bound
      text.resize(large, 'x');
      body.ops.resize(limits::entry_bytes_max / large, body.ops.front());
      std::get<std::string>(*body.ops.back().value).resize(limits::entry_bytes_max % large + large / 20, 'x');
      body.ops.push_back(body.ops.front());
      break;
    default: {  // a number of two bytes that one would spell
      Bytes bytes = encode_run(first_run(liar, genesis, {body}));
      const auto first_seq = static_cast<std::ptrdiff_t>(2 + LogId::size_bytes + 1 + wire::encode(genesis).size());
      bytes.at(static_cast<std::size_t>(first_seq)) |= 0x80;
      bytes.insert(bytes.begin() + first_seq + 1, 0);
      return bytes;
    }
  }
  return encode_run(first_run(liar, genesis, {body}));
}

void World::exceed(Node& liar) {
  Node& victim = somebody();
  if (!may_lie(liar) || !may_be_told(victim, liar)) return;
  const IncomingRun run{0, boundless_run(liar)};
  on(victim, "being handed a run beyond its bounds", [&] {
    const auto reports = victim.replica->core().ingest({&run, 1});
    if (reports && reports->front().refused == Errc::ok) find(victim.name + " takes a run that is beyond a bound, or spelt in another way");
  });
  hit(Fault::hostile, victim);
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

// What a batch of runs from a peer may bring about, and what not.
#include <doctest/doctest.h>

#include "protocol/crypto.h"
#include "protocol/entry_fields.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;

namespace {

Space ahaus(const ReplicaCore& core) {
  return {core.control().realm(), "05554004", Collection::offers, {}};
}

/// A device of Ahaus that the Kreis has admitted; its key lies open here.
struct OfficeKey {
  crypto::SigningKey key;

  OfficeKey(test::Realm& realm, std::uint8_t seed) : key(Bytes(32, seed)) {
    REQUIRE(realm.kreis().core().issue(DeviceGranted{key.author(), TransportKey::from(Bytes(32, seed)), "05554004",
                                                     rights_of_an_office, "Büro", 1'900'000'000'000, {}}));
  }

  Genesis genesis(const ReplicaCore& core) const {
    Genesis out;
    out.space = ahaus(core);
    out.author = key.author();
    return out;
  }

  /// A run of one entry that titles an offer, at this place of a log.
  Run run(const ReplicaCore& core, const LogId& log, Seq seq, const EntryHash& before, const char* title = "Sprachcafé") const {
    Run out;
    out.log = log;
    out.first_seq = seq;
    out.before = before;
    EntryBody body;
    body.hlc = Timestamp::of(1'790'000'000'000 + seq);
    body.control = core.control().position();
    body.salt = Salt{};
    Op op;
    op.record = {registry::kinds::offer, {}};
    op.field = registry::fields::offer::title;
    op.mode = Mode::replace;
    op.value = Value{std::string(title)};
    body.ops = {op};
    out.entries = {body};
    const EntryHash hash = entry_hash(header_of(body, log, seq, before));
    out.signature = key.sign(run_label, hash);
    return out;
  }
};

std::size_t branches_held(const ReplicaCore& core, const LogId& log) {
  const SpaceSlot* slot = core.slot_of(log);
  REQUIRE(slot != nullptr);
  return slot->store.log(slot->store.find_log(log)).branches.size();
}

EntryHash tip(const Run& run) { return entry_hash(header_of(run.entries[0], run.log, run.first_seq, run.before)); }

Seq seq_held(const ReplicaCore& core, const LogId& log) {
  const SpaceSlot* slot = core.slot_of(log);
  if (slot == nullptr) return 0;
  return slot->store.log(slot->store.find_log(log)).branches[0].tip;
}

}  // namespace

TEST_CASE("a batch: a log begins in one run and goes on in the next") {
  test::Realm realm;
  ReplicaCore& core = realm.kreis().core();
  const OfficeKey office{realm, 1};
  const LogId log = log_id(office.genesis(core));
  Run first = office.run(core, log, 1, EntryHash::from(log));
  first.genesis = office.genesis(core);
  const Run second = office.run(core, log, 2, tip(first));

  const std::vector<IncomingRun> runs{{1, encode_run(first)}, {2, encode_run(second)}};
  const auto reports = core.ingest(runs);
  REQUIRE(reports);
  CHECK((*reports)[0].refused == Errc::ok);
  CHECK((*reports)[1].refused == Errc::ok);
  CHECK(seq_held(core, log) == 2);
}

TEST_CASE("a batch: a forged genesis does not lend its author to another's log") {
  test::Realm realm;
  ReplicaCore& core = realm.kreis().core();
  const OfficeKey honest{realm, 1};
  const OfficeKey thief{realm, 2};
  const LogId log = log_id(honest.genesis(core));
  Run first = honest.run(core, log, 1, EntryHash::from(log));
  first.genesis = honest.genesis(core);
  REQUIRE(core.ingest(std::vector<IncomingRun>{{1, encode_run(first)}}));

  Run claim = thief.run(core, log, 1, EntryHash::from(log));
  claim.genesis = thief.genesis(core);  // says that the log is the thief's
  const Run theft = thief.run(core, log, 2, tip(first));
  const auto reports = core.ingest(std::vector<IncomingRun>{{2, encode_run(claim)}, {3, encode_run(theft)}});
  REQUIRE(reports);
  CHECK((*reports)[0].refused == Errc::broken_chain);
  CHECK((*reports)[1].refused == Errc::bad_signature);
  CHECK(seq_held(core, log) == 1);
}

TEST_CASE("a batch large enough for two threads ends as the same runs one by one") {
  test::Realm realm;
  test::Realm other;
  constexpr Seq entries = 40;
  const auto fill = [&](test::Realm& where, bool together) {
    ReplicaCore& core = where.kreis().core();
    const OfficeKey office{where, 1};
    const LogId log = log_id(office.genesis(core));
    std::vector<IncomingRun> runs;
    EntryHash before = EntryHash::from(log);
    for (Seq seq = 1; seq <= entries; ++seq) {
      Run run = office.run(core, log, seq, before);
      for (std::uint32_t i = 0; i < 400; ++i) {  // 40 entries of some 10 KiB
        Op op = run.entries[0].ops[0];
        op.record.key.bytes[0] = static_cast<std::uint8_t>(i);
        op.record.key.bytes[1] = static_cast<std::uint8_t>(i >> 8);
        op.record.key.bytes[2] = 1;
        run.entries[0].ops.push_back(op);
      }
      run.signature = office.key.sign(run_label, tip(run));
      if (seq == 1) run.genesis = office.genesis(core);
      if (seq == 30) run.signature.bytes[0] ^= 1;
      before = tip(run);
      runs.push_back({seq, encode_run(run)});
    }
    std::vector<Errc> out;
    if (together) {
      const auto reports = core.ingest(runs);
      REQUIRE(reports);
      for (const auto& report : *reports) out.push_back(report.refused);
    } else {
      for (const IncomingRun& run : runs) out.push_back((*core.ingest(std::vector<IncomingRun>{run}))[0].refused);
    }
    CHECK(seq_held(core, log) == 29);
    return out;
  };
  const auto together = fill(realm, true);
  CHECK(together == fill(other, false));
  CHECK(together[29] == Errc::bad_signature);
  CHECK(together[30] == Errc::gap);
}

TEST_CASE("a fork: a log is held with so many branches and no more, wherever the next one begins") {
  test::Realm realm;
  ReplicaCore& core = realm.kreis().core();
  const OfficeKey office{realm, 4};
  const LogId log = log_id(office.genesis(core));
  static constexpr const char* stories[] = {"Sprachcafé", "Lesepaten", "Fahrradkurs", "Kochabend", "Chorprobe", "Nähkurs"};
  const auto taken = [&](const Run& run) {
    const auto reports = core.ingest(std::vector<IncomingRun>{{1, encode_run(run)}});
    REQUIRE(reports);
    return reports->front().refused;
  };
  const auto first_entry = [&](const char* title) {
    Run run = office.run(core, log, 1, EntryHash::from(log), title);
    run.genesis = office.genesis(core);
    return run;
  };
  const Run first = first_entry(stories[0]);
  REQUIRE(taken(first) == Errc::ok);
  std::size_t most = 1;
  std::vector<Errc> told;

  SUBCASE("at the first entry") {
    for (std::size_t i = 1; i < std::size(stories); ++i) told.push_back(taken(first_entry(stories[i])));
  }
  SUBCASE("behind an entry that is held and comes along") {
    for (const char* story : stories) {
      Run run = first;
      Run next = office.run(core, log, 2, tip(first), story);
      run.entries.push_back(next.entries.front());
      run.signature = next.signature;
      told.push_back(taken(run));
    }
    told.erase(told.begin());  // goes on with the first branch
  }
  SUBCASE("behind an entry that is held and does not") {
    for (const char* story : stories) told.push_back(taken(office.run(core, log, 2, tip(first), story)));
    told.erase(told.begin());
  }
  for (std::size_t i = 0; i < told.size(); ++i) {
    CAPTURE(i);
    if (++most <= limits::log_branches_max) {
      CHECK(told[i] == Errc::ok);
    } else {
      CHECK(told[i] == Errc::over_limit);
    }
  }
  CHECK(branches_held(core, log) == limits::log_branches_max);
}

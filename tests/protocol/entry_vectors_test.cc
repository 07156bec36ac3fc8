// Golden bytes of runs and of a control log: tests/vectors/entries/entries.json. Written with KIZ_WRITE_VECTORS=1, changed
// only with SPEC.md; tests/vectors/decode.py reads the same file without any of our code.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "protocol/control_log.h"
#include "protocol/entry.h"
#include "tests/support/source_dir.h"

using namespace kiz;
using nlohmann::json;

namespace {

const std::string path = (test::source_dir() / "tests/vectors/entries/entries.json").string();

crypto::SigningKey key(std::uint8_t n) { return crypto::SigningKey{Bytes(32, n)}; }

RecordId record(std::uint32_t kind, std::uint8_t n) {
  RecordId out{kind, {}};
  out.key.bytes.fill(n);
  return out;
}

EntryBody body(std::uint64_t ms, std::vector<Op> ops) {
  EntryBody out;
  out.hlc = Timestamp::of(ms, 3);
  out.control = {1, 2, ControlHash::from(Bytes(32, 0xc0))};
  out.salt = Salt::from(Bytes(32, 0x5a));
  out.ops = std::move(ops);
  return out;
}

Run make_run(std::vector<EntryBody> bodies) {
  const auto author = key(7);
  Run run;
  Genesis genesis;
  genesis.space = {RealmId::from(Bytes(32, 0xee)), "05554004", Collection::offers, ""};
  genesis.author = author.author();
  genesis.incarnation = Incarnation::from(Bytes(16, 0x11));
  genesis.predecessor = Head{LogId::from(Bytes(32, 0x22)), 300, EntryHash::from(Bytes(32, 0x33))};
  genesis.reason = LogReason::restored;
  run.genesis = genesis;
  run.log = log_id(genesis);
  run.first_seq = 1;
  run.before = EntryHash::from(run.log);
  EntryHash last = run.before;
  Seq seq = 1;
  for (const EntryBody& b : bodies) last = entry_hash(header_of(b, run.log, seq++, last));
  run.entries = std::move(bodies);
  run.signature = author.sign(run_label, last);
  return run;
}

json value_json(const Value& value) {
  if (const auto* n = as_int(value)) return *n;
  if (const auto* t = as_text(value)) return *t;
  if (const auto* b = std::get_if<Bytes>(&value)) return to_hex(*b);
  return nullptr;
}

json run_vector(const char* name, const Run& run) {
  const auto verified = verify_run(run, {});
  REQUIRE(verified);
  json out{{"name", name}, {"type", "run"}, {"bytes", to_hex(encode_run(run))}, {"log", to_hex(run.log)}};
  for (const EntryHash& hash : verified->hashes) out["hashes"].push_back(to_hex(hash));
  out["values"] = json::array();
  for (const EntryBody& entry : run.entries) {
    for (const Op& op : entry.ops) {
      if (carries_value(op.mode) && op.value) out["values"].push_back(value_json(*op.value));
    }
  }
  return out;
}

json all_vectors() {
  json out = json::array();
  const auto first = body(1'700'000'000'000, {{{}, 1, Mode::replace, {}, {}, Value{std::string{"Frau Beispiel"}}},
                                              {record(1, 1), 1, Mode::replace, {}, {}, Value{std::string{"Sprachcafé"}}},
                                              {record(1, 1), 10, Mode::add, {}, {}, Value{std::string{"ara"}}},
                                              {record(1, 1), 25, Mode::replace, {}, {}, Value{std::int64_t{-300}}},
                                              {record(3, 2), 2, Mode::replace, {}, {}, Value{Null{}}},
                                              {record(3, 2), 3, Mode::replace, {}, {}, Value{Bytes{0, 255, 16}}}});
  auto second = body(1'700'000'000'001, {{record(1, 1), 10, Mode::remove, {{EntryHash::from(Bytes(32, 4)), 2}, {EntryHash::from(Bytes(32, 5)), 0}}, {}, {}},
                                         {record(1, 1), 1, Mode::replace, {{EntryHash::from(Bytes(32, 6)), 9}}, Origin{{EntryHash::from(Bytes(32, 8)), 1}, Timestamp::of(5)}, Value{std::string{"x"}}},
                                         {record(1, 3), 0, Mode::del, {}, {}, {}},
                                         {record(1, 4), 0, Mode::undo, {}, {}, {}}});
  second.seen = {{LogId::from(Bytes(32, 1)), 9, EntryHash::from(Bytes(32, 2))}, {LogId::from(Bytes(32, 1)), 200, EntryHash::from(Bytes(32, 3))}};
  out.push_back(run_vector("two entries with every mode and value", make_run({first, second})));
  auto erased = first;
  drop_values(erased, {1});
  out.push_back(run_vector("the same with one value erased: hashes stay", make_run({erased, second})));

  Bytes spoilt = encode_run(make_run({first}));
  spoilt.back() ^= 1;
  out.push_back({{"name", "a wrong signature"}, {"type", "refused"}, {"bytes", to_hex(spoilt)}});
  Bytes longer = encode_run(make_run({first}));
  longer.push_back(0);
  out.push_back({{"name", "a byte after the end"}, {"type", "refused"}, {"bytes", to_hex(longer)}});

  const auto root = key(1);
  const auto issuing = key(2);
  ControlLog control;
  const auto add = [&](const ControlBody& content, const crypto::SigningKey& by) {
    REQUIRE(control.append(make_control_record(control.empty() ? nullptr : &control.records().back(), content, 1'700'000'000'000, by)));
  };
  add(RealmFounded{root.author(), issuing.author(), certify_issuing_key(root, issuing.author()), "Kreis Borken", "05554"}, root);
  add(MemberNamed{"05554004", "Ahaus", MemberRole::municipality}, issuing);
  add(DeviceGranted{key(7).author(), TransportKey::from(Bytes(32, 9)), "05554004", rights_of_an_office, "Büro", 1'800'000'000'000, InviteId{}}, issuing);
  add(DeviceRevoked{key(7).author(), {Cut{LogId::from(Bytes(32, 1)), 5, EntryHash::from(Bytes(32, 2)), 3}}}, issuing);
  const auto fresh = key(3);
  add(EpochOpened{fresh.author(), certify_issuing_key(root, fresh.author()), control.position()}, root);
  add(RuleSet{"paper_consents_count", "1"}, fresh);
  json records = json::array();
  Checkpoint checkpoint{{{control.realm(), "05554", Collection::offers, ""}, 1, Hash::from(Bytes(32, 0x77)),
                         {{{LogId::from(Bytes(32, 1)), 300, EntryHash::from(Bytes(32, 2))}, key(7).author()},
                          {{LogId::from(Bytes(32, 2)), 1, EntryHash::from(Bytes(32, 3))}, key(8).author()}}},
                        key(8).author(), {}};
  checkpoint.signature = key(8).sign(checkpoint_label, checkpoint_hash(checkpoint.claim));
  add(DeviceGranted{key(8).author(), TransportKey::from(Bytes(32, 10)), "05554", rights_of_the_kreis, "Kreisknoten", 1'800'000'000'000, {}}, fresh);
  add(checkpoint, fresh);
  for (const ControlRecord& r : control.records()) records.push_back(to_hex(encode_control_record(r)));
  out.push_back({{"name", "a control log through two epochs, with a checkpoint"}, {"type", "control"}, {"realm", to_hex(control.realm())}, {"records", records}});
  return out;
}

}  // namespace

TEST_CASE("entry vectors: the bytes are those that were published") {
  const json now = all_vectors();
  if (std::getenv("KIZ_WRITE_VECTORS") != nullptr) std::ofstream{path} << now.dump(1) << '\n';
  std::ifstream file{path};
  REQUIRE(file);
  const json published = json::parse(file);
  REQUIRE(published.size() == now.size());
  for (std::size_t i = 0; i < now.size(); ++i) CHECK_MESSAGE(published[i] == now[i], now[i]["name"]);
}

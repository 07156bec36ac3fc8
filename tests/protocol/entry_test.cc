#include "protocol/entry.h"

#include <doctest/doctest.h>

#include "protocol/entry_fields.h"

using namespace kiz;

namespace {
Genesis genesis_of(const crypto::SigningKey& key) {
  Genesis g;
  g.space = {{}, "05554004", Collection::offers, ""};
  g.author = key.author();
  return g;
}

crypto::SigningKey alice() { return crypto::SigningKey{Bytes(32, 7)}; }

RecordId record(std::uint8_t n) {
  RecordId out{1, {}};
  out.key.bytes[15] = n;
  return out;
}

EntryBody body(std::string title) {
  EntryBody out;
  out.hlc = Timestamp::of(1000);
  out.control.seq = 1;
  out.salt = Salt::from(Bytes(32, 9));
  out.ops = {{record(1), 1, Mode::replace, {}, {}, Value{title}},
             {record(1), 7, Mode::add, {}, {}, Value{std::int64_t{5}}},
             {record(2), 0, Mode::del, {}, {}, {}},
             {record(2), 3, Mode::remove, {CellName{{}, 4}}, {}, {}}};
  return out;
}

Run run_of(const crypto::SigningKey& key, std::vector<EntryBody> bodies) {
  Run out;
  out.genesis = genesis_of(key);
  out.log = log_id(*out.genesis);
  out.first_seq = 1;
  out.before = EntryHash::from(out.log);
  EntryHash hash = out.before;
  Seq seq = 1;
  for (const auto& b : bodies) hash = entry_hash(header_of(b, out.log, seq++, hash));
  out.entries = std::move(bodies);
  out.signature = key.sign(run_label, hash);
  return out;
}
}  // namespace

TEST_CASE("entry: a run survives the wire and its signature proves every entry") {
  const auto key = alice();
  const Bytes bytes = encode_run(run_of(key, {body("a"), body("b")}));
  const auto out = decode_run(bytes, {});
  REQUIRE(out);
  CHECK(out->hashes.size() == 2);
  CHECK(out->run.entries[1].ops[0].value == Value{std::string{"b"}});
  CHECK(encode_run(out->run) == bytes);
}

TEST_CASE("entry: a run changed in any byte is refused") {
  const Bytes bytes = encode_run(run_of(alice(), {body("a"), body("b")}));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 1;
    CHECK_FALSE(decode_run(changed, {}));
    CHECK_FALSE(decode_run(ByteView{bytes.data(), i}, {}));
  }
}

TEST_CASE("entry: dropping a value leaves the hash, and the value cannot be guessed from what is left") {
  EntryBody b = body("secret");
  const auto before = entry_hash(header_of(b, {}, 1, {}));
  const Salt salt = *b.salt;
  drop_values(b, {0});
  CHECK_FALSE(b.ops[0].value);
  CHECK(b.ops[1].value);
  CHECK(entry_hash(header_of(b, {}, 1, {})) == before);
  CHECK_FALSE(b.salt);
  CHECK(*b.proofs[1].nonce == op_nonce(salt, 1));
  const Bytes bytes = wire::encode(b);
  CHECK(*wire::decode<EntryBody>(bytes) == b);
  drop_values(b, {1});
  CHECK(entry_hash(header_of(b, {}, 1, {})) == before);
}

TEST_CASE("entry: commitments differ by op and by salt") {
  const Salt salt = Salt::from(Bytes(32, 1));
  CHECK(commit_value(op_nonce(salt, 0), Value{std::int64_t{3}}) != commit_value(op_nonce(salt, 1), Value{std::int64_t{3}}));
  CHECK(op_nonce(salt, 0) != op_nonce(Salt{}, 0));
}

TEST_CASE("entry: a run for another author, log or place is refused") {
  const auto key = alice();
  Run run = run_of(key, {body("a")});
  run.genesis->space.owner = "05554008";
  CHECK(verify_run(run, {}).error().code == Errc::broken_chain);

  Run later = run_of(key, {body("a")});
  later.genesis.reset();
  later.first_seq = 2;
  CHECK(verify_run(later, {}).error().code == Errc::unknown_log);
  CHECK(verify_run(later, key.author()).error().code == Errc::bad_signature);
}

TEST_CASE("entry: what does not fit together is refused") {
  const auto refused = [](auto change) {
    EntryBody b = body("a");
    change(b);
    return !check_body(b);
  };
  CHECK(refused([](auto& b) { b.ops.clear(); }));
  CHECK(refused([](auto& b) { b.ops[0].field = 0; }));
  CHECK(refused([](auto& b) { b.ops[2].field = 1; }));
  CHECK(refused([](auto& b) { b.ops[1].cells = {CellName{}}; }));
  CHECK(refused([](auto& b) { b.ops[3].cells.clear(); }));
  CHECK(refused([](auto& b) { b.control.seq = 0; }));
  CHECK(refused([](auto& b) { b.ops[0].record = {0, RecordKey::from(Bytes(16, 1))}; }));
  CHECK_FALSE(refused([](auto& b) { b.ops[0].record = {0, {}}; }));
}

TEST_CASE("entry: a body at its bound stays within it whatever values go, and one byte more is refused") {
  // Each value costs a nonce of its own once another one is gone: so many small ones grow most.
  constexpr std::size_t ops = 4000, nonce_bytes = 1 + Nonce::size_bytes;
  EntryBody full = body("a");
  full.ops.assign(ops, {record(1), 1, Mode::replace, {}, {}, Value{std::string(220, 'x')}});
  const auto counted = [&] { return wire::encode(full).size() + full.ops.size() * nonce_bytes; };
  std::string& last = std::get<std::string>(*full.ops.back().value);
  last.append(limits::entry_bytes_max - counted(), 'x');
  REQUIRE(counted() == limits::entry_bytes_max);
  const auto key = alice();
  CHECK(decode_run(encode_run(run_of(key, {full})), {}));
  EntryBody without = full;
  drop_values(without, {1});
  CHECK(wire::encode(without).size() > wire::encode(full).size());
  CHECK(decode_run(encode_run(run_of(key, {without})), {}));
  last += 'x';
  CHECK(decode_run(encode_run(run_of(key, {full})), {}).error().code == Errc::over_limit);
}

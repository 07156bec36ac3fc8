// Golden bytes of an exchange bundle and of a join bundle, made from SPEC.md alone by tests/vectors/bundle/make_bundle.py:
// ours must be the same, byte by byte.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "protocol/bundle.h"
#include "protocol/entry.h"
#include "protocol/noise_suite.h"
#include "protocol/wire.h"
#include "tests/support/source_dir.h"

using namespace kiz;
using nlohmann::json;

namespace {

const std::string path = (test::source_dir() / "tests/vectors/bundle/bundle.json").string();

SecretKey32 secret(std::uint8_t n) { return SecretKey32{Bytes(32, n)}; }

Bytes one_run(const crypto::SigningKey& author) {
  Run run;
  run.log = LogId::from(Bytes(32, 0x77));
  run.first_seq = 5;
  run.before = EntryHash::from(Bytes(32, 0x66));
  EntryBody body;
  body.hlc = Timestamp::of(1'794'000'000'000, 3);
  body.control = {1, 2, ControlHash::from(Bytes(32, 0xc0))};
  body.salt = Salt::from(Bytes(32, 0x5a));
  RecordId record{1, {}};
  record.key.bytes.fill(0x44);
  body.ops = {{record, 1, Mode::replace, {}, {}, Value{std::int64_t{-5}}}};
  run.entries = {body};
  run.signature = author.sign(run_label, entry_hash(header_of(body, run.log, 5, run.before)));
  return encode_run(run);
}

json exchange() {
  const crypto::SigningKey sender{Bytes(32, 7)};
  BundleOpening opening;
  opening.realm = RealmId::from(Bytes(32, 0xee));
  opening.sender = sender.author();
  opening.sender_transport = noise::public_key(secret(5));
  opening.number = 9;
  opening.made_ms = 1'794'000'000'000;
  opening.builds_on = 8;
  opening.recipients = {noise::public_key(secret(1)), noise::public_key(secret(2))};
  std::sort(opening.recipients.begin(), opening.recipients.end());
  opening.control_from = 3;
  opening.control = {1, 2, ControlHash::from(Bytes(32, 0xc0))};
  Bytes file;
  auto writer = BundleWriter::begin(opening, {secret(90), secret(91)}, file);
  REQUIRE(writer);
  const SpaceName offers{"05554004", Collection::offers, ""};
  const Head base{LogId::from(Bytes(32, 1)), 4, EntryHash::from(Bytes(32, 2))};
  writer->add(BundleBase{offers, {base}}, file);
  writer->add(BundleFrontier{offers, bundle_state_schema, Hash::from(Bytes(32, 0x99)), {{base, Signature::from(Bytes(64, 3))}}}, file);
  writer->add(static_cast<std::uint32_t>(MessageKind::run), one_run(sender), file);
  writer->finish(sender, file);
  return {{"kind", "exchange"}, {"file", to_hex(file)}, {"recipients", {to_hex(secret(1).view()), to_hex(secret(2).view())}},
          {"stranger", to_hex(secret(3).view())}, {"sender", to_hex(sender.author())}, {"messages", 4}};
}

json join() {
  const crypto::SigningKey author{Bytes(32, 8)};
  const SecretKey32 kreis = secret(1), device = secret(6), psk = secret(77);
  Bytes file;
  auto sealer = BundleSealer::begin(BundleKind::join, {noise::public_key(kreis)}, {secret(92), secret(93)}, file);
  REQUIRE(sealer);
  BundleJoin join;
  join.invite = InviteId::from(Bytes(16, 0x31));
  join.author = author.author();
  join.transport = noise::public_key(device);
  join.device = "Rathaus Süd";
  auto statics = noise::agree(device, noise::public_key(kreis));
  REQUIRE(statics);
  const Hash binding = join_file_binding(sealer->outside().hash, join.invite, join.author, join.transport, join.device);
  join.proof = join_file_proof(psk, *statics, binding);
  join.signature = author.sign(bundle_label, binding);
  Bytes inside;
  REQUIRE(append_message(static_cast<std::uint32_t>(BundlePart::join), encode_bundle_part(join), inside));
  sealer->add(inside, file);
  sealer->finish(file);
  return {{"kind", "join"}, {"file", to_hex(file)}, {"recipients", {to_hex(kreis.view())}}, {"stranger", to_hex(secret(3).view())},
          {"device", to_hex(device.view())}, {"psk", to_hex(psk.view())},
          {"pair_psk", to_hex(join_file_psk(psk, *statics, join.author).view())}};
}

}  // namespace

TEST_CASE("bundle vectors: the bytes are those on record") {
  const json made = {exchange(), join()};
  std::ifstream in{path};
  REQUIRE(in);
  CHECK(json::parse(in) == made);
}

TEST_CASE("bundle vectors: recipients open them, a stranger does not") {
  std::ifstream in{path};
  REQUIRE(in);
  for (const json& vector : json::parse(in)) {
    const Bytes file = from_hex(vector["file"].get<std::string>());
    std::size_t items = 0;
    for (const json& recipient : vector["recipients"]) {
      CHECK(reads_as_bundle(file, SecretKey32{from_hex(recipient.get<std::string>())}, 100, items));
    }
    CHECK_FALSE(reads_as_bundle(file, SecretKey32{from_hex(vector["stranger"].get<std::string>())}, 100, items));
    for (std::size_t n = 0; n < file.size(); ++n) {
      CHECK_FALSE(reads_as_bundle(ByteView{file}.first(n), secret(1), 4096, items));
    }
  }
}

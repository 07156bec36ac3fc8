#include "protocol/bundle.h"

#include <doctest/doctest.h>

#include <functional>

#include "protocol/noise_suite.h"
#include "protocol/wire.h"

using namespace kiz;

namespace {

SecretKey32 key(std::uint8_t n) { return SecretKey32{Bytes(32, n)}; }
crypto::SigningKey author() { return crypto::SigningKey{Bytes(32, 7)}; }

BundleOpening opening() {
  BundleOpening out;
  out.realm = RealmId::from(Bytes(32, 0xee));
  out.sender = author().author();
  out.sender_transport = noise::public_key(key(5));
  out.number = 3;
  out.made_ms = 1'794'000'000'000;
  out.builds_on = 2;
  out.recipients = {noise::public_key(key(1)), noise::public_key(key(2))};
  std::sort(out.recipients.begin(), out.recipients.end());
  out.control_from = 4;
  out.control = {1, 5, ControlHash::from(Bytes(32, 0xc0))};
  return out;
}

const SpaceName offers{"05554004", Collection::offers, ""};
Head head(std::uint8_t n) { return {LogId::from(Bytes(32, n)), n, EntryHash::from(Bytes(32, n))}; }

CheckpointClaim claim() {
  CheckpointClaim out;
  out.space = {{}, "05554004", Collection::offers, ""};
  out.heads = {{head(1), author().author()}};
  return out;
}
template <class T>
void add_message(BundleWriter& writer, const T& content, Bytes& out) {
  const Message message = encode_message(content);
  writer.add(static_cast<std::uint32_t>(message.kind), message.body, out);
}

Bytes written(const BundleOpening& opening, const std::function<void(BundleWriter&, Bytes&)>& parts) {
  Bytes out;
  auto writer = BundleWriter::begin(opening, {key(90), key(91)}, out);
  REQUIRE(writer);
  parts(*writer, out);
  writer->finish(author(), out);
  return out;
}

Bytes usual() {
  return written(opening(), [](BundleWriter& writer, Bytes& out) {
    const auto records = encode_message(ControlRecords{{Bytes(300, 'c')}});
    writer.add(static_cast<std::uint32_t>(records.kind), records.body, out);
    writer.add(BundleBase{offers, {head(1)}}, out);
    writer.add(BundleFrontier{offers, bundle_state_schema, {}, {{head(1), {}}, {head(2), {}}}}, out);
    add_message(writer, CheckpointWanted{claim()}, out);
    add_message(writer, CheckpointSigned{{claim(), author().author(), {}}}, out);
    writer.add(static_cast<std::uint32_t>(MessageKind::run), Bytes(200'000, 'r'), out);
  });
}

struct Read {
  Errc code = Errc::ok;
  std::vector<BundleItem> items;
  Hash hash;
};

Read read(const SecretKey32& own, ByteView file, std::size_t step = 4096) {
  BundleReader reader{own};
  Read out;
  while (true) {
    const ByteView piece = file.first(std::min(step, file.size()));
    file = file.subspan(piece.size());
    if (auto fed = piece.empty() ? reader.end_of_file() : reader.feed(piece); !fed) {
      out.code = fed.error().code;
      return out;
    }
    while (true) {
      auto item = reader.next();
      if (!item) {
        out.code = item.error().code;
        return out;
      }
      if (!*item) break;
      out.items.push_back(std::move(**item));
    }
    if (piece.empty()) break;
  }
  CHECK(reader.complete());
  out.hash = reader.content_hash();
  return out;
}

}  // namespace

TEST_CASE("bundle: what is put in comes out in order, and the signature covers all of it") {
  const Read bundle = read(key(2), usual());
  REQUIRE(bundle.code == Errc::ok);
  REQUIRE(bundle.items.size() == 8);
  const auto& first = std::get<BundleOpening>(bundle.items[0]);
  CHECK(first.number == 3);
  CHECK(first.recipients.size() == 2);
  CHECK(std::get<ControlRecords>(bundle.items[1]).records.front().size() == 300);
  CHECK(std::get<BundleBase>(bundle.items[2]).heads.size() == 1);
  CHECK(std::get<BundleFrontier>(bundle.items[3]).heads.size() == 2);
  CHECK(std::get<CheckpointWanted>(bundle.items[4]).claim == claim());
  CHECK(std::get<CheckpointSigned>(bundle.items[5]).checkpoint.claim == claim());
  CHECK(std::get<BundleRun>(bundle.items[6]).bytes == Bytes(200'000, 'r'));
  const auto& end = std::get<BundleEnd>(bundle.items[7]);
  CHECK(crypto::verify(author().author(), bundle_label, bundle.hash, end.signature));
}

TEST_CASE("bundle: a bundle that a recipient seals anew for others keeps no good signature") {
  const Read first = read(key(2), usual());
  BundleOpening other = opening();
  other.recipients = {noise::public_key(key(3))};
  Bytes out;
  auto writer = BundleWriter::begin(other, {key(92), key(93)}, out);
  REQUIRE(writer);
  // Only the sender's key could sign for this recipient; what the signature is over differs.
  writer->finish(crypto::SigningKey{Bytes(32, 8)}, out);
  const Read second = read(key(3), out);
  REQUIRE(second.code == Errc::ok);
  CHECK(second.hash != first.hash);
}

TEST_CASE("bundle: parts out of order, twice, unknown or behind the end are refused") {
  const auto refused = [](const std::function<void(BundleWriter&, Bytes&)>& parts) { return read(key(1), written(opening(), parts)).code; };
  CHECK(refused([](BundleWriter& writer, Bytes& out) { writer.add(opening(), out); }) == Errc::malformed);
  CHECK(refused([](BundleWriter& writer, Bytes& out) {
          writer.add(BundleFrontier{offers, bundle_state_schema, {}, {{head(1), {}}}}, out);
          writer.add(BundleBase{offers, {head(1)}}, out);
        }) == Errc::malformed);
  CHECK(refused([](BundleWriter& writer, Bytes& out) {
          writer.add(static_cast<std::uint32_t>(MessageKind::run), Bytes(9, 'r'), out);
          add_message(writer, CheckpointWanted{claim()}, out);
        }) == Errc::malformed);
  CHECK(refused([](BundleWriter& writer, Bytes& out) {
          add_message(writer, CheckpointSigned{{claim(), author().author(), {}}}, out);
          add_message(writer, CheckpointWanted{claim()}, out);
        }) == Errc::malformed);
  CHECK(refused([](BundleWriter& writer, Bytes& out) {
          writer.add(static_cast<std::uint32_t>(MessageKind::checkpoint_wanted), Bytes(9, 0xff), out);
        }) != Errc::ok);
  CHECK(refused([](BundleWriter& writer, Bytes& out) { writer.add(63, Bytes{}, out); }) == Errc::unknown_version);
  CHECK(refused([](BundleWriter& writer, Bytes& out) { writer.add(BundleEnd{}, out); }) == Errc::malformed);
  CHECK(refused([](BundleWriter& writer, Bytes& out) { writer.add(BundleJoin{}, out); }) == Errc::malformed);
  CHECK(refused([](BundleWriter& writer, Bytes& out) { writer.add(BundleBase{offers, {}}, out); }) == Errc::malformed);
  CHECK(refused([](BundleWriter& writer, Bytes& out) {
          writer.add(BundleBase{offers, {head(2)}}, out);
          writer.add(BundleBase{offers, {head(1)}}, out);
        }) == Errc::ok);  // of one space in parts: which order they have is the sender's
}

TEST_CASE("bundle: an opening that contradicts itself is refused") {
  const auto code = [](const std::function<void(BundleOpening&)>& change) {
    BundleOpening changed = opening();
    change(changed);
    return decode_bundle_part<BundleOpening>(encode_bundle_part(changed)) ? Errc::ok
                                                                          : decode_bundle_part<BundleOpening>(encode_bundle_part(changed)).error().code;
  };
  CHECK(code([](BundleOpening&) {}) == Errc::ok);
  CHECK(code([](BundleOpening& o) { o.version = 2; }) == Errc::unknown_version);
  CHECK(code([](BundleOpening& o) { o.number = 0; }) == Errc::malformed);
  CHECK(code([](BundleOpening& o) { o.builds_on = 3; }) == Errc::malformed);
  CHECK(code([](BundleOpening& o) { o.whole = true; }) == Errc::malformed);
}

TEST_CASE("bundle: lengths of 2^31 and 2^63 inside are refused before anything is reserved") {
  for (const unsigned bits : {31u, 63u}) {
    wire::Writer stream;
    stream.varint(static_cast<std::uint64_t>(BundlePart::opening));
    stream.varint(std::uint64_t{1} << bits);
    Bytes file;
    auto sealer = BundleSealer::begin(BundleKind::exchange, {noise::public_key(key(1))}, {key(90), key(91)}, file);
    REQUIRE(sealer);
    sealer->add(stream.bytes(), file);
    sealer->finish(file);
    CHECK(read(key(1), file).code == Errc::over_limit);
  }
  wire::Writer body;  // a list that claims 2^31 records
  body.varint(std::uint64_t{1} << 31);
  CHECK(read(key(1), written(opening(), [&](BundleWriter& writer, Bytes& out) {
               writer.add(static_cast<std::uint32_t>(MessageKind::control_records), body.bytes(), out);
             })).code == Errc::over_limit);
}

TEST_CASE("bundle: a file that unpacks to thousands of times its size is refused soon") {
  const Bytes zeros(1u << 20, 0);
  const Bytes bomb = written(opening(), [&](BundleWriter& writer, Bytes& out) {
    for (int i = 0; i < 300; ++i) writer.add(static_cast<std::uint32_t>(MessageKind::run), zeros, out);
  });
  CHECK(bomb.size() < 100'000);
  const Read refused = read(key(1), bomb);
  CHECK(refused.code == Errc::over_limit);
  CHECK(refused.items.size() < 80);
}

TEST_CASE("bundle: the inside may not end early or go on, though the seal is good") {
  const auto sealed = [](ByteView inside) {
    Bytes file;
    auto sealer = BundleSealer::begin(BundleKind::exchange, {noise::public_key(key(1))}, {key(90), key(91)}, file);
    REQUIRE(sealer);
    sealer->add(inside, file);
    sealer->finish(file);
    return file;
  };
  CHECK(read(key(1), sealed({})).code == Errc::malformed);
  Bytes inside;
  REQUIRE(append_message(static_cast<std::uint32_t>(BundlePart::opening), encode_bundle_part(opening()), inside));
  CHECK(read(key(1), sealed(inside)).code == Errc::malformed);
  BundleEnd end;
  end.messages = 1;
  REQUIRE(append_message(static_cast<std::uint32_t>(BundlePart::end), encode_bundle_part(end), inside));
  CHECK(read(key(1), sealed(inside)).code == Errc::ok);
  inside.push_back(0);
  CHECK(read(key(1), sealed(inside)).code == Errc::malformed);
}

TEST_CASE("bundle: a join file proves invite, check number and both keys, and derives the pair's key") {
  const auto device = key(11), kreis = key(12), psk = key(13);
  const auto statics = noise::agree(device, noise::public_key(kreis));
  const auto other = noise::agree(kreis, noise::public_key(device));
  REQUIRE(statics);
  REQUIRE(other);
  CHECK(*statics == *other);
  const Hash binding = join_file_binding({}, {}, author().author(), noise::public_key(device), "Rathaus");
  CHECK(join_file_proof(psk, *statics, binding) == join_file_proof(psk, *other, binding));
  CHECK(join_file_proof(psk, *statics, binding) != join_file_proof(key(14), *statics, binding));
  CHECK(join_file_proof(psk, *statics, binding) !=
        join_file_proof(psk, *statics, join_file_binding({}, {}, author().author(), noise::public_key(device), "Rathaus 2")));
  CHECK(join_file_psk(psk, *statics, author().author()) == join_file_psk(psk, *other, author().author()));
}

// A bundle as somebody brings it on a stick: the outside as it is, and the inside of one that was sealed for this device.
#include "protocol/bundle.h"
#include "protocol/noise_suite.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {
namespace {

SecretKey32 own() { return SecretKey32{Bytes(32, 1)}; }

Bytes sealed(BundleKind kind, ByteView inside) {
  Bytes out;
  auto sealer = BundleSealer::begin(kind, {noise::public_key(own())}, {SecretKey32{Bytes(32, 90)}, SecretKey32{Bytes(32, 91)}}, out);
  KIZ_ASSERT(sealer);
  sealer->add(inside, out);
  sealer->finish(out);
  return out;
}

template <class T>
void same_again(const T& part) {
  const auto again = decode_bundle_part<T>(encode_bundle_part(part));
  KIZ_ASSERT(again && encode_bundle_part(*again) == encode_bundle_part(part));
}

void take_apart(ByteView file) {
  BundleReader reader{own()};
  if (!reader.feed(file)) return;
  for (bool ended = false;; ended = true) {
    if (ended && !reader.end_of_file()) return;
    while (true) {
      auto item = reader.next();
      if (!item) return;
      if (!*item) break;
      if (const auto* part = std::get_if<BundleOpening>(&**item)) same_again(*part);
      if (const auto* part = std::get_if<BundleBase>(&**item)) same_again(*part);
      if (const auto* part = std::get_if<BundleFrontier>(&**item)) same_again(*part);
      if (const auto* part = std::get_if<CheckpointWanted>(&**item)) KIZ_ASSERT(decode_message<CheckpointWanted>(encode_message(*part).body));
      if (const auto* part = std::get_if<CheckpointSigned>(&**item)) KIZ_ASSERT(decode_message<CheckpointSigned>(encode_message(*part).body));
      if (const auto* part = std::get_if<BundleEnd>(&**item)) same_again(*part);
      if (const auto* part = std::get_if<BundleJoin>(&**item)) same_again(*part);
    }
    if (ended) return;
  }
}

}  // namespace

int one(ByteView in) {
  // The first byte chooses: a file of anybody, or the inside of one by a hostile member, which the seal does not stop.
  if (in.empty()) return 0;
  const ByteView rest = in.subspan(1);
  if (in[0] == 0) {
    take_apart(rest);
    std::size_t whole = 0, pieces = 0;
    KIZ_ASSERT(reads_as_bundle(rest, own(), rest.size(), whole) == reads_as_bundle(rest, own(), 7, pieces));
  } else {
    take_apart(sealed(in[0] == 1 ? BundleKind::exchange : BundleKind::join, rest));
  }
  return 0;
}

std::vector<Bytes> seeds() {
  const crypto::SigningKey sender{Bytes(32, 7)};
  BundleOpening opening;
  opening.sender = sender.author();
  opening.number = 2;
  opening.builds_on = 1;
  opening.recipients = {noise::public_key(own())};
  opening.control_from = 1;
  const Head head{LogId::from(Bytes(32, 1)), 4, EntryHash::from(Bytes(32, 2))};
  const SpaceName space{"05554004", Collection::offers, ""};

  Bytes file{0};
  auto writer = BundleWriter::begin(opening, {SecretKey32{Bytes(32, 90)}, SecretKey32{Bytes(32, 91)}}, file);
  KIZ_ASSERT(writer);
  writer->add(BundleBase{space, {head}}, file);
  writer->finish(sender, file);

  Bytes inside{1};
  const auto add = [&](std::uint32_t kind, ByteView body, Bytes& to) { KIZ_ASSERT(append_message(kind, body, to)); };
  const auto part = [&](const auto& content, Bytes& to) { add(static_cast<std::uint32_t>(content.part), encode_bundle_part(content), to); };
  part(opening, inside);
  const Message control = encode_message(ControlRecords{{Bytes(400, 'c')}});
  add(static_cast<std::uint32_t>(control.kind), control.body, inside);
  part(BundleBase{space, {head}}, inside);
  part(BundleFrontier{space, bundle_state_schema, {}, {{head, {}}}}, inside);
  CheckpointClaim claim;
  claim.space = {{}, "05554004", Collection::offers, ""};
  claim.heads = {{head, sender.author()}};
  for (const Message& message : {encode_message(CheckpointWanted{claim}), encode_message(CheckpointSigned{{claim, sender.author(), {}}})}) {
    add(static_cast<std::uint32_t>(message.kind), message.body, inside);
  }
  add(static_cast<std::uint32_t>(MessageKind::run), Bytes(700, 'r'), inside);
  part(BundleEnd{7, {}}, inside);

  Bytes join{2};
  BundleJoin answer;
  answer.device = "Rathaus";
  part(answer, join);
  return {file, inside, join};
}

}  // namespace kiz::fuzz

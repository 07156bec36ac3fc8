// Writes files that only somebody with bad intentions would seal for a device.
//
//   bad_bundle bomb|length-31|length-63 KEY REALM FILE
//
// KEY and REALM: 64 hexadecimal digits each, the static key of the device and the id of the realm, as in an invite; nothing
// more is needed to seal a file. bomb: 300 MiB in a file of some 100 KiB. length-N: a message that says it is 2^N bytes long.
#include <sodium.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "protocol/bundle.h"
#include "protocol/limits.h"
#include "protocol/noise_suite.h"
#include "protocol/wire.h"

namespace {

using namespace kiz;

constexpr std::size_t bomb_bytes = 300u << 20;

SecretKey32 key(std::uint8_t n) { return SecretKey32{Bytes(32, n)}; }

Bytes bomb(const TransportKey& recipient, const RealmId& realm) {
  const crypto::SigningKey author{Bytes(32, 7)};
  BundleOpening opening;
  opening.realm = realm;
  opening.sender = author.author();
  opening.sender_transport = noise::public_key(key(5));
  opening.number = 1;
  opening.recipients = {recipient};
  opening.control_from = 1'000'000;  // behind what anybody holds: these records are counted and not looked into
  Bytes out;
  auto writer = BundleWriter::begin(opening, {key(90), key(91)}, out);
  if (!writer) return {};
  const ControlRecords zeros{std::vector<Bytes>(15, Bytes(limits::control_record_bytes_max))};
  const Message message = encode_message(zeros);
  for (std::size_t n = 0; n < bomb_bytes; n += message.body.size()) writer->add(static_cast<std::uint32_t>(message.kind), message.body, out);
  writer->finish(author, out);
  return out;
}

Bytes long_message(const TransportKey& recipient, unsigned bits) {
  wire::Writer stream;
  stream.varint(static_cast<std::uint64_t>(BundlePart::opening));
  stream.varint(std::uint64_t{1} << bits);
  Bytes out;
  auto sealer = BundleSealer::begin(BundleKind::exchange, {recipient}, {key(90), key(91)}, out);
  if (!sealer) return {};
  sealer->add(stream.bytes(), out);
  sealer->finish(out);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 || sodium_init() < 0) return 2;
  const std::string what = argv[1];
  const TransportKey recipient = TransportKey::from(from_hex(argv[2]));
  const Bytes file = what == "bomb"        ? bomb(recipient, RealmId::from(from_hex(argv[3])))
                     : what == "length-31" ? long_message(recipient, 31)
                     : what == "length-63" ? long_message(recipient, 63)
                                           : Bytes{};
  std::ofstream{argv[4], std::ios::binary}.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  return file.empty() ? 1 : 0;
}

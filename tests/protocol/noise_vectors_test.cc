// Every vector of every *.json file in the folder of KIZ_NOISE_VECTORS, or else in ours and in that of KIZ_REAL_DATA.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "protocol/handshake.h"
#include "tests/support/real_data.h"
#include "tests/support/source_dir.h"

using namespace kiz;
using namespace kiz::noise;
using nlohmann::json;

namespace {

Bytes hex_field(const json& vector, const std::string& name) {
  return vector.contains(name) && vector[name].is_string() ? from_hex(vector[name].get<std::string>()) : Bytes{};
}

std::optional<SecretKey32> key_field(const json& vector, const std::string& name) {
  const Bytes bytes = hex_field(vector, name);
  if (bytes.size() != 32) return std::nullopt;
  return SecretKey32{bytes};
}

HandshakeKeys keys_of(const json& vector, const std::string& side) {
  HandshakeKeys keys{key_field(vector, side + "_static"), key_field(vector, side + "_ephemeral"), {}, {}};
  const Bytes remote = hex_field(vector, side + "_remote_static");
  if (remote.size() == 32) keys.remote_static = TransportKey::from(remote);
  for (const auto& psk : vector.value(side + "_psks", json::array())) {
    keys.psks.emplace_back(from_hex(psk.get<std::string>()));
  }
  return keys;
}

Bytes prologue(const json& vector, const std::string& side) { return hex_field(vector, side + "_prologue"); }

// Handshake messages both ways, one transport message after the other; each compared with the vector.
// leave_open: the reader of the last psk gets it only among candidates that do not fit.
void play(const Protocol& protocol, const json& vector, bool leave_open) {
  HandshakeKeys of_initiator = keys_of(vector, "init");
  HandshakeKeys of_responder = keys_of(vector, "resp");
  std::vector<SecretKey32> candidates;
  if (leave_open) {
    std::size_t last_psk_message = 0;
    for (std::size_t i = 0; i < protocol.pattern.messages.size(); ++i) {
      for (const Token token : protocol.pattern.messages[i]) {
        if (token == Token::psk) last_psk_message = i;
      }
    }
    HandshakeKeys& reader = last_psk_message % 2 == 0 ? of_responder : of_initiator;
    candidates.emplace_back(Bytes(32, 0));
    candidates.push_back(std::move(reader.psks.back()));
    reader.psks.pop_back();
  }

  auto initiator = Handshake::start(protocol, Role::initiator, prologue(vector, "init"), std::move(of_initiator));
  auto responder = Handshake::start(protocol, Role::responder, prologue(vector, "resp"), std::move(of_responder));
  REQUIRE(initiator);
  REQUIRE(responder);

  const auto& messages = vector["messages"];
  const std::size_t handshake_messages = protocol.pattern.messages.size();
  REQUIRE(messages.size() >= handshake_messages);
  for (std::size_t i = 0; i < handshake_messages; ++i) {
    Handshake& writer = i % 2 == 0 ? *initiator : *responder;
    Handshake& reader = i % 2 == 0 ? *responder : *initiator;
    const Bytes payload = hex_field(messages[i], "payload");
    const Bytes expected = hex_field(messages[i], "ciphertext");
    const auto written = writer.write(payload);
    REQUIRE(written);
    CHECK(to_hex(*written) == to_hex(expected));
    auto read = reader.read(expected);
    REQUIRE(read);
    if (reader.needs_psk()) {
      CHECK_FALSE(read->has_value());
      auto fitting = reader.offer_psks(candidates);
      REQUIRE(fitting);
      CHECK(fitting->index == 1);
      *read = fitting->payload;
    }
    CHECK(to_hex(**read) == to_hex(payload));
  }

  REQUIRE(initiator->finished());
  REQUIRE(responder->finished());
  Transport of_first = std::move(*initiator).split();
  Transport of_second = std::move(*responder).split();
  CHECK(of_first.handshake_hash == of_second.handshake_hash);
  if (vector.contains("handshake_hash")) {
    CHECK(to_hex(of_first.handshake_hash) == vector["handshake_hash"].get<std::string>());
  }

  const bool one_way = protocol.pattern.one_way();
  CHECK(of_first.receive.has_value() == !one_way);
  CHECK(of_second.send.has_value() == !one_way);
  for (std::size_t i = handshake_messages; i < messages.size(); ++i) {
    const bool from_initiator = one_way || i % 2 == 0;
    CipherState& send = from_initiator ? *of_first.send : *of_second.send;
    CipherState& receive = from_initiator ? *of_second.receive : *of_first.receive;
    const Bytes payload = hex_field(messages[i], "payload");
    Bytes sealed, opened;
    REQUIRE(send.seal({}, payload, sealed));
    CHECK(to_hex(sealed) == messages[i]["ciphertext"].get<std::string>());
    REQUIRE(receive.open({}, sealed, opened));
    CHECK(opened == payload);
  }
}

struct Count {
  int played = 0;
  int skipped = 0;
};

Count play_file(const std::filesystem::path& file) {
  Count count;
  const json content = json::parse(std::ifstream{file});
  for (const json& vector : content.is_array() ? content : content.at("vectors")) {
    const auto name = vector.value("protocol_name", vector.value("name", std::string{}));
    const auto protocol = parse_protocol(name);
    if (!protocol) {  // another suite, or a fallback
      ++count.skipped;
      continue;
    }
    CAPTURE(name);
    play(*protocol, vector, false);
    if (protocol->pattern.psk_count() > 0) play(*protocol, vector, true);
    ++count.played;
  }
  return count;
}

Count play_folder(const std::filesystem::path& folder) {
  Count sum;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() != ".json") continue;
    const Count count = play_file(entry.path());
    sum.played += count.played;
    sum.skipped += count.skipped;
  }
  std::cout << "noise vectors in " << folder.filename().string() << ": " << sum.played << " played, " << sum.skipped
            << " of other suites or patterns skipped\n";
  return sum;
}

}  // namespace

TEST_CASE("noise vectors: those of the named folder, or our own, are met in both roles to the last byte") {
  const char* named = std::getenv("KIZ_NOISE_VECTORS");
  const std::filesystem::path own = test::source_dir() / "tests/vectors/noise";
  CHECK(play_folder(named != nullptr ? std::filesystem::path{named} : own).played > 0);
}

TEST_CASE("real data: noise vectors of other implementations are met to the last byte") {
  const auto folder = test::real_data() / "vectors" / "noise";
  if (!std::filesystem::is_directory(folder)) {
    std::cout << "SKIPPED by name: noise vectors of KIZ_REAL_DATA\n";
    return;
  }
  CHECK(play_folder(folder).played > 0);
}

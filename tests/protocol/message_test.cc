#include "protocol/message.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "protocol/crypto.h"
#include "protocol/enrolment_session.h"
#include "protocol/limits.h"
#include "protocol/sync_digest.h"
#include "protocol/wire.h"
#include "tests/support/source_dir.h"

using namespace kiz;

namespace {
template <class Id>
Id id(std::uint8_t n) { return Id::from(Bytes(Id::size_bytes, n)); }

Head head(std::uint8_t log, Seq seq) { return {id<LogId>(log), seq, id<EntryHash>(static_cast<std::uint8_t>(seq))}; }

const SpaceName space{"05554004", Collection::offers, ""};
const SpaceName other_space{"05554004", Collection::offers, "05554"};

const CheckpointClaim claim{space.in(id<RealmId>(9)), 1, id<Hash>(3), {{head(1, 2), id<AuthorKey>(5)}, {head(2, 1), id<AuthorKey>(6)}}};

CellName cell(std::uint8_t entry, std::uint32_t op) { return {id<EntryHash>(entry), op}; }

ValuesGiven given_values() {
  GivenValue first{cell(1, 2), true, {}, Value{std::string{"Sprachcafé"}}}, second{cell(1, 300), false, {}, Value{std::int64_t{-5}}};
  first.secret.bytes.fill(3);
  second.secret.bytes.fill(4);
  return {space, true, {first, second}};
}

/// One of each kind, every field different from its default.
std::vector<Message> one_of_each() {
  Hello hello;
  hello.capabilities = 5;
  hello.realm = id<RealmId>(1);
  hello.control = {1, 9, id<ControlHash>(2)};
  hello.summary = id<Hash>(3);
  hello.your_heads = id<ShortDigest>(4);
  hello.window = 4u << 20;
  return {
      encode_message(hello),
      encode_message(Position{hello.control, hello.summary}),
      encode_message(ControlRecords{{Bytes(3, 1), Bytes(200, 2)}}),
      encode_message(ControlProof{Bytes(5, 1)}),
      encode_message(OwnHeadsWanted{}),
      encode_message(OwnHeads{{{head(1, 2), id<Signature>(1)}, {head(2, 2), id<Signature>(1)}}}),
      encode_message(Digests{{{space, id<ShortDigest>(1)}, {other_space, id<ShortDigest>(2)}}}),
      encode_message(FrontierPart{space, true, true, false, {head(1, 2), head(1, 3), head(2, 1)}}),
      encode_message(FrontierPart{space, false, false, true, {}}),
      encode_message(Samples{space, id<LogId>(1), true, {{1, id<EntryHash>(1)}, {300, id<EntryHash>(2)}}}),
      encode_message(Ack{7, {{5, Errc::gap}, {6, Errc::ok}}}),
      encode_message(Quiet{3, 1, false, id<Hash>(1)}),
      encode_message(Quiet{3, 1, true, {}}),
      encode_message(SpaceRefused{other_space, Errc::not_permitted}),
      encode_message(Close{Errc::revoked}),
      encode_message(Ping{}),
      encode_message(Pong{}),
      encode_message(Receipt{space, 300, {head(1, 2), head(2, 1)}, id<AuthorKey>(1), id<Signature>(2)}),
      encode_message(ValuesWanted{space, {cell(1, 2), cell(1, 300)}}),
      encode_message(given_values()),
      encode_message(CheckpointWanted{claim}),
      encode_message(CheckpointSigned{{claim, id<AuthorKey>(7), id<Signature>(8)}}),
      encode_message(States{hello.control, 1, id<ShortDigest>(3), {{space, id<ShortDigest>(1), id<Hash>(2)}, {other_space, id<ShortDigest>(4), id<Hash>(5)}}}),
      encode_message(ProvenHeads{{{space, {head(1, 2), id<Signature>(1)}}, {other_space, {head(2, 1), id<Signature>(2)}}}}),
      encode_message(JoinRequest{1, id<AuthorKey>(1), "Büro 1", id<Signature>(2)}),
      encode_message(JoinWaiting{}),
      encode_message(JoinAccepted{"05554004", hello.control, id<PairPsk>(7)}),
      encode_message(JoinRefused{Errc::invite_used}),
      encode_message(JoinAcknowledged{hello.control}),
      encode_message(RealmSecretWanted{}),
      encode_message(RealmSecretHandedOver{300, id<PairPsk>(7)}),
  };
}

template <class T>
std::optional<Bytes> again(ByteView body) {
  const auto content = decode_message<T>(body);
  if (!content) return {};
  return encode_message(*content).body;
}

/// The body decoded as its kind and encoded again; empty where it is refused.
std::optional<Bytes> again(MessageKind kind, ByteView body) {
  switch (kind) {
    case MessageKind::hello: return again<Hello>(body);
    case MessageKind::position: return again<Position>(body);
    case MessageKind::control_records: return again<ControlRecords>(body);
    case MessageKind::control_proof: return again<ControlProof>(body);
    case MessageKind::own_heads_wanted: return again<OwnHeadsWanted>(body);
    case MessageKind::own_heads: return again<OwnHeads>(body);
    case MessageKind::digests: return again<Digests>(body);
    case MessageKind::frontier: return again<FrontierPart>(body);
    case MessageKind::samples: return again<Samples>(body);
    case MessageKind::ack: return again<Ack>(body);
    case MessageKind::quiet: return again<Quiet>(body);
    case MessageKind::refused: return again<SpaceRefused>(body);
    case MessageKind::close: return again<Close>(body);
    case MessageKind::ping: return again<Ping>(body);
    case MessageKind::pong: return again<Pong>(body);
    case MessageKind::receipt: return again<Receipt>(body);
    case MessageKind::values_wanted: return again<ValuesWanted>(body);
    case MessageKind::values_given: return again<ValuesGiven>(body);
    case MessageKind::checkpoint_wanted: return again<CheckpointWanted>(body);
    case MessageKind::checkpoint_signed: return again<CheckpointSigned>(body);
    case MessageKind::states: return again<States>(body);
    case MessageKind::proven_heads: return again<ProvenHeads>(body);
    case MessageKind::join_request: return again<JoinRequest>(body);
    case MessageKind::join_waiting: return again<JoinWaiting>(body);
    case MessageKind::join_accepted: return again<JoinAccepted>(body);
    case MessageKind::join_refused: return again<JoinRefused>(body);
    case MessageKind::join_acknowledged: return again<JoinAcknowledged>(body);
    case MessageKind::realm_secret_wanted: return again<RealmSecretWanted>(body);
    case MessageKind::realm_secret: return again<RealmSecretHandedOver>(body);
    case MessageKind::run: break;
  }
  return {};
}
}  // namespace

TEST_CASE("message: bytes made from SPEC alone are ours") {
  std::ifstream file{test::source_dir() / "tests/vectors/sync/messages.json"};
  const auto vectors = nlohmann::json::parse(file);
  const auto ours = one_of_each();
  REQUIRE(vectors["messages"].size() == ours.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto& wanted = vectors["messages"][i];
    CAPTURE(wanted["name"].get<std::string>());
    CHECK(static_cast<unsigned>(ours[i].kind) == wanted["kind"].get<unsigned>());
    CHECK(to_hex(ours[i].body) == wanted["body"].get<std::string>());
  }
  const RealmId realm;
  const std::vector<SpaceDigest> spaces{{space.in(realm), id<Hash>(1)}, {other_space.in(realm), id<Hash>(2)}};
  CHECK(to_hex(summary_of(spaces)) == vectors["summary"].get<std::string>());
  CHECK(to_hex(summary_of({})) == vectors["summary_of_nothing"].get<std::string>());
  CHECK(to_hex(heads_digest({head(1, 2), head(1, 3), head(2, 1)})) == vectors["own_heads"].get<std::string>());
  const Receipt receipt{space, 300, {head(1, 2), head(2, 1)}, {}, {}};
  CHECK(to_hex(receipt_hash(receipt, id<RealmId>(9))) == vectors["receipt"].get<std::string>());
  CHECK(to_hex(checkpoint_hash(claim)) == vectors["checkpoint"].get<std::string>());
  CHECK(confirmation_code(Bytes(64, 7)) == vectors["confirmation_code"].get<std::string>());
}

TEST_CASE("message: each kind survives the wire byte for byte") {
  for (const Message& message : one_of_each()) {
    CAPTURE(static_cast<unsigned>(message.kind));
    CHECK(again(message.kind, message.body) == message.body);
  }
}

TEST_CASE("message: each kind is refused when cut short at any byte or continued by one") {
  for (const Message& message : one_of_each()) {
    CAPTURE(static_cast<unsigned>(message.kind));
    for (std::size_t n = 0; n < message.body.size(); ++n) CHECK_FALSE(again(message.kind, ByteView{message.body}.first(n)));
    Bytes longer = message.body;
    longer.push_back(0);
    CHECK_FALSE(again(message.kind, longer));
  }
}

TEST_CASE("message: what any changed byte decodes to encodes to the same bytes") {
  for (const Message& message : one_of_each()) {
    CAPTURE(static_cast<unsigned>(message.kind));
    for (std::size_t n = 0; n < message.body.size(); ++n) {
      for (const unsigned value : {0u, 1u, 2u, 4u, 8u, 0x7fu, 0x80u, 0xffu}) {
        Bytes changed = message.body;
        changed[n] = static_cast<std::uint8_t>(value);
        if (const auto back = again(message.kind, changed)) CHECK(*back == changed);
      }
    }
  }
}

TEST_CASE("message: lists out of order, with twins or with absurd counts are refused") {
  CHECK_FALSE(decode_message<FrontierPart>(Bytes{0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}));
  CHECK_FALSE(decode_message<Ack>(Bytes{7, 2, 5, 0, 5, 1}));   // one run, two outcomes
  CHECK_FALSE(decode_message<Ack>(Bytes{7, 1, 8, 0}));          // a run that is not acknowledged here
  CHECK_FALSE(decode_message<Ack>(Bytes{7, 1, 0, 0}));          // runs are counted from 1
  CHECK(decode_message<Ack>(Bytes{7, 2, 5, 0, 6, 1}));
  CHECK_FALSE(decode_message<FrontierPart>(Bytes{0, 1, 0, 1, 0}));  // more to come of nothing
  CHECK_FALSE(decode_message<FrontierPart>(Bytes{0, 1, 0, 6, 0}));  // covers, and asks
  CHECK_FALSE(decode_message<FrontierPart>(Bytes{0, 1, 0, 8, 0}));  // unknown bit
  CHECK_FALSE(decode_message<Close>(Bytes{0x80, 0x80, 0x04}));       // a code above 65535
  CHECK(decode_message<Close>(Bytes{0xff, 0xff, 0x03}));
}

TEST_CASE("message: the largest of each fits into a message") {
  Digests digests;
  for (std::size_t i = 0; i < limits::spaces_max; ++i) {
    digests.spaces.push_back({{"055540000000", static_cast<Collection>(1000 + i), "055540000000"}, {}});
  }
  FrontierPart part;
  part.space = space;
  for (std::size_t i = 0; i < limits::frontier_part_heads_max; ++i) part.heads.push_back({{}, ~Seq{0} - limits::heads_max + i, {}});
  OwnHeads own;
  for (std::size_t i = 0; i < limits::own_heads_max; ++i) own.heads.push_back({{{}, ~Seq{0} - limits::heads_max + i, {}}, {}});
  CHECK(encode_message(digests).body.size() <= limits::message_bytes_max);
  CHECK(encode_message(part).body.size() <= limits::message_bytes_max);
  CHECK(encode_message(own).body.size() <= limits::message_bytes_max);
  CHECK(decode_message<Digests>(encode_message(digests).body));
  CHECK(decode_message<FrontierPart>(encode_message(part).body));
  CHECK(decode_message<OwnHeads>(encode_message(own).body));

  part.heads.push_back({{}, ~Seq{0}, {}});
  wire::Writer ar;  // one more than the bound, by hand: the encoder does not write it
  ar(const_cast<std::string&>(part.space.owner).size() == 8 ? std::uint64_t{8} : std::uint64_t{0});
  ar.raw(view(part.space.owner));
  ar(std::uint32_t{1}, std::uint32_t{0}, std::uint8_t{0});
  ar.varint(part.heads.size());
  for (Head h : part.heads) ar(h);
  CHECK(decode_message<FrontierPart>(ar.bytes()).error().code == Errc::over_limit);
}

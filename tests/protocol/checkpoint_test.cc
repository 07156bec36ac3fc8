#include "protocol/checkpoint.h"

#include <doctest/doctest.h>

#include "protocol/control_log.h"

using namespace kiz;

namespace {

template <class Id>
Id id(std::uint8_t n) { return Id::from(Bytes(Id::size_bytes, n)); }

Head head(std::uint8_t log, Seq seq) { return {id<LogId>(log), seq, id<EntryHash>(static_cast<std::uint8_t>(seq))}; }

/// A realm with an office of Ahaus, and what may be signed in it.
struct Authority {
  crypto::SigningKey root{Bytes(32, 1)}, issuing{Bytes(32, 2)}, office{Bytes(32, 3)}, stranger{Bytes(32, 4)};
  ControlLog log;

  Authority() {
    REQUIRE(log.append(make_control_record(nullptr, RealmFounded{root.author(), issuing.author(), certify_issuing_key(root, issuing.author()), "Kreis", "05554"}, 1, root)));
    REQUIRE(add(MemberNamed{"05554004", "Ahaus", MemberRole::municipality}));
    REQUIRE(add(DeviceGranted{office.author(), {}, "05554004", rights_of_an_office, "Büro", 1, {}}));
    REQUIRE(add(DeviceGranted{stranger.author(), {}, "05554008", rights_of_an_office, "Büro", 1, {}}));
  }
  Result<void> add(const ControlBody& body) { return log.append(make_control_record(&log.records().back(), body, 1, issuing)); }
  CheckpointClaim claim() const {
    return {{log.realm(), "05554004", Collection::offers, {}}, 1, id<Hash>(7), {{head(1, 10), office.author()}, {head(2, 5), stranger.author()}}};
  }
  static Checkpoint by(const crypto::SigningKey& key, CheckpointClaim claim) {
    Checkpoint out{std::move(claim), key.author(), {}};
    out.signature = key.sign(checkpoint_label, checkpoint_hash(out.claim));
    return out;
  }
};

Cut cut(std::uint8_t log, Seq seq) { return {id<LogId>(log), seq, id<EntryHash>(static_cast<std::uint8_t>(seq)), {}}; }

}  // namespace

TEST_CASE("checkpoint: a device of the owner signs, the authority countersigns, and older programs pass over it") {
  Authority a;
  REQUIRE(a.add(Authority::by(a.office, a.claim())));
  CHECK_FALSE(a.log.records().back().critical);
  CHECK(a.log.records().back().kind == 11);
  const auto back = decode_control_record(encode_control_record(a.log.records().back()));
  REQUIRE(back);
  const auto body = decode_control_body(*back);
  REQUIRE(body);
  CHECK(std::get<Checkpoint>(*body).claim == a.claim());
}

TEST_CASE("checkpoint: what is not rightly formed or signed is refused and changes nothing") {
  Authority a;
  const ControlPosition before = a.log.position();
  const auto refusal = [&](const Checkpoint& checkpoint) { return a.add(checkpoint).error().code; };
  CHECK(refusal(Authority::by(a.stranger, a.claim())) == Errc::not_permitted);
  CHECK(refusal(Authority::by(a.issuing, a.claim())) == Errc::not_permitted);
  Checkpoint spoilt = Authority::by(a.office, a.claim());
  spoilt.claim.state.bytes[0] ^= 1;
  CHECK(refusal(spoilt) == Errc::bad_signature);
  CheckpointClaim claim = a.claim();
  claim.space.realm.bytes[0] ^= 1;
  CHECK(refusal(Authority::by(a.office, claim)) == Errc::foreign_realm);
  claim = a.claim();
  claim.heads.clear();
  CHECK(refusal(Authority::by(a.office, claim)) == Errc::malformed);
  claim = a.claim();
  claim.heads[0].head.seq = 0;
  CHECK(refusal(Authority::by(a.office, claim)) == Errc::malformed);
  claim = a.claim();
  claim.heads.insert(claim.heads.begin() + 1, {head(1, 11), a.office.author()});
  CHECK(refusal(Authority::by(a.office, claim)) == Errc::malformed);
  REQUIRE(a.log.position() == before);
  REQUIRE(a.add(DeviceRevoked{a.office.author(), {}}));
  CHECK(refusal(Authority::by(a.office, a.claim())) == Errc::not_permitted);
}

TEST_CASE("checkpoint: no later cut lies below it") {
  Authority a;
  REQUIRE(a.add(LogCut{cut(1, 3)}));  // before: its own business
  REQUIRE(a.add(Authority::by(a.office, a.claim())));
  const ControlPosition before = a.log.position();
  const auto refusal = [&](const ControlBody& body) { return a.add(body).error().code; };
  CHECK(refusal(LogCut{cut(1, 9)}) == Errc::below_checkpoint);
  CHECK(refusal(LogCut{{id<LogId>(1), 10, id<EntryHash>(99), {}}}) == Errc::below_checkpoint);
  CHECK(refusal(DeviceRevoked{a.office.author(), {}}) == Errc::below_checkpoint);
  CHECK(refusal(DeviceRevoked{a.office.author(), {cut(1, 9)}}) == Errc::below_checkpoint);
  CHECK(refusal(RightWithdrawn{a.office.author(), Right::write, Collection::offers, {}}) == Errc::below_checkpoint);
  CHECK(a.log.position() == before);
  // At it, above it, in another collection, of another log or device: allowed.
  CHECK(a.add(RightWithdrawn{a.office.author(), Right::write, Collection::needs, {}}));
  CHECK(a.add(LogCut{cut(1, 10)}));
  CHECK(a.add(LogCut{cut(3, 1)}));
  CHECK(a.add(DeviceRevoked{a.office.author(), {cut(1, 11)}}));
  // An epoch that closes the checkpoint's branch frees the logs again.
  const ControlLog start = a.log.until(before.seq - 1);
  const ControlRecord& good = start.records().back();
  ControlRecord opened = make_control_record(&good, EpochOpened{a.issuing.author(), certify_issuing_key(a.root, a.issuing.author()), position_of(good)}, 2, a.root);
  REQUIRE(a.log.append(opened));
  CHECK(a.add(LogCut{cut(1, 2)}));
}

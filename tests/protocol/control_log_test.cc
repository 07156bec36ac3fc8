#include "protocol/control_log.h"

#include <doctest/doctest.h>

using namespace kiz;

namespace {
struct Authority {
  crypto::SigningKey root{Bytes(32, 1)};
  crypto::SigningKey issuing{Bytes(32, 2)};
  ControlLog log;

  Authority() {
    const auto founded =
        RealmFounded{root.author(), issuing.author(), certify_issuing_key(root, issuing.author()), "Kreis Borken", "05554"};
    REQUIRE(add(founded, root));
  }
  Result<void> add(const ControlBody& body, const crypto::SigningKey& key) {
    return log.append(make_control_record(log.empty() ? nullptr : &log.records().back(), body, 1000, key));
  }
};
}  // namespace

TEST_CASE("control log: what the authority signs is accepted in order and survives the wire") {
  Authority kreis;
  REQUIRE(kreis.add(MemberNamed{"05554004", "Ahaus", MemberRole::municipality}, kreis.issuing));
  DeviceGranted grant;
  grant.member = "05554004";
  grant.device = "Büro 1";
  grant.invite = InviteId{};
  REQUIRE(kreis.add(grant, kreis.issuing));
  REQUIRE(kreis.add(DeviceRevoked{{}, {Cut{{}, 5, {}, 3}}}, kreis.issuing));

  ControlLog copy;
  for (const auto& record : kreis.log.records()) {
    auto back = decode_control_record(encode_control_record(record));
    REQUIRE(back);
    REQUIRE(copy.append(std::move(*back)));
  }
  CHECK(copy.position() == kreis.log.position());
  CHECK(std::get<DeviceGranted>(copy.bodies()[2]).device == "Büro 1");
  CHECK(std::get<DeviceRevoked>(copy.bodies()[3]).cuts[0].fork == 3);
  CHECK(copy.append(copy.records()[1]));  // again: nothing happens
  CHECK(copy.last_seq() == 4);
}

TEST_CASE("control log: foreign hands, gaps and second branches are refused") {
  Authority kreis;
  const crypto::SigningKey stranger{Bytes(32, 9)};
  CHECK(kreis.add(RuleSet{"a", "b"}, stranger).error().code == Errc::bad_signature);
  CHECK(kreis.add(RuleSet{"a", "b"}, kreis.root).error().code == Errc::bad_signature);

  const auto one = make_control_record(&kreis.log.records().back(), RuleSet{"a", "1"}, 1, kreis.issuing);
  const auto other = make_control_record(&kreis.log.records().back(), RuleSet{"a", "2"}, 1, kreis.issuing);
  const auto next = make_control_record(&one, RuleSet{"a", "3"}, 1, kreis.issuing);
  CHECK(kreis.log.append(next).error().code == Errc::gap);
  REQUIRE(kreis.log.append(one));
  CHECK(kreis.log.append(other).error().code == Errc::fork);

  Authority foreign;
  foreign.log = {};
  const auto founded = make_control_record(nullptr, RealmFounded{}, 1, stranger);
  CHECK(kreis.log.append(founded).error().code == Errc::foreign_realm);
}

TEST_CASE("control log: only the root opens an epoch, and closed branches are judged by the new one") {
  Authority kreis;
  REQUIRE(kreis.add(RuleSet{"a", "1"}, kreis.issuing));
  const auto lost = make_control_record(&kreis.log.records().back(), RuleSet{"a", "2"}, 1, kreis.issuing);
  const crypto::SigningKey fresh{Bytes(32, 3)};
  const EpochOpened opened{fresh.author(), certify_issuing_key(kreis.root, fresh.author()), kreis.log.position()};
  CHECK(kreis.add(opened, kreis.issuing).error().code == Errc::bad_signature);
  REQUIRE(kreis.add(opened, kreis.root));
  CHECK(kreis.add(RuleSet{"a", "3"}, kreis.issuing).error().code == Errc::bad_signature);
  REQUIRE(kreis.add(RuleSet{"a", "3"}, fresh));

  CHECK(kreis.log.index_of(position_of(lost)) == 3);
  CHECK(kreis.log.index_of(position_of(kreis.log.records()[1])) == 2);
  ControlPosition ahead = kreis.log.position();
  ahead.seq += 1;
  CHECK_FALSE(kreis.log.index_of(ahead));
}

TEST_CASE("control log: an epoch takes the place of what it closes, and what was derived begins anew") {
  Authority kreis;
  REQUIRE(kreis.add(RuleSet{"a", "1"}, kreis.issuing));
  ControlLog town = kreis.log;
  const ControlPosition good = kreis.log.position();
  REQUIRE(town.append(make_control_record(&town.records().back(), RuleSet{"a", "stolen"}, 1, kreis.issuing)));
  REQUIRE(town.append(make_control_record(&town.records().back(), RuleSet{"a", "stolen again"}, 1, kreis.issuing)));
  const ControlPosition stolen = town.position();

  const crypto::SigningKey fresh{Bytes(32, 3)};
  const EpochOpened opened{fresh.author(), certify_issuing_key(kreis.root, fresh.author()), good};
  REQUIRE(kreis.add(opened, kreis.root));
  REQUIRE(kreis.add(RuleSet{"a", "2"}, fresh));
  CHECK(kreis.log.closings() == 0);
  for (const ControlRecord& record : kreis.log.records()) REQUIRE(town.append(record));
  CHECK(town.position() == kreis.log.position());
  CHECK(town.closings() == 1);
  CHECK(town.index_of(stolen) == 3);  // judged as of the record that closed it
  CHECK(town.index_of(good) == 2);

  // The thief's key has nothing more to say, and an older word of the root brings nothing back.
  CHECK_FALSE(town.append(make_control_record(&town.records().back(), RuleSet{"a", "3"}, 1, kreis.issuing)));
  EpochOpened wrong = opened;
  wrong.last_good.hash.bytes[0] ^= 1;
  ControlRecord bad = make_control_record(&town.records()[1], wrong, 1, kreis.root);
  bad.epoch = 7;
  sign_control_record(bad, kreis.root);
  CHECK(town.append(bad).error().code == Errc::malformed);
  CHECK(town.position() == kreis.log.position());
}

TEST_CASE("control log: a branch that is not ours counts once the root has said so, and not before") {
  Authority kreis;
  REQUIRE(kreis.add(RuleSet{"a", "1"}, kreis.issuing));
  ControlLog town = kreis.log;
  REQUIRE(town.append(make_control_record(&town.records().back(), RuleSet{"a", "stolen"}, 1, kreis.issuing)));
  const auto held = town.position();
  REQUIRE(kreis.add(RuleSet{"a", "2"}, kreis.issuing));
  REQUIRE(kreis.add(RuleSet{"a", "3"}, kreis.issuing));
  const auto& records = kreis.log.records();
  CHECK(town.append(records[2]).error().code == Errc::fork);
  CHECK(town.proves_fork(records[2]));
  CHECK_FALSE(town.proves_fork(town.records()[2]));
  CHECK_FALSE(town.proves_fork(records[3]));  // nothing is held at its place
  ControlRecord forged = records[2];
  forged.time_ms += 1;
  CHECK_FALSE(town.proves_fork(forged));
  CHECK(town.replace(std::span{records}.subspan(2)).error().code == Errc::fork);  // no word of the root in it
  CHECK(town.position() == held);

  const crypto::SigningKey fresh{Bytes(32, 3)};
  REQUIRE(kreis.add(EpochOpened{fresh.author(), certify_issuing_key(kreis.root, fresh.author()), kreis.log.position()}, kreis.root));
  const std::vector<ControlRecord> branch(kreis.log.records().begin() + 2, kreis.log.records().end());
  REQUIRE(town.replace(branch));
  CHECK(town.position() == kreis.log.position());
  CHECK(town.closings() == 1);
  CHECK(town.issuing() == fresh.author());
  CHECK(town.replace(branch).error().code == Errc::fork);  // nothing new opens
}

TEST_CASE("control log: an unknown critical record makes what cites it wait, and is kept") {
  Authority kreis;
  ControlRecord record = make_control_record(&kreis.log.records().back(), RuleSet{"a", "1"}, 1, kreis.issuing);
  record.kind = 99;
  record.signature = kreis.issuing.sign("kiz-sync control signature v1", control_hash(record));
  REQUIRE(kreis.log.append(record));
  CHECK_FALSE(kreis.log.index_of(kreis.log.position()));
  CHECK(kreis.log.index_of(position_of(kreis.log.records()[0])) == 1);
}

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

TEST_CASE("control log: an unknown critical record makes what cites it wait, and is kept") {
  Authority kreis;
  ControlRecord record = make_control_record(&kreis.log.records().back(), RuleSet{"a", "1"}, 1, kreis.issuing);
  record.kind = 99;
  record.signature = kreis.issuing.sign("kiz-sync control signature v1", control_hash(record));
  REQUIRE(kreis.log.append(record));
  CHECK_FALSE(kreis.log.index_of(kreis.log.position()));
  CHECK(kreis.log.index_of(position_of(kreis.log.records()[0])) == 1);
}

#include "protocol/membership.h"

#include <doctest/doctest.h>

#include "protocol/erasure_numbers.h"
#include "protocol/rights.h"

using namespace kiz;

namespace {

crypto::SigningKey key(std::uint8_t number) { return crypto::SigningKey{Bytes(32, number)}; }

struct Authority {
  crypto::SigningKey root = key(1);
  crypto::SigningKey issuing = key(2);
  ControlLog log;

  Authority() {
    const RealmFounded founded{root.author(), issuing.author(), certify_issuing_key(root, issuing.author()), "Kreis Borken", "05554"};
    REQUIRE(log.append(make_control_record(nullptr, founded, 1000, root)));
  }
  void add(const ControlBody& body) { REQUIRE(log.append(make_control_record(&log.records().back(), body, 1000, issuing))); }
  void open_epoch(Seq last_good) {
    issuing = key(3);
    const ControlRecord& good = log.records()[last_good - 1];
    ControlRecord record = make_control_record(&good, EpochOpened{issuing.author(), certify_issuing_key(root, issuing.author()), position_of(good)}, 1000, root);
    record.epoch = log.epoch() + 1;
    sign_control_record(record, root);
    REQUIRE(log.append(record));
  }
};

DeviceGranted grant(std::uint8_t device, std::uint8_t transport, const MemberId& member) {
  DeviceGranted out;
  out.author = key(device).author();
  out.transport.bytes.fill(transport);
  out.member = member;
  out.rights = rights_of_an_office;
  out.device = "Gerät " + std::to_string(device);
  return out;
}

void check_same(const Membership& followed, const Membership& fresh) {
  CHECK(followed.realm() == fresh.realm());
  CHECK(followed.authority() == fresh.authority());
  CHECK(followed.rule("a") == fresh.rule("a"));
  REQUIRE(followed.members().size() == fresh.members().size());
  for (std::size_t i = 0; i < fresh.members().size(); ++i) {
    CHECK(followed.members()[i].name == fresh.members()[i].name);
    CHECK(followed.member(fresh.members()[i].id) == &followed.members()[i]);
  }
  REQUIRE(followed.devices().size() == fresh.devices().size());
  for (std::size_t i = 0; i < fresh.devices().size(); ++i) {
    const Device &one = followed.devices()[i], &other = fresh.devices()[i];
    CHECK(one.author == other.author);
    CHECK(one.transport == other.transport);
    CHECK(one.granted_at == other.granted_at);
    CHECK(one.revoked == other.revoked);
    CHECK(one.admitted_until_ms == other.admitted_until_ms);
    CHECK(followed.device(one.author) == &one);
  }
  for (std::uint8_t t = 0; t < 20; ++t) {
    TransportKey transport;
    transport.bytes.fill(t);
    const Device *one = followed.device(transport), *other = fresh.device(transport);
    REQUIRE((one == nullptr) == (other == nullptr));
    if (one != nullptr) CHECK(one - followed.devices().data() == other - fresh.devices().data());
  }
}

}  // namespace

TEST_CASE("membership and index: following record by record says the same as reading all at once") {
  Authority kreis;
  Membership followed{kreis.log};
  ControlIndex index{kreis.log};
  const LogId log = LogId::from(Bytes(32, 77));
  const auto follow = [&] {
    followed.follow(kreis.log);
    check_same(followed, Membership{kreis.log});
    index.follow();
    const ControlIndex fresh{kreis.log};
    CHECK(index.authority() == fresh.authority());
    for (std::uint8_t device = 10; device < 20; ++device) CHECK(index.naming(key(device).author()) == fresh.naming(key(device).author()));
    CHECK(index.cutting(log) == fresh.cutting(log));
  };
  const std::vector<ControlBody> bodies{
      MemberNamed{"05554", "Kreis", MemberRole::kreis},
      MemberNamed{"05554004", "Ahaus", MemberRole::municipality},
      grant(10, 10, "05554004"),
      grant(11, 10, "05554004"),  // the same machine, set up anew
      MemberNamed{"05554004", "Stadt Ahaus", MemberRole::municipality},
      DeviceRevoked{key(11).author(), {Cut{log, 0, {}, {}}}},  // so the key means the first one again
      AdmissionRenewed{key(10).author(), 5},
      RuleSet{"a", "b"},
      grant(10, 12, "05554004"),  // once more, with another transport key: the old one means nobody who is let in
      LogCut{Cut{log, 0, {}, {}}},
      grant(13, 13, "05554"),
      RuleSet{"a", "c"},
  };
  for (const ControlBody& body : bodies) {
    kreis.add(body);
    follow();
  }
  CHECK(followed.device(key(10).author())->transport.bytes[0] == 12);

  kreis.open_epoch(4);  // closes all that was appended from the fifth record on
  follow();
  CHECK(followed.device(key(13).author()) == nullptr);
  kreis.add(grant(14, 14, "05554004"));
  follow();
  // Several at once.
  for (std::uint8_t device = 15; device < 19; ++device) kreis.add(grant(device, device, "05554004"));
  follow();
}

TEST_CASE("membership: a private space is read by nobody but its owner, its counterpart and the authority") {
  Authority kreis;
  kreis.add(MemberNamed{"05554", "Kreis", MemberRole::kreis});
  kreis.add(MemberNamed{"05554004", "Ahaus", MemberRole::municipality});
  kreis.add(MemberNamed{"05554008", "Bocholt", MemberRole::municipality});
  kreis.add(MemberNamed{"05554020", "Gronau", MemberRole::municipality});
  kreis.add(MemberNamed{"05", "Land", MemberRole::land});
  const Membership membership{kreis.log};
  std::size_t seen = 0;
  for (std::uint32_t collection = 0; collection < 64; ++collection) {
    for (const MemberId& counterpart : {MemberId{}, MemberId{"05554"}, MemberId{"05554008"}}) {
      const Space space{membership.realm(), "05554004", static_cast<Collection>(collection), counterpart};
      if (!Membership::is_private(space)) continue;
      ++seen;
      for (const Member& member : membership.members()) {
        const bool concerned = member.id == space.owner || member.id == counterpart || member.id == membership.authority();
        CHECK((concerned || !membership.may_read(member.id, space)));
      }
    }
  }
  CHECK(seen > 64 * 2);  // all with a counterpart, and counts and extensions
  CHECK_FALSE(Membership::is_private({membership.realm(), "05554004", Collection::offers, {}}));
  CHECK_FALSE(Membership::is_private({membership.realm(), "05554004", collections::erasures, {}}));
}

#include "protocol/sync_session.h"

#include <doctest/doctest.h>

#include "protocol/limits.h"
#include "tests/support/sync_link.h"

using namespace kiz;
using namespace kiz::test;

namespace {
TestRealm realm_with_devices() {
  TestRealm realm;
  realm.grant(borken, 1);
  realm.grant(ahaus, 2);
  realm.grant(bocholt, 3);
  realm.grant(gronau, 4);
  realm.grant(ahaus, 5);
  return realm;
}

/// A Kreis, a town, and both again with everything that one knows of the other.
struct Pair {
  TestRealm realm = realm_with_devices();
  Node kreis{realm, borken, 1};
  Node town{realm, ahaus, 2};

  void sync() {
    Link link{town, kreis};
    link.run();
    REQUIRE_FALSE(link.broken);
    REQUIRE(link.in_sync());
  }
  Space offers() const { return town.replica.space(Collection::offers); }
};

void check_equal(const Node& a, const Node& b, const Space& space) {
  CHECK(a.replica.heads(space) == b.replica.heads(space));
  CHECK(a.replica.texts(space) == b.replica.texts(space));
}
}  // namespace

TEST_CASE("sync session: an empty replica gets everything, and both know it") {
  Pair p;
  for (int i = 0; i < 20; ++i) p.town.write(Collection::offers, "offer " + std::to_string(i));
  p.town.write(Collection::counts, "12");
  Link link{p.town, p.kreis};
  link.run();
  CHECK_FALSE(link.broken);
  CHECK(link.in_sync());
  check_equal(p.town, p.kreis, p.offers());
  check_equal(p.town, p.kreis, p.town.replica.space(Collection::counts));
  CHECK(link.a.session.pending_entries() == 0);
  CHECK(link.a.session.acknowledged(p.offers()));
  CHECK(link.a.of<PeerHoldsAll>().size() == 1);
  CHECK(link.b.of<PeerHoldsAll>().size() == 1);
}

TEST_CASE("sync session: a reconnect with nothing changed costs two hellos") {
  Pair p;
  for (int i = 0; i < 20; ++i) p.town.write(Collection::offers, "offer " + std::to_string(i));
  p.sync();
  Link link{p.town, p.kreis};
  CHECK(link.run() == 2);
  CHECK(link.in_sync());
  MESSAGE("nothing changed: ", link.bytes(), " bytes of messages both ways");
  CHECK(link.bytes() <= 450);
}

TEST_CASE("sync session: one change costs a run and an acknowledgement beside the hellos, whoever made it") {
  for (const bool at_town : {true, false}) {
    CAPTURE(at_town);
    Pair p;
    p.town.write(Collection::offers, "offer");
    p.kreis.write(Collection::needs, "need");
    p.sync();
    at_town ? p.town.write(Collection::offers, "one change") : p.kreis.write(Collection::needs, "one change");
    Link link{p.town, p.kreis};
    link.keep_messages = true;
    link.run();
    CHECK(link.in_sync());
    MESSAGE("one change: ", link.bytes(), " bytes in ", link.a.all_sent.size() + link.b.all_sent.size(), " messages");
    CHECK(link.bytes() <= 560);
    CHECK(link.a.of<OwnHeadsShown>().empty());
    CHECK(link.b.of<OwnHeadsShown>().empty());
  }
}

TEST_CASE("sync session: a change where nothing is remembered goes through digests and one frontier") {
  Pair p;
  for (int i = 0; i < 5; ++i) p.town.write(Collection::offers, "offer " + std::to_string(i));
  p.sync();
  p.town.replica.forget_peer(p.kreis.replica.author());
  p.kreis.replica.forget_peer(p.town.replica.author());
  for (const bool at_town : {true, false}) {
    CAPTURE(at_town);
    (at_town ? p.town : p.kreis).write(Collection::needs, "one change");
    Link link{p.town, p.kreis};
    link.run();
    CHECK(link.in_sync());
    MESSAGE("one change without memory: ", link.bytes(), " bytes");
    CHECK(link.bytes() <= 1100);
    p.town.replica.forget_peer(p.kreis.replica.author());
    p.kreis.replica.forget_peer(p.town.replica.author());
  }
}

TEST_CASE("sync session: both sides' offline work meets") {
  Pair p;
  p.town.write(Collection::offers, "offer");
  p.sync();
  p.town.write(Collection::offers, "town's");
  p.kreis.write(Collection::needs, "Kreis's");
  Link link{p.town, p.kreis};
  link.run();
  CHECK(link.in_sync());
  check_equal(p.town, p.kreis, p.offers());
  check_equal(p.town, p.kreis, p.kreis.replica.space(Collection::needs));
  MESSAGE("one change on each side: ", link.bytes(), " bytes");
}

TEST_CASE("sync session: a local commit is pushed to a peer in sync without being asked") {
  Pair p;
  Link link{p.town, p.kreis};
  link.run();
  REQUIRE(link.in_sync());
  for (int i = 0; i < 3; ++i) {
    const auto before = link.bytes();
    p.town.write(Collection::offers, "live " + std::to_string(i));
    CHECK_FALSE(link.in_sync());
    CHECK(link.a.session.pending_entries() == 1);
    CHECK_FALSE(link.a.session.acknowledged(p.offers()));
    CHECK(link.run() == 2);
    CHECK(link.in_sync());
    CHECK(link.a.session.acknowledged(p.offers()));
    MESSAGE("live: ", link.bytes() - before, " bytes");
  }
  p.kreis.write(Collection::needs, "back");
  link.run();
  CHECK(link.in_sync());
  check_equal(p.town, p.kreis, p.offers());
  check_equal(p.town, p.kreis, p.kreis.replica.space(Collection::needs));
}

TEST_CASE("sync session: what a hub gets from one peer goes on to the others, and not back") {
  Pair p;
  Node other{p.realm, bocholt, 3};
  Link one{p.town, p.kreis};
  Link two{other, p.kreis};
  const auto run_all = [&] {
    while (one.run() + two.run() > 0) {}
  };
  run_all();
  p.town.write(Collection::offers, "from Ahaus");
  p.town.write(Collection::counts, "secret 7");
  other.write(Collection::offers, "from Bocholt");
  run_all();
  CHECK(one.in_sync());
  CHECK(two.in_sync());
  check_equal(p.town, other, p.offers());
  check_equal(p.town, other, other.replica.space(Collection::offers));
  check_equal(p.town, p.kreis, p.town.replica.space(Collection::counts));
  CHECK(other.replica.texts(p.town.replica.space(Collection::counts)).empty());
  CHECK(one.a.runs_committed == 1);  // Bocholt's entry, and none of its own
}

TEST_CASE("sync session: a peer hears nothing of spaces it may not read") {
  Pair p;
  Node other{p.realm, bocholt, 3};
  p.town.write(Collection::counts, "secret");
  p.town.write(Collection::offers, "open");
  Link link{p.town, other};
  link.keep_messages = true;
  link.run();
  CHECK(link.in_sync());
  CHECK(other.replica.entry_count() == 1);
  const Space counts = p.town.replica.space(Collection::counts);
  for (const Space& space : link.a.source.heads_asked) CHECK(space != counts);

  // Asked for one, it says the same as for one that nobody has.
  for (const Collection asked : {Collection::counts, Collection::extension}) {
    FrontierPart question;
    question.space = SpaceName::of(p.town.replica.space(asked));
    question.answer = true;
    REQUIRE(link.a.session.receive(encode_message(question), link.now));
    const auto answer = link.a.session.next_outgoing(link.now);
    REQUIRE(answer);
    REQUIRE(answer->kind == MessageKind::refused);
    CHECK(decode_message<SpaceRefused>(answer->body)->code == Errc::not_permitted);
  }
}

TEST_CASE("sync session: the control log comes before the data") {
  TestRealm realm = realm_with_devices();
  Node kreis{realm, borken, 1};
  Node town{realm, ahaus, 2};
  realm.add(RuleSet{"a", "1"});
  realm.add(RuleSet{"a", "2"});
  kreis.follow(realm);
  kreis.write(Collection::needs, "cites the new rules");
  Link link{town, kreis};
  link.keep_messages = true;
  link.run();
  CHECK_FALSE(link.broken);
  CHECK(link.in_sync());
  CHECK(town.replica.control().position() == realm.control().position());
  bool records_seen = false;
  for (const Message& message : link.b.all_sent) {
    records_seen |= message.kind == MessageKind::control_records;
    if (message.kind == MessageKind::run) CHECK(records_seen);
  }

  realm.add(RuleSet{"a", "3"});  // and while they are connected
  kreis.follow(realm);
  kreis.write(Collection::needs, "cites the newest");
  link.run();
  CHECK(link.in_sync());
  CHECK(town.replica.control().position() == realm.control().position());
  CHECK(town.replica.entry_count() == 2);
}

TEST_CASE("sync session: a new member's spaces flow once both know the grant") {
  TestRealm realm;
  realm.grant(borken, 1);
  Node kreis{realm, borken, 1};
  realm.add(MemberNamed{"05554012", "Borken", MemberRole::municipality});
  Node town{realm, "05554012", 2};
  town.write(Collection::offers, "first");
  Link link{kreis, town};  // the Kreis is behind here: it was restored
  link.run();
  CHECK(link.in_sync());
  check_equal(kreis, town, town.replica.space(Collection::offers));
}

TEST_CASE("sync session: two control branches of one epoch are shown to both, and data goes on") {
  TestRealm realm = realm_with_devices();
  Node kreis{realm, borken, 1};
  Node town{realm, ahaus, 2};
  const auto add = [&](Node& node, const char* value) {
    auto& log = node.replica.control();
    REQUIRE(log.append(make_control_record(&log.records().back(), RuleSet{"a", value}, 1, realm.issuing())));
  };
  add(kreis, "1");
  add(town, "2");
  add(town, "3");
  town.write(Collection::offers, "goes on");
  Link link{town, kreis};
  link.run();
  CHECK_FALSE(link.broken);
  CHECK(link.a.of<ControlForked>().size() == 1);
  CHECK(link.b.of<ControlForked>().size() == 1);
  check_equal(town, kreis, town.replica.space(Collection::offers));
  CHECK_FALSE(link.in_sync());
  CHECK(link.a.session.compared());
}

TEST_CASE("sync session: a closed control branch gets the new epoch") {
  TestRealm realm = realm_with_devices();
  Node town{realm, ahaus, 2};
  auto& log = town.replica.control();
  const ControlPosition good = realm.control().position();
  REQUIRE(log.append(make_control_record(&log.records().back(), RuleSet{"a", "lost"}, 1, realm.issuing())));
  realm.open_epoch(good);
  Node kreis{realm, borken, 1};
  kreis.write(Collection::needs, "need");
  Link link{town, kreis};
  link.keep_messages = true;
  link.run();
  CHECK_FALSE(link.broken);
  std::size_t records = 0;
  for (const Message& message : link.b.all_sent) records += message.kind == MessageKind::control_records ? 1 : 0;
  CHECK(records == 1);
  CHECK(log.position() == realm.control().position());
  CHECK(link.in_sync());
  check_equal(town, kreis, kreis.replica.space(Collection::needs));
}

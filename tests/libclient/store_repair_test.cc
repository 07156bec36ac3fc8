#include "libclient/store_repair.h"

#include <doctest/doctest.h>

#include "libclient/doctor.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;
using namespace kiz::test;

namespace {

RecordId offer(std::uint8_t number) { return {registry::kinds::offer, RecordKey::from(Bytes(16, number))}; }

void write_offers(Replica& town, std::uint8_t from, std::uint8_t upto) {
  for (std::uint8_t number = from; number <= upto; ++number) {
    Edit edit = town.begin();
    edit.set(town.space(town.identity().member, Collection::offers), offer(number), registry::fields::offer::title,
             Value{"Angebot " + std::to_string(number)});
    REQUIRE(town.commit(edit, {}));
  }
}

/// Everything can be read, and every chain and record holds.
void check_whole(Replica& replica, std::uint8_t offers) {
  const Space space = replica.space("05554004", Collection::offers);
  for (std::uint8_t number = 1; number <= offers; ++number) {
    CAPTURE(number);
    const auto record = replica.read(space, offer(number));
    REQUIRE(record);
    CHECK(record->text(registry::fields::offer::title) == "Angebot " + std::to_string(number));
    CHECK(replica.history(space, offer(number)).size() == 1);
  }
  CHECK(replica.verify(true).ok);
}

}  // namespace

TEST_CASE("store repair: what is damaged or missing is found, and comes back with the next exchange, from either side") {
  struct Case {
    const char* damage;
    Seq from;
    std::uint64_t entries;
  };
  for (const Case& one : {Case{"UPDATE entries SET body = x'00' WHERE seq = 3", 3, 1},
                          Case{"UPDATE entries SET body = (SELECT body FROM entries WHERE seq = 2) WHERE seq = 5", 5, 1},
                          Case{"DELETE FROM entries WHERE seq IN (2, 4)", 2, 2},
                          Case{"UPDATE entries SET body = x'' WHERE seq = 1", 1, 1},
                          Case{"UPDATE entries SET hash = zeroblob(32) WHERE seq = 4", 4, 2}}) {  // nor does the next one fit
    for (const bool the_kreis : {false, true}) {
      CAPTURE(std::string{one.damage});
      CAPTURE(the_kreis);
      Realm realm;
      auto ahaus = realm.join("05554004");
      write_offers(*ahaus, 1, 6);
      realm.sync(*ahaus);
      Replica& hurt = the_kreis ? realm.kreis() : *ahaus;
      hurt.core().db().execute(one.damage);
      auto found = store_repair::look(hurt.core());
      REQUIRE(found);
      REQUIRE(found->size() == 1);
      CHECK(found->front().from == one.from);
      CHECK(found->front().entries == one.entries);
      CHECK(found->front().author == ahaus->identity().author);

      realm.sync(*ahaus);  // both hold the same again
      found = store_repair::look(hurt.core());
      REQUIRE(found);
      CHECK(found->empty());
      CHECK(store_repair::known(hurt.core()).empty());
      REQUIRE(store_repair::mended(hurt.core()).size() == 1);
      check_whole(hurt, 6);
      CHECK(ahaus->state_hash() == realm.kreis().state_hash());
      write_offers(*ahaus, 7, 8);
      realm.sync(*ahaus);
      check_whole(realm.kreis(), 8);
      check_whole(*ahaus, 8);
    }
  }
}

TEST_CASE("store repair: what nobody else holds stays damaged and is told; everything else goes on") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  auto bocholt = realm.join("05554008");
  write_offers(*ahaus, 1, 2);
  realm.sync(*ahaus);
  write_offers(*ahaus, 3, 4);
  ahaus->core().db().execute("UPDATE entries SET body = x'00' WHERE seq = 3");
  const doctor::Scope store_alone{false, true, false, true, false};
  doctor::Report report = doctor::examine(*ahaus, Json(), store_alone);
  CHECK(report.damaged_entries == 1);
  CHECK(doctor::exit_of(report) == exit_code(Errc::damaged));
  write_offers(*bocholt, 1, 1);
  realm.sync(*bocholt);
  auto caller = PeerTalk::call(ahaus->core(), SteadyTime{0});
  REQUIRE(caller);
  auto answerer = PeerTalk::answer(realm.kreis().core(), SteadyTime{0});
  for (int round = 0; round < 1000; ++round) {
    const Bytes out = (*caller)->take_output(SteadyTime{1000}), back = answerer->take_output(SteadyTime{1000});
    if (out.empty() && back.empty()) break;
    if (!out.empty()) answerer->feed(out, SteadyTime{1000});
    if (!back.empty()) (*caller)->feed(back, SteadyTime{1000});
  }
  CHECK_FALSE((*caller)->failure());
  CHECK(ahaus->read(ahaus->space("05554008", Collection::offers), offer(1)));
  report = doctor::examine(*ahaus, Json(), store_alone);
  CHECK(report.damaged_entries == 1);
}

TEST_CASE("store repair: a thorough look derives anew what only was derived wrongly, and changes nothing in a whole store") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  write_offers(*ahaus, 1, 2);
  const doctor::Scope store_alone{false, true, false, true, false};
  const std::uint64_t before = ahaus->core().generation();
  CHECK(doctor::exit_of(doctor::examine(*ahaus, Json(), store_alone)) != exit_code(Errc::damaged));
  CHECK(ahaus->core().generation() == before);
  ahaus->core().db().execute("UPDATE records SET state = x''");
  ahaus->core().db().execute("UPDATE spaces SET generation = generation + 1");
  const doctor::Report report = doctor::examine(*ahaus, Json(), store_alone);
  CHECK(doctor::exit_of(report) == 3);
  check_whole(*ahaus, 2);
}

#include <doctest/doctest.h>

#include "libclient/enrolment.h"
#include "libclient/request_support.h"
#include "tests/support/realm.h"
#include "tests/support/temp_dir.h"

using namespace kiz;
using test::Asked;
using test::Realm;

namespace {

Asked member(Replica& replica, const std::string& request, Json args = Json::object(), bool dry_run = false) {
  return test::ask(replica, member_requests(), request, std::move(args), dry_run);
}

void write_offer(Replica& replica, const std::string& title) {
  const Json fields = Json::array({{{"field", "title"}, {"op", "="}, {"text", title}},
                                   {{"field", "provider"}, {"op", "="}, {"text", "Caritas"}},
                                   {{"field", "kind"}, {"op", "+="}, {"text", "meeting_place"}}});
  REQUIRE(test::ask(replica, offer_requests(), "offer.new", {{"fields", fields}}).exit == 0);
}

std::size_t offers(Replica& replica) {
  return test::ask(replica, offer_requests(), "offer.list").data["offers"].size();
}

}  // namespace

TEST_CASE("enrolment: a set-up that was cut short is no set-up, and the next one goes on with what is there") {
  test::TempDir folder;
  ReplicaOptions options;
  options.directory = folder.path() / "store";
  AuthorKey device;
  {
    auto cut_short = Replica::create(options, "first");  // and no further: the machine stopped
    REQUIRE(cut_short);
    device = (*cut_short)->identity().author;
  }
  CHECK(Replica::open(options).error().code == Errc::not_set_up);
  {
    auto founded = found_realm(options, {"Kreis Borken", "05554", {{"05554004", "Ahaus"}}, {"127.0.0.1:7411"}, {}, "second"});
    REQUIRE(founded);
    CHECK(founded->replica->identity().joined);
    CHECK(founded->replica->identity().author == device);
  }
  auto opened = Replica::open(options);
  REQUIRE(opened);
  CHECK((*opened)->identity().device == "second");
  opened->reset();
  CHECK(Replica::create(options, "third").error().code == Errc::already_set_up);
}

TEST_CASE("enrolment: a device locked out after an entry keeps what it wrote up to it, everywhere") {
  Realm realm;
  auto lost = realm.join("05554004");
  auto other = realm.join("05554004");
  for (const char* title : {"one", "two", "three"}) write_offer(*lost, title);
  realm.sync(*lost);
  realm.sync(*other);
  REQUIRE(offers(realm.kreis()) == 3);

  const Asked tried = member(realm.kreis(), "device.revoke", {{"ref", "G-2"}, {"after", {"offers:1"}}}, true);
  CHECK(tried.data["cuts"][0]["last_valid"] == 1);
  CHECK(tried.data["cuts"][0]["held"] == 3);
  CHECK(offers(realm.kreis()) == 3);  // a dry run changes nothing

  CHECK(member(realm.kreis(), "device.revoke", {{"ref", "G-2"}, {"after", {"offers:1"}}}).exit == 0);
  CHECK(offers(realm.kreis()) == 1);
  realm.sync(*other);
  CHECK(offers(*other) == 1);
  CHECK(realm.kreis().figures().quarantined == 2);
}

TEST_CASE("enrolment: the end of a log may be its name, its beginning or nothing that the device wrote") {
  Realm realm;
  auto lost = realm.join("05554004");
  for (const char* title : {"one", "two"}) write_offer(*lost, title);
  realm.sync(*lost);
  const auto refused = [&](const char* word) {
    return member(realm.kreis(), "device.revoke", {{"ref", "G-2"}, {"after", {word}}}).exit;
  };
  CHECK(refused("3") == 4);         // it has not written so much here
  CHECK(refused("counts:1") == 4);  // nor anything there
  CHECK(refused("offers:") == 16);
  CHECK(refused(":1") == 16);
  CHECK(refused("-1") == 16);
  CHECK(refused("99999999999999999999") == 16);
  CHECK(refused("deadbeef:1") == 4);
  CHECK(offers(realm.kreis()) == 2);

  const auto logs = logs_of(realm.kreis(), lost->identity().author);
  REQUIRE(logs.size() == 1);
  CHECK(logs[0].seq == 2);
  const std::string all = to_hex(logs[0].log).substr(0, 8) + ":0";
  CHECK(member(realm.kreis(), "device.revoke", {{"ref", "G-2"}, {"after", {all}}}).exit == 0);
  CHECK(offers(realm.kreis()) == 0);
}

TEST_CASE("enrolment: without a word on it the logs of a device end at what is held here") {
  Realm realm;
  auto lost = realm.join("05554004");
  write_offer(*lost, "one");
  realm.sync(*lost);
  write_offer(*lost, "never sent");
  CHECK(member(realm.kreis(), "device.revoke", {{"ref", "G-2"}}).exit == 0);
  CHECK(offers(realm.kreis()) == 1);
}

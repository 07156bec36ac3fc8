#include <doctest/doctest.h>

#include "tests/support/realm.h"

using namespace kiz;
using test::Asked;
using test::Realm;

namespace {

const std::string first_text(64, 'a'), second_text(64, 'b');

Asked ask(Replica& replica, const std::string& request, Json args = Json::object()) {
  return test::ask(replica, consent_requests(), request, std::move(args));
}

Asked open_subject(Replica& kreis, Json more = Json::object()) {
  Json args{{"kind", "ausgestaltung"}, {"title", "Ausgestaltung des KIZ"}, {"digest", first_text}, {"file_name", "entwurf.pdf"}, {"size", 7}};
  args.update(more);
  return ask(kreis, "consent.subject_new", args);
}

Json decision(const std::string& day = "2026-11-06") {
  return {{"decided_on", day}, {"decided_by", "Rat"}, {"reference", "Vorlage 17/2026"}};
}

std::string state(Replica& replica, const std::string& member) {
  return ask(replica, "consent.status", {{"member", member}}).data["subjects"][0]["members"][0]["state"];
}

}  // namespace

TEST_CASE("requests on consents: the Kreis asks, a town grants, everybody sees it") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  CHECK(ask(*ahaus, "consent.grant", decision()).exit == 4);  // nothing is asked
  CHECK(open_subject(*ahaus).exit == 13);
  const Asked subject = open_subject(realm.kreis());
  REQUIRE(subject.exit == 0);
  CHECK(subject.data["ref"].get<std::string>().starts_with("S-"));
  realm.sync(*ahaus);

  CHECK(state(*ahaus, "Ahaus") == "requested");
  CHECK(ask(*ahaus, "consent.grant").exit == 2);  // day, body and reference are missing
  CHECK(ask(*ahaus, "consent.withdraw", {{"reason", "x"}}).exit == 16);
  CHECK(ask(*ahaus, "consent.deliberate").exit == 0);
  const Asked granted = ask(*ahaus, "consent.grant", decision());
  CHECK(granted.exit == 0);
  CHECK(granted.data["consent"]["state"] == "granted");
  CHECK(granted.data["consent"]["decided_by"] == "council");
  CHECK(granted.data["consent"]["document_digest"] == first_text);
  CHECK_FALSE(ask(*ahaus, "consent.grant", decision()).data["changed"].get<bool>());
  CHECK(ask(*ahaus, "consent.refuse", decision()).exit == 16);
  CHECK(ask(realm.kreis(), "consent.grant", decision()).exit == 13);
  realm.sync(*ahaus);

  const Json summary = ask(realm.kreis(), "consent.subject_list").data["subjects"][0]["summary"];
  CHECK(summary["asked"] == 2);
  CHECK(summary["granted"] == 1);
  CHECK(summary["missing"] == Json::array({"Bocholt"}));
  CHECK(summary["text"] == "1 of 2 granted");
  const Json steps = ask(*ahaus, "consent.history").data["steps"];
  CHECK(steps[0]["field"] == "state");
  CHECK(steps[0]["value"] == "deliberating");
  CHECK(steps[0]["actor"] == "Frau Beispiel");
}

TEST_CASE("requests on consents: two offices that decide differently are disputed until a person chooses") {
  Realm realm;
  auto one = realm.join("05554004"), two = realm.join("05554004");
  open_subject(realm.kreis());
  realm.sync(*one);
  realm.sync(*two);
  CHECK(ask(*one, "consent.grant", decision()).exit == 0);
  CHECK(ask(*two, "consent.refuse", decision()).exit == 0);
  realm.sync(*one);
  realm.sync(*two);
  realm.sync(*one);
  for (Replica* replica : {one.get(), two.get(), &realm.kreis()}) {
    const Json status = ask(*replica, "consent.status").data["subjects"][0];
    CHECK(status["members"][0]["state"] == "disputed");
    CHECK(status["members"][0]["values"].size() == 2);
    CHECK(status["summary"]["granted"] == 0);
    CHECK(status["summary"]["disputed"] == 1);
  }
  const Asked again = ask(*one, "consent.grant", decision());
  CHECK(again.exit == 14);
  CHECK(again.refusal.hint.find("K-") != std::string::npos);
  CHECK(test::ask(realm.kreis(), report_requests(), "report.consents", {{"audience", "land"}}).exit == 14);
  CHECK(test::ask(realm.kreis(), report_requests(), "report.consents").exit == 0);
}

TEST_CASE("requests on consents: a new text supersedes what was granted, and is asked anew") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  const std::string ref = open_subject(realm.kreis()).data["ref"];
  realm.sync(*ahaus);
  ask(*ahaus, "consent.grant", decision());
  realm.sync(*ahaus);
  CHECK(ask(realm.kreis(), "consent.subject_new", {{"subject", ref}, {"digest", second_text}}).exit == 0);
  realm.sync(*ahaus);
  CHECK(state(*ahaus, "Ahaus") == "superseded");
  CHECK(ask(*ahaus, "consent.grant", decision()).exit == 0);
  CHECK(state(*ahaus, "Ahaus") == "granted");
}

TEST_CASE("requests on consents: conditions are part of the consent until they are met") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  open_subject(realm.kreis(), {{"asked", {"Ahaus"}}});
  realm.sync(*ahaus);
  Json given = decision();
  given["conditions"] = "keine weiteren Kosten";
  CHECK(ask(*ahaus, "consent.grant", given).data["consent"]["state"] == "granted_with_conditions");
  const Json summary = ask(*ahaus, "consent.status").data["subjects"][0]["summary"];
  CHECK(summary["asked"] == 1);
  CHECK(summary["granted_with_conditions"] == 1);
  CHECK(ask(*ahaus, "consent.grant", {{"conditions_met_on", "06.11.2026"}}).data["consent"]["state"] == "granted");
  const Asked withdrawn = ask(*ahaus, "consent.withdraw", {{"reason", "neuer Rat"}});
  CHECK(withdrawn.data["consent"]["state"] == "withdrawn");
  CHECK(withdrawn.data["consent"]["decided_on"] == "2026-11-06");
}

TEST_CASE("requests on consents: odd days are remarked on, closed subjects take no decision") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  open_subject(realm.kreis());
  realm.sync(*ahaus);
  CHECK(ask(*ahaus, "consent.grant", decision("2026-01-01")).warned("W_DECIDED_BEFORE_ASKED"));
  CHECK(ask(realm.kreis(), "consent.subject_close").exit == 0);
  CHECK(open_subject(realm.kreis()).exit == 0);
  CHECK(open_subject(realm.kreis()).exit == 0);
  realm.sync(*ahaus);
  CHECK(ask(*ahaus, "consent.grant", decision()).exit == 2);  // two are open
  const Json subjects = ask(*ahaus, "consent.subject_list", {{"all", true}}).data["subjects"];
  REQUIRE(subjects.size() == 3);
  for (const Json& subject : subjects) {
    Json given = decision("2027-01-01");
    given["subject"] = subject["ref"];
    const Asked asked = ask(*ahaus, "consent.grant", given);
    CHECK(asked.exit == (subject["open"].get<bool>() ? 0 : 16));
    if (asked.exit == 0) CHECK(asked.warned("W_DECIDED_IN_FUTURE"));
  }
}

TEST_CASE("requests on consents: what came on paper counts once the town has said it itself") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  REQUIRE(open_subject(realm.kreis()).exit == 0);
  realm.sync(*ahaus);
  Json paper = decision();
  paper["member"] = "Ahaus";
  CHECK(ask(*ahaus, "consent.paper", paper).exit == 13);
  CHECK(ask(realm.kreis(), "consent.paper", {{"member", "Ahaus"}}).exit == 2);  // a decision has a day, a body, a number
  CHECK(ask(*ahaus, "consent.confirm_paper").exit == 4);
  const Asked written = ask(realm.kreis(), "consent.paper", paper);
  REQUIRE(written.exit == 0);
  CHECK(written.data["consent"]["state"] == "requested");
  CHECK(written.data["consent"]["counts"] == false);
  CHECK(written.data["consent"]["paper"]["state"] == "granted");
  CHECK(ask(realm.kreis(), "consent.status").data["subjects"][0]["summary"]["on_paper"] == 1);
  realm.sync(*ahaus);

  const Asked said = ask(*ahaus, "consent.confirm_paper");
  REQUIRE(said.exit == 0);
  CHECK(said.data["consent"]["state"] == "granted");
  CHECK(said.data["consent"]["reference"] == "Vorlage 17/2026");
  realm.sync(*ahaus);
  const Json after = ask(realm.kreis(), "consent.status", {{"member", "Ahaus"}}).data["subjects"][0]["members"][0];
  CHECK(after["counts"] == true);
  CHECK(after["paper"].is_null());
  CHECK(ask(realm.kreis(), "consent.paper", paper).exit == 16);  // the town has spoken
  CHECK(ask(*ahaus, "consent.confirm_paper").exit == 4);
}

#include "libclient/realm_rules.h"

#include <doctest/doctest.h>

#include "libclient/replica_core.h"
#include "libclient/requests_rule.h"
#include "protocol/membership.h"
#include "tests/support/realm.h"

using namespace kiz;
using test::Asked;

namespace {
Asked set(Replica& replica, std::vector<std::pair<std::string, std::string>> rules, bool dry_run = false) {
  Json fields = Json::array();
  for (const auto& [name, text] : rules) fields.push_back({{"field", name}, {"op", "="}, {"text", text}});
  return test::ask(replica, rule_requests(), "rule.set", {{"fields", fields}}, dry_run);
}

Json value(Replica& replica, const std::string& name) {
  const Asked all = test::ask(replica, rule_requests(), "rule.list");
  for (const Json& rule : all.data["rules"]) {
    if (rule["name"] == name) return rule["value"];
  }
  return nullptr;
}
}  // namespace

TEST_CASE("rules: until something is decided, returns are due on the 10th and paper does not count") {
  test::Realm realm;
  CHECK(value(realm.kreis(), "return_due_day") == 10);
  CHECK(value(realm.kreis(), "paper_consent_counts") == false);
  CHECK(realm_rules::due_on(realm.kreis().membership(), "2026-12") == "2027-01-10");
}

TEST_CASE("rules: what the Kreis decides holds for the towns after their next contact") {
  test::Realm realm;
  auto ahaus = realm.join("05554004");
  CHECK(set(realm.kreis(), {{"meldetag", "05"}, {"Papier-zählt", "Ja"}}).data["changed"].size() == 2);
  CHECK(realm_rules::due_on(realm.kreis().membership(), "2026-10") == "2026-11-05");
  CHECK(value(*ahaus, "return_due_day") == 10);
  realm.sync(*ahaus);
  CHECK(value(*ahaus, "return_due_day") == 5);
  CHECK(realm_rules::paper_consent_counts(ahaus->membership()));
  CHECK(test::ask(*ahaus, status_requests(), "status").data["return"]["due"].get<std::string>().ends_with("-05"));

  const auto before = realm.kreis().core().control().records().size();
  CHECK(set(realm.kreis(), {{"return_due_day", "5"}}).data["changed"].empty());
  CHECK(realm.kreis().core().control().records().size() == before);
}

TEST_CASE("rules: what is none, nobody else's business or only tried changes nothing") {
  test::Realm realm;
  auto ahaus = realm.join("05554004");
  CHECK(set(*ahaus, {{"return_due_day", "5"}}).exit == 13);
  CHECK(set(realm.kreis(), {{"return_due_day", "5"}, {"nothing", "5"}}).exit == 4);
  for (const char* text : {"0", "29", "-1", "+5", "5.", "", "yes", "99999999999"}) {
    CAPTURE(text);
    CHECK(set(realm.kreis(), {{"paper_consent_counts", "yes"}, {"return_due_day", text}}).exit == 16);
  }
  CHECK(set(realm.kreis(), {{"paper_consent_counts", "1"}}).exit == 16);
  CHECK(set(realm.kreis(), {{"return_due_day", "28"}}, true).data["rules"][0]["value"] == 28);
  CHECK(value(realm.kreis(), "return_due_day") == 10);
  CHECK(value(realm.kreis(), "paper_consent_counts") == false);
}

TEST_CASE("rules: a value that only a later program can read counts as not decided") {
  test::Realm realm;
  REQUIRE(realm.kreis().core().issue(RuleSet{"return_due_day", "workday 3"}));
  CHECK(realm_rules::due_on(realm.kreis().membership(), "2026-10") == "2026-11-10");
}

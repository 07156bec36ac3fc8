#include <doctest/doctest.h>

#include "libclient/request_support.h"
#include "tests/support/real_data.h"
#include "tests/support/realm.h"

using namespace kiz;
using test::Asked;
using test::Realm;

namespace {

Asked ask(Replica& replica, const std::string& request, Json args = Json::object(), bool dry_run = false) {
  return test::ask(replica, count_requests(), request, std::move(args), dry_run);
}

Asked enter(Replica& replica, const std::string& month, std::vector<std::string> cells) {
  return ask(replica, "count.enter", {{"month", month}, {"cells", std::move(cells)}});
}

std::string state(Replica& replica, const std::string& month, const std::string& member) {
  return ask(replica, "count.show", {{"month", month}, {"member", member}}).data["returns"][0]["state"];
}

}  // namespace

TEST_CASE("requests on counts: a number entered twice is one entry, and another one replaces it") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  const Asked first = enter(*ahaus, "10/2026", {"arrived:schulform=grundschule,alter=6-9=6", "placed=2"});
  CHECK(first.exit == 0);
  CHECK(first.data["month"] == "2026-10");
  CHECK(first.data["changed"] == 2);
  CHECK(first.data["counts"][0]["cell"] == "arrived:age_band=6-9,school_type=grundschule");
  CHECK(first.data["counts"][0]["value"] == 6);
  CHECK(first.data["return"]["state"] == "open");
  CHECK(enter(*ahaus, "2026-10", {"arrived:school_type=grundschule,age_band=6-9=6"}).data["changed"] == 0);
  CHECK(enter(*ahaus, "2026-10", {"placed=3"}).data["counts"][0]["value"] == 3);
  CHECK(enter(*ahaus, "2026-10", {"placed=?"}).data["counts"][0]["reading"] == "unknown");
  CHECK(enter(*ahaus, "2026-10", {"placed=0"}).data["counts"][0]["reading"] == "stated");
}

TEST_CASE("requests on counts: what cannot be right is refused and changes nothing") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  const Hash before = ahaus->state_hash();
  CHECK(enter(*ahaus, "2026-12", {"arrived=1"}).exit == 16);
  CHECK(enter(*ahaus, "2026-10", {"arrived=-3"}).exit == 16);
  CHECK(enter(*ahaus, "2026-10", {"arrived=2,5"}).exit == 16);
  CHECK(enter(*ahaus, "2026-10", {"arived=2"}).exit == 16);
  CHECK(enter(*ahaus, "2026-10", {"arrived:colour=red=2"}).exit == 16);
  CHECK(enter(*ahaus, "2026-10", {"arrived=1", "arrived=2"}).exit == 2);
  CHECK(enter(*ahaus, "2026-13", {"arrived=1"}).exit == 16);
  CHECK(enter(*ahaus, "2026-10", {}).exit == 2);
  CHECK(ask(*ahaus, "count.enter", {{"month", "2026-10"}, {"cells", {"arrived=1"}}}, true).exit == 0);  // dry run
  CHECK(ahaus->state_hash() == before);
}

TEST_CASE("requests on counts: strokes of two offices add up, numbers of two offices stand side by side") {
  Realm realm;
  auto one = realm.join("05554004"), two = realm.join("05554004");
  for (int i = 0; i < 3; ++i) CHECK(ask(*one, "count.tally", {{"month", "2026-10"}, {"cell", "counselled"}}).exit == 0);
  CHECK(ask(*two, "count.tally", {{"month", "2026-10"}, {"cell", "beraten"}, {"by", 4}}).exit == 0);
  enter(*one, "2026-10", {"arrived=12"});
  enter(*two, "2026-10", {"arrived=14"});
  realm.sync(*one);
  realm.sync(*two);
  realm.sync(*one);

  const Json totals = ask(*one, "count.show", {{"month", "2026-10"}}).data["totals"];
  CHECK(totals[0]["measure"] == "arrived");
  CHECK(totals[0]["value"].is_null());
  CHECK(totals[0]["disputed"] == 1);
  CHECK(totals[1]["value"] == 7);
  CHECK(ask(*one, "count.tally", {{"month", "2026-10"}, {"cell", "arrived"}}).exit == 16);
  CHECK(ask(*one, "count.tally", {{"month", "2026-10"}, {"cell", "counselled"}, {"by", -8}}).exit == 16);

  const Asked close = ask(*one, "count.close", {{"month", "2026-10"}});
  CHECK(close.exit == 14);
  CHECK(close.refusal.hint.find("K-") != std::string::npos);
  const Asked settled = enter(*one, "2026-10", {"arrived=13"});
  CHECK(settled.warned("W_CONFLICT_SETTLED"));
  CHECK(ask(*one, "count.close", {{"month", "2026-10"}}).exit == 0);
}

TEST_CASE("requests on counts: a month goes its way between town and Kreis") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  CHECK(ask(*ahaus, "count.close", {{"month", "2026-10"}}).exit == 16);
  enter(*ahaus, "2026-10", {"arrived=5"});
  CHECK(ask(*ahaus, "count.close", {{"month", "2026-10"}}).data["return"]["state"] == "reported");
  CHECK_FALSE(ask(*ahaus, "count.close", {{"month", "2026-10"}}).data["changed"].get<bool>());
  CHECK(ask(*ahaus, "count.accept", {{"month", "2026-10"}, {"member", "Ahaus"}}).exit == 13);
  realm.sync(*ahaus);

  Replica& kreis = realm.kreis();
  CHECK(state(kreis, "2026-10", "Ahaus") == "reported");
  CHECK(state(kreis, "2026-10", "Bocholt") == "missing");
  CHECK(ask(kreis, "count.query", {{"month", "2026-10"}, {"member", "Ahaus"}, {"text", "Nur 5?"}, {"cells", {"arrived"}}}).exit == 0);
  realm.sync(*ahaus);
  CHECK(state(*ahaus, "2026-10", "Ahaus") == "queried");
  enter(*ahaus, "2026-10", {"arrived=50"});
  const Json second = ask(*ahaus, "count.close", {{"month", "2026-10"}}).data["return"];
  CHECK(second["revision"] == 2);
  CHECK(second["state"] == "reported");
  realm.sync(*ahaus);

  CHECK(ask(kreis, "count.lock", {{"month", "2026-10"}, {"member", "Ahaus"}}).exit == 16);
  const Asked all = ask(kreis, "count.accept", {{"month", "2026-10"}});
  CHECK(all.exit == 3);  // Bocholt has not handed in
  CHECK(all.warned("W_SKIPPED"));
  CHECK(all.data["returns"][0]["state"] == "accepted");
  CHECK(ask(kreis, "count.lock", {{"month", "2026-10"}, {"member", "Ahaus"}}).data["returns"][0]["state"] == "locked");
  realm.sync(*ahaus);

  const Asked late = enter(*ahaus, "2026-10", {"arrived=51", "placed=1"});
  CHECK(late.exit == 3);
  CHECK(late.warned("W_MONTH_LOCKED"));
  realm.sync(*ahaus);
  CHECK(state(kreis, "2026-10", "Ahaus") == "corrected_after_lock");
  const auto month = [&] { return test::ask(kreis, report_requests(), "report.month", {{"month", "2026-10"}}).data; };
  CHECK(month()["measures"].size() == 1);
  CHECK(month()["measures"][0]["value"] == 50);

  CHECK(ask(kreis, "count.accept", {{"month", "2026-10"}, {"member", "Ahaus"}}).exit == 16);  // not closed again yet
  CHECK(ask(*ahaus, "count.close", {{"month", "2026-10"}}).exit == 3);
  realm.sync(*ahaus);
  CHECK(ask(kreis, "count.accept", {{"month", "2026-10"}, {"member", "Ahaus"}}).data["returns"][0]["state"] == "locked");
  CHECK(month()["measures"][0]["value"] == 51);
  CHECK(month()["measures"].size() == 2);
  CHECK(ask(kreis, "count.reopen", {{"month", "2026-10"}, {"member", "Ahaus"}}).exit == 2);
  CHECK(ask(kreis, "count.reopen", {{"month", "2026-10"}, {"member", "Ahaus"}, {"reason", "Tippfehler"}}).exit == 0);
  CHECK(state(kreis, "2026-10", "Ahaus") == "accepted");
}

TEST_CASE("requests on counts: the Kreis sees who is missing, also those never heard of, and enters their paper") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  enter(*ahaus, "2026-09", {"arrived=4"});
  const Json own = ask(*ahaus, "count.missing", {{"month", "2026-10"}}).data;
  CHECK(own["expected"] == 1);
  CHECK(own["cells"] == Json::array({"arrived"}));

  Replica& kreis = realm.kreis();
  const Json missing = ask(kreis, "count.missing").data;
  CHECK(missing["month"] == "2026-10");
  CHECK(missing["expected"] == 2);
  CHECK(missing["missing"].size() == 2);
  CHECK(ask(kreis, "count.paper", {{"month", "2026-10"}, {"member", "boch"}, {"cells", {"arrived=9"}}}).exit == 0);
  const Json report = test::ask(kreis, report_requests(), "report.month", {{"month", "2026-10"}}).data;
  CHECK(report["measures"][0]["value"] == 9);
  CHECK(report["returns"]["missing"].size() == 2);

  auto bocholt = realm.join("05554008");
  enter(*bocholt, "2026-10", {"arrived=8"});
  realm.sync(*bocholt);
  CHECK(test::ask(kreis, report_requests(), "report.month", {{"month", "2026-10"}}).data["measures"][0]["value"] == 8);
}

TEST_CASE("requests on counts: a stock is not added over months, a flow is") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  for (const char* month : {"2026-08", "2026-09", "2026-10"}) enter(*ahaus, month, {"arrived=2", "waiting=5"});
  const Json totals = ask(*ahaus, "count.show", {{"year", "2026"}}).data["totals"];
  CHECK(totals[0]["value"] == 6);
  CHECK(totals[1]["value"] == 5);
  CHECK(totals[1]["as_of"] == "2026-10");
}

TEST_CASE("requests on counts: strange numbers are kept and remarked on") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  enter(*ahaus, "2026-09", {"waiting=5"});
  const Asked odd = enter(*ahaus, "2026-10", {"arrived=2", "placed=9", "left=0", "counselled=1", "waiting=4"});
  CHECK(odd.exit == 0);
  CHECK(odd.warned("W_PLACED_TOO_MANY"));
  CHECK(odd.warned("W_WAITING_DIFFERS"));
}

TEST_CASE("requests on counts: a remark that seems to name a person is kept and remarked on") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  Json args{{"month", "2026-10"}, {"cells", {"arrived=2"}}, {"note", "laut Frau Muster"}};
  CHECK(ask(*ahaus, "count.enter", args).warned("W_PERSONAL"));
  args["note"] = "ohne Nachmeldungen";
  CHECK_FALSE(ask(*ahaus, "count.enter", args).warned("W_PERSONAL"));
}

TEST_CASE("requests on counts: what leaves the Kreis holds nothing that gives small numbers away") {
  Realm realm;
  auto ahaus = realm.join("05554004"), bocholt = realm.join("05554008");
  enter(*ahaus, "2026-10", {"arrived=1"});
  enter(*bocholt, "2026-10", {"arrived=9"});
  for (Replica* town : {ahaus.get(), bocholt.get()}) {
    CHECK(ask(*town, "count.close", {{"month", "2026-10"}}).exit == 0);
    realm.sync(*town);
  }
  const auto report = [&](const char* audience) {
    return test::ask(realm.kreis(), report_requests(), "report.month", {{"month", "2026-10"}, {"audience", audience}}).data;
  };
  CHECK(report("internal")["measures"][0]["by_member"][0]["value"] == 1);
  const Json open = report("public");
  CHECK(open["measures"][0]["value"] == 10);
  CHECK(open["measures"][0]["by_member"][0]["mask"] == "under_3");
  CHECK(open["measures"][0]["by_member"][0]["value"].is_null());
  CHECK(open["measures"][0]["by_member"][1]["mask"] == "withheld");
  CHECK(open["returns"]["sources"][0]["digest"].is_null());
  CHECK(test::ask(realm.kreis(), report_requests(), "report.month",
                  {{"month", "2026-10"}, {"audience", "land"}, {"protection", "off"}}).exit == 2);
}

TEST_CASE("requests on counts: a town's numbers are not there for other towns") {
  Realm realm;
  auto ahaus = realm.join("05554004"), bocholt = realm.join("05554008");
  enter(*ahaus, "2026-10", {"arrived=12"});
  realm.sync(*ahaus);
  realm.sync(*bocholt);
  CHECK(ask(*bocholt, "count.show", {{"month", "2026-10"}, {"member", "all"}}).data["counts"].empty());
  CHECK(test::ask(*bocholt, report_requests(), "report.month", {{"month", "2026-10"}}).data["own_only"] == true);
}

namespace {

Asked import(Replica& replica, const std::string& table, Json more = Json::object(), bool dry_run = false) {
  Json args{{"content", request::to_base64(table)}};
  args.update(more);
  return ask(replica, "count.import", args, dry_run);
}

}  // namespace

TEST_CASE("requests on counts: a table comes in once, comes out, and comes in again without a change") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  const std::string table =
      "Gemeinde;Zeitraum;Messgröße;Schulform;Anzahl\r\n05554004;2026-09;zugezogen;Grundschule;6\r\n"
      "05554004;2026-09;zugezogen;Gymnasium;4\r\n";
  CHECK(import(*ahaus, table, Json::object(), true).data["new"] == 2);
  CHECK(ask(*ahaus, "count.show", {{"month", "2026-09"}}).data["counts"].empty());
  const Asked first = import(*ahaus, table);
  CHECK(first.exit == 0);
  CHECK(first.data["new"] == 2);
  const Hash held = ahaus->state_hash();
  CHECK(import(*ahaus, table).data["unchanged"] == 2);
  const Json file = ask(*ahaus, "count.export").data["file"];
  const auto written = request::from_base64(file["content"].get<std::string>());
  REQUIRE(written.has_value());
  CHECK(import(*ahaus, *written).data["unchanged"] == 2);
  CHECK(ahaus->state_hash() == held);
}

TEST_CASE("requests on counts: one wrong row refuses the whole table, with line and column") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  const Hash before = ahaus->state_hash();
  const Asked wrong = import(*ahaus, "ags;period;measure;value\n05554004;2026-09;arrived;6\n05554004;2026-09;placed;-1\n"
                                     "05554008;2026-09;left;1\n05554004;2027-01;left;1\n");
  CHECK(wrong.exit == 16);
  CHECK(wrong.refusal.text.find("Line 3") != std::string::npos);
  CHECK(wrong.refusal.text.find("Line 4") != std::string::npos);
  CHECK(wrong.refusal.text.find("Line 5") != std::string::npos);
  CHECK(ahaus->state_hash() == before);
}

TEST_CASE("requests on counts: an import leaves alone what two people entered differently") {
  Realm realm;
  auto one = realm.join("05554004"), two = realm.join("05554004");
  enter(*one, "2026-09", {"arrived=12"});
  enter(*two, "2026-09", {"arrived=14"});
  realm.sync(*one);
  realm.sync(*two);
  const Asked imported = import(*two, "ags;period;measure;value\n05554004;2026-09;arrived;13\n05554004;2026-09;placed;1\n");
  CHECK(imported.exit == 3);
  CHECK(imported.warned("W_CONFLICT_OPEN"));
  CHECK(imported.data["new"] == 1);
  CHECK(imported.data["conflicts"][0]["cell"] == "arrived");
  CHECK(two->conflict_count() == 1);
}

TEST_CASE("real data: the published counts come in, and totals are those of the files") {
  const std::string folder = (test::real_data() / "data" / "counts").string() + "/";
  const auto text_of = [&](const std::string& name) {
    const Bytes bytes = test::read_file(folder + name);
    REQUIRE_FALSE(bytes.empty());
    return std::string(bytes.begin(), bytes.end());
  };
  Realm realm;
  auto ahaus = realm.join("05554004");
  const std::string bamf = text_of("bamf_asyl_2016_alle_monate.csv");
  const Asked first = import(*ahaus, bamf, {{"mapping_name", "bamf"}});
  CHECK(first.exit == 0);
  CHECK(first.data["new"] == 1835);
  CHECK(import(*ahaus, bamf, {{"mapping_name", "bamf"}}).data["unchanged"] == 1835);

  // Column 4 of every row of August 2016, found from the end: names of states hold commas, the 25 numbers do not.
  std::int64_t expected = 0;
  std::size_t at = 0;
  while (at < bamf.size()) {
    const std::string row = bamf.substr(at, bamf.find('\n', at) - at);
    at += row.size() + 1;
    if (!row.starts_with("201608,")) continue;
    std::size_t start = row.size();
    for (int column = 28; column >= 4; --column) start = row.rfind(',', start - 1);
    expected += std::stoll(row.substr(start + 1));
  }
  const Json totals = ask(*ahaus, "count.show", {{"month", "2016-08"}}).data["totals"];
  CHECK(totals[0]["measure"] == "registered");
  CHECK(totals[0]["value"] == expected);
  CHECK_FALSE(totals[0]["mixed"].get<bool>());

  Replica& kreis = realm.kreis();
  CHECK(import(kreis, text_of("kreis_borken_herkunftslaender_2013_2021.csv"), {{"mapping_name", "kreis-borken-herkunft"}}).data["new"] == 49);
  const Json borken = test::ask(kreis, report_requests(), "report.month", {{"month", "2021-12"}}).data["measures"][0];
  CHECK(borken["value"] == 2873 + 2804 + 1224 + 6610);  // "davon" Syrien, Irak and Afghanistan lie inside Asien
}

TEST_CASE("requests on counts: what no other replica may read waits for nobody's confirmation") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  REQUIRE(enter(realm.kreis(), "2026-10", {"residents_foreign=7"}).exit == 0);
  realm.sync(*ahaus);
  CHECK(realm.kreis().figures().pending == 0);
  REQUIRE(enter(*ahaus, "2026-10", {"arrived=7"}).exit == 0);
  CHECK(ahaus->figures().pending == 1);  // the Kreis may read it and has not
  realm.sync(*ahaus);
  CHECK(ahaus->figures().pending == 0);
}

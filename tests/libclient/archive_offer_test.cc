#include "libclient/archive_offer.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "libclient/bundle_file.h"
#include "libclient/enrolment.h"
#include "libclient/erasure.h"
#include "libclient/requests_erasure.h"
#include "libclient/requests_privacy.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;

namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;
constexpr std::uint32_t contact_name = 34;
namespace offer_fields = registry::fields::offer;

/// A town with two devices and its Kreis; files go between them.
struct Town {
  Town() {
    auto founded = found_realm(options("kreis"), {"Kreis Borken", "05554", {{"05554004", "Ahaus"}}, {"127.0.0.1:7411"}, {}, "Kreisknoten"});
    REQUIRE(founded);
    kreis = std::move(founded->replica);
    first = join("first");
    second = join("second");
    carry(*kreis, *first);
  }
  ReplicaOptions options(const std::string& name) {
    ReplicaOptions out;
    out.directory = folder.path() / name;
    out.clock_ms = [this] { return now; };
    return out;
  }
  std::unique_ptr<Replica> join(const std::string& device) {
    auto invite = issue_invite(*kreis, "05554004", {.rights = rights_of_an_office | static_cast<Rights>(Right::erase)});
    REQUIRE(invite);
    auto town = prepare_join(options(device), invite->invite, invite->check, device);
    REQUIRE(town);
    auto answer = bundle_in_memory(*write_join_answer((*town)->core()));
    REQUIRE(read_join_answer(kreis->core(), *answer));
    carry(*kreis, **town);
    return std::move(*town);
  }
  static void carry(Replica& from, Replica& to) {
    Bytes file;
    auto written = write_bundle(from.core(), {.recipients = {to.identity().transport}}, [&](ByteView piece) -> Result<void> {
      file.insert(file.end(), piece.begin(), piece.end());
      return {};
    });
    REQUIRE(written);
    auto input = bundle_in_memory(std::move(file));
    REQUIRE(read_bundle(to.core(), *input));
  }
  Space space() const { return first->space("05554004", Collection::offers); }
  /// An offer with a contact person that has ended.
  RecordId ended(const std::string& contact) {
    RecordId id{registry::kinds::offer, {}};
    first->random(id.key.bytes);
    Edit edit;
    edit.set(space(), id, offer_fields::title, std::string{"Sprachcafé"});
    edit.set(space(), id, contact_name, contact);
    edit.set(space(), id, offer_fields::status, std::int64_t{registry::offer_status::ended});
    REQUIRE(first->commit(edit, {}));
    return id;
  }
  std::string state(Replica& at, const RecordId& id) {
    for (const archive::Standing& one : archive::standings(at)) {
      if (one.due.record == id) return archive::name(one.state);
    }
    return "";
  }
  archive::Bar bar(const RecordId& id, std::set<std::uint32_t> fields = retention::fields_of(retention::What::contacts)) {
    return archive::judge(*first, space(), id, fields).bar;
  }
  archive::Offer offer(const std::string& name = "Kreisarchiv Borken") {
    auto made = archive::offer(*first, {name}, {"Frau Beispiel"});
    REQUIRE(made);
    const auto all = archive::offers(*first);
    REQUIRE(!all.empty());
    REQUIRE(all.back().id == made->id);
    return all.back();
  }
  Json ask(const char* name, const Json& args) {
    const Caller caller{LocalRole::administer, "Frau Beispiel", "en"};
    return execute(*first, {{"request", name}, {"args", args}}, caller, {});
  }

  test::TempDir folder;
  std::uint64_t now = 1'794'000'000'000;
  std::unique_ptr<Replica> kreis, first, second;
};

}  // namespace

TEST_CASE("archive: what is due is offered, and may go once the archive has answered") {
  Town town;
  const RecordId id = town.ended("Erika Mustermann");
  CHECK(town.bar(id) == archive::Bar::not_due);
  CHECK(archive::offer(*town.first, {"Kreisarchiv"}, {}).error().code == Errc::not_found);
  town.now += 2 * 366 * day_ms;
  CHECK(town.state(*town.first, id) == "due");
  CHECK(town.bar(id) == archive::Bar::not_offered);
  const archive::Offer offer = town.offer();
  REQUIRE(offer.items.size() == 1);
  CHECK(offer.archive == "Kreisarchiv Borken");
  CHECK(town.state(*town.first, id) == "offered");
  CHECK(town.bar(id) == archive::Bar::undecided);
  CHECK(archive::offer(*town.first, {"Kreisarchiv"}, {}).error().code == Errc::not_found);

  REQUIRE(archive::answer(*town.first, offer, archive::Answer::declined, "2028-11-07", {}, {}));
  CHECK(town.state(*town.first, id) == "declined");
  CHECK(town.bar(id) == archive::Bar::none);
  CHECK(town.bar(id, {offer_fields::title}) == archive::Bar::fields);
  CHECK(town.bar(id, {}) == archive::Bar::fields);

  // All devices of the town and the Kreis see it.
  Town::carry(*town.first, *town.kreis);
  Town::carry(*town.kreis, *town.second);
  CHECK(archive::offers(*town.kreis).size() == 1);
  CHECK(archive::offers(*town.second).front().answer == archive::Answer::declined);
  CHECK(town.state(*town.second, id) == "declined");
}

TEST_CASE("archive: after six months without an answer it may go, not a day before") {
  Town town;
  const RecordId id = town.ended("Erika Mustermann");
  town.now = 1'859'104'800'000;  // 2028-11-29, 10:00 UTC
  const archive::Offer offer = town.offer();
  CHECK(offer.decide_by == "2029-05-29");
  town.now = 1'874'786'400'000;  // 2029-05-29, 22:00 UTC
  CHECK(town.state(*town.first, id) == "offered");
  town.now += 3 * 3'600'000;
  CHECK(town.state(*town.first, id) == "term_over");
  CHECK(town.bar(id) == archive::Bar::none);
}

TEST_CASE("archive: a term ends with the month where that has no such day, and is never shorter than half a year") {
  Town town;
  town.ended("Erika Mustermann");
  town.now = 1'882'864'800'000;  // 2029-08-31
  CHECK(archive::offer(*town.first, {"Archiv", 5}, {}).error().code == Errc::invalid_input);
  CHECK(archive::offer(*town.first, {"Archiv", 61}, {}).error().code == Errc::invalid_input);
  CHECK(archive::offer(*town.first, {"", 6}, {}).error().code == Errc::invalid_input);
  CHECK(town.offer().decide_by == "2030-02-28");
}

TEST_CASE("archive: what was written elsewhere without the offer being known is not covered by it") {
  Town town;
  const RecordId id = town.ended("Erika Mustermann");
  Town::carry(*town.first, *town.kreis);
  Town::carry(*town.kreis, *town.second);
  town.now += 2 * 366 * day_ms;
  // The second device writes first, its stick comes later.
  Edit edit;
  edit.set(town.space(), id, contact_name, std::string{"Max Mustermann"});
  REQUIRE(town.second->commit(edit, {}));
  town.now += day_ms;
  const archive::Offer offer = town.offer();
  REQUIRE(archive::answer(*town.first, offer, archive::Answer::taken, "2028-11-08", {}, {}));
  CHECK(town.bar(id) == archive::Bar::none);
  Town::carry(*town.second, *town.kreis);
  Town::carry(*town.kreis, *town.first);
  CHECK(town.state(*town.first, id) == "due");
  CHECK(town.bar(id) == archive::Bar::not_offered);
  town.now += 1;
  town.offer();
  CHECK(town.state(*town.first, id) == "offered");
}

TEST_CASE("archive: an order covers what was offered, what was written since stays and is due anew") {
  Town town;
  const RecordId id = town.ended("Erika Mustermann");
  town.now += 2 * 366 * day_ms;
  const archive::Offer offer = town.offer();
  town.now += day_ms;
  Edit edit;
  edit.set(town.space(), id, contact_name, std::string{"Max Mustermann"});
  REQUIRE(town.first->commit(edit, {}));
  REQUIRE(archive::answer(*town.first, offer, archive::Answer::taken, "2028-11-08", {}, {}));
  const archive::Verdict verdict = archive::judge(*town.first, town.space(), id, {contact_name});
  CHECK(verdict.bar == archive::Bar::none);
  CHECK(verdict.until_ms == town.now - day_ms);
  auto made = erasure::order(town.first->core(), {.space = town.space(), .record = id, .fields = {contact_name}, .reason = erasure::Reason::retention,
                                                  .until_ms = verdict.until_ms}, {"Frau Beispiel"});
  REQUIRE(made);
  const auto standings = archive::standings(*town.first);
  REQUIRE(standings.size() == 2);
  CHECK(standings[0].state == archive::State::ordered);
  CHECK(standings[0].order == *made);
  CHECK(standings[1].state == archive::State::due);
  REQUIRE(erasure::confirm(town.first->core(), *made, {"Herr Zweiter"}));
  CHECK(erasure::carry_out(town.first->core())->values == 1);
  CHECK(town.first->read(town.space(), id)->text(contact_name) == "Max Mustermann");
  CHECK(town.state(*town.first, id) == "due");
}

TEST_CASE("archive: names of acting persons that fell due after the offer stand apart") {
  Town town;
  Edit edit;
  RecordId id{registry::kinds::offer, {}};
  town.first->random(id.key.bytes);
  edit.set(town.space(), id, offer_fields::title, std::string{"Sprachcafé"});
  REQUIRE(town.first->commit(edit, {"Frau Beispiel"}));
  town.now += 100 * day_ms;
  Edit more;
  more.set(town.space(), id, offer_fields::title, std::string{"Treff"});
  REQUIRE(town.first->commit(more, {"Herr Zweiter"}));
  town.now += 3 * 366 * day_ms - 50 * day_ms;
  const archive::Offer offer = town.offer();
  REQUIRE(archive::answer(*town.first, offer, archive::Answer::declined, "2029-12-28", {}, {}));
  town.now += 60 * day_ms;
  const auto standings = archive::standings(*town.first);
  REQUIRE(standings.size() == 2);
  CHECK(standings[0].state == archive::State::declined);
  CHECK(standings[0].due.values == 1);
  CHECK(standings[1].state == archive::State::due);
  CHECK(standings[1].due.values == 1);
  const archive::Verdict verdict = archive::judge(*town.first, town.space(), {registry::kinds::note, {}}, {});
  CHECK(verdict.bar == archive::Bar::none);
  CHECK(verdict.until_ms == offer.offered_ms - retention::actors_kept_ms);
}

TEST_CASE("archive: one record may be answered otherwise than the rest, the last word counts") {
  Town town;
  const RecordId one = town.ended("Erika Mustermann"), other = town.ended("Max Mustermann");
  town.now += 2 * 366 * day_ms;
  archive::Offer offer = town.offer();
  REQUIRE(offer.items.size() == 2);
  const archive::Item item = offer.items[offer.items[0].record == one ? 0 : 1];
  REQUIRE(archive::answer(*town.first, offer, archive::Answer::taken, "2028-11-08", {item}, {}));
  CHECK(town.state(*town.first, one) == "taken");
  CHECK(town.state(*town.first, other) == "offered");
  offer = archive::offers(*town.first).back();
  REQUIRE(archive::answer(*town.first, offer, archive::Answer::declined, "2028-11-08", {item}, {}));
  CHECK(town.state(*town.first, one) == "declined");
  archive::Item foreign = item;
  foreign.until_ms += 1;
  CHECK(archive::answer(*town.first, offer, archive::Answer::taken, "2028-11-08", {foreign}, {}).error().code == Errc::invalid_input);
  CHECK(archive::answer(*town.first, offer, archive::Answer::taken, "2028-10-01", {}, {}).error().code == Errc::invalid_input);
  CHECK(archive::answer(*town.first, offer, archive::Answer::taken, "2040-01-01", {}, {}).error().code == Errc::invalid_input);
  offer = archive::offers(*town.first).back();
  REQUIRE(archive::answer(*town.first, offer, archive::Answer::taken, "2028-11-08", {}, {}));
  CHECK(town.state(*town.first, one) == "taken");
  CHECK(town.state(*town.first, other) == "taken");
}

TEST_CASE("archive: an order because of retention is refused until then, one for unlawful data is not") {
  Town town;
  const RecordId id = town.ended("Erika Mustermann");
  const std::string ref = to_hex(id.key);
  CHECK(town.ask("erasure.request", {{"ref", ref}, {"reason", "retention"}})["exit"] == 13);
  town.now += 2 * 366 * day_ms;
  const auto entries = town.first->figures().entries;
  for (const char* when : {"not offered", "undecided"}) {
    CAPTURE(when);
    const Json answer = town.ask("erasure.request", {{"ref", ref}, {"reason", "retention"}});
    CHECK(answer["exit"] == 13);
    CHECK(erasure::orders(town.first->core()).empty());
    if (std::string{when} == "not offered") CHECK(town.first->figures().entries == entries);
    if (std::string{when} == "not offered") town.offer();
  }
  const Json unlawful = town.ask("erasure.request", {{"ref", ref}, {"reason", "unlawful"}});
  CHECK(unlawful["exit"] == 0);
  REQUIRE(erasure::orders(town.first->core()).size() == 1);
  CHECK(erasure::orders(town.first->core()).front().effective_ms == town.now + day_ms);
  const Json told = town.ask("privacy.archive", {{"ref", to_hex(archive::offers(*town.first).back().id.key)}, {"answer", "taken"}, {"format", "csv"}});
  CHECK(told["exit"] == 0);
  CHECK(told["data"]["offer"]["items"][0]["title"] == "Sprachcafé");
  CHECK(request::from_base64(told["data"]["file"]["content"].get<std::string>())->find("Mustermann") == std::string::npos);
  const Json ordered = town.ask("erasure.request", {{"ref", ref}, {"reason", "retention"}});
  CHECK(ordered["exit"] == 0);
  CHECK(ordered["data"]["order"]["fields"].size() == 5);
}

TEST_CASE("archive: consents on a closed subject are offered and never erased because of retention") {
  Town town;
  const Space consents = town.kreis->space("05554", Collection::consents);
  RecordId subject{registry::kinds::consent_subject, {}};
  town.kreis->random(subject.key.bytes);
  Edit edit;
  edit.set(consents, subject, registry::fields::consent_subject::title, std::string{"Konzept 2026"});
  REQUIRE(town.kreis->commit(edit, {}));
  CHECK(archive::standings(*town.kreis).empty());
  Edit close;
  close.set(consents, subject, registry::fields::consent_subject::closed_on, std::string{"2026-10-01"});
  REQUIRE(town.kreis->commit(close, {}));
  REQUIRE(archive::standings(*town.kreis).size() == 1);
  CHECK(archive::standings(*town.kreis).front().due.what == retention::What::consents);
  auto made = archive::offer(*town.kreis, {"Kreisarchiv Borken"}, {});
  REQUIRE(made);
  CHECK(archive::standings(*town.kreis).front().state == archive::State::offered);
  REQUIRE(archive::answer(*town.kreis, archive::offers(*town.kreis).front(), archive::Answer::taken, "2026-11-07", {}, {}));
  CHECK(archive::standings(*town.kreis).empty());
  CHECK(archive::judge(*town.kreis, consents, subject, {}).bar == archive::Bar::permanent);
}

TEST_CASE("archive: all that may go is ordered at once, and nothing else") {
  Town town;
  const RecordId one = town.ended("Erika Mustermann"), other = town.ended("Max Mustermann");
  CHECK(town.ask("erasure.request", {{"due", true}})["exit"] == 4);
  town.now += 2 * 366 * day_ms;
  const archive::Offer offer = town.offer();
  CHECK(town.ask("erasure.request", {{"due", true}})["exit"] == 4);
  const archive::Item item = offer.items[offer.items[0].record == one ? 0 : 1];
  REQUIRE(archive::answer(*town.first, offer, archive::Answer::taken, "2028-11-07", {item}, {}));
  CHECK(town.ask("erasure.request", {{"due", true}, {"reason", "request"}})["exit"] == 2);
  CHECK(town.ask("erasure.request", {{"due", true}})["data"]["ordered"] == 1);
  const auto orders = erasure::orders(town.first->core());
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].target == one);
  CHECK(orders[0].reason == erasure::Reason::retention);
  CHECK(orders[0].until_ms == item.until_ms);
  CHECK(orders[0].fields == retention::fields_of(retention::What::contacts));
  CHECK(town.state(*town.first, other) == "offered");
  CHECK(town.ask("erasure.request", {{"due", true}})["exit"] == 4);
}

TEST_CASE("archive: the log tells who did what, the register which data there are and who reads them") {
  Town town;
  const RecordId id = town.ended("Erika Mustermann");
  town.now += 2 * 366 * day_ms;
  const archive::Offer offer = town.offer();
  town.now += day_ms;
  REQUIRE(archive::answer(*town.first, offer, archive::Answer::declined, "2028-11-08", {}, {"Herr Zweiter"}));
  town.now += day_ms;
  const Json ordered = town.ask("erasure.request", {{"ref", to_hex(id.key)}, {"reason", "retention"}});
  REQUIRE(ordered["exit"] == 0);
  town.now += 15 * day_ms;
  REQUIRE(erasure::carry_out(town.first->core())->values == 1);
  const Json log = town.ask("privacy.log", Json::object())["data"]["events"];
  REQUIRE(log.size() == 4);
  const char* const events[] = {"offered", "answered", "ordered", "erased"};
  for (std::size_t i = 0; i < 4; ++i) CHECK(log[i]["event"] == events[i]);
  CHECK(log[1]["actor"] == "Herr Zweiter");
  CHECK(log[3]["values"] == 1);
  CHECK(log[3]["ref"] == log[2]["ref"]);

  const Json rows = town.ask("privacy.register", Json::object())["data"]["rows"];
  const auto row = [&](const std::string& kind, const std::string& field) {
    for (const Json& one : rows) {
      if (one["kind"] == kind && one["field"] == field) return one;
    }
    return Json();
  };
  CHECK(row("offer", "contact.name")["years"] == 2);
  CHECK(row("offer", "contact.name")["values"] == 0);
  CHECK(row("offer", "contact.name")["personal"] == "yes");
  CHECK(row("note", "acting_person")["years"] == 3);
  CHECK(row("count", "value")["personal"] == "small");
  CHECK(row("count", "value")["readers"] == Json{"Kreis Borken", "Ahaus"});
  CHECK(row("consent", "evidence")["from"] == "never");
  CHECK(row("offer", "title").is_null());
}

TEST_CASE("archive: who may not erase can offer nothing") {
  Town town;
  auto invite = issue_invite(*town.kreis, "05554004", {.rights = rights_of_an_office});
  REQUIRE(invite);
  auto office = prepare_join(town.options("office"), invite->invite, invite->check, "office");
  REQUIRE(office);
  auto answer = bundle_in_memory(*write_join_answer((*office)->core()));
  REQUIRE(read_join_answer(town.kreis->core(), *answer));
  town.ended("Erika Mustermann");
  Town::carry(*town.first, *town.kreis);
  Town::carry(*town.kreis, **office);
  town.now += 2 * 366 * day_ms;
  REQUIRE(archive::standings(**office).size() == 1);
  CHECK(archive::offer(**office, {"Kreisarchiv"}, {}).error().code == Errc::not_permitted);
  CHECK(archive::offers(**office).empty());
}

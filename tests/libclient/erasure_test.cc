#include "libclient/erasure.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "libclient/bundle_file.h"
#include "libclient/count_store.h"
#include "libclient/enrolment.h"
#include "libclient/retention.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;

namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;
namespace offer_fields = registry::fields::offer;

struct Town {
  Town() {
    auto founded = found_realm(options("kreis"), {"Kreis Borken", "05554", {{"05554004", "Ahaus"}, {"05554008", "Bocholt"}},
                                                  {"127.0.0.1:7411"}, {}, "Kreisknoten"});
    REQUIRE(founded);
    kreis = std::move(founded->replica);
    ahaus = join("05554004", "ahaus-1", rights_of_an_office | static_cast<Rights>(Right::erase));
  }

  ReplicaOptions options(const std::string& name) {
    ReplicaOptions out;
    out.directory = folder.path() / name;
    out.clock_ms = [this] { return now; };
    return out;
  }
  std::unique_ptr<Replica> join(const MemberId& member, const std::string& device, Rights rights = rights_of_an_office) {
    auto invite = issue_invite(*kreis, member, {.rights = rights});
    REQUIRE(invite);
    auto town = prepare_join(options(device), invite->invite, invite->check, device);
    REQUIRE(town);
    auto answer = bundle_in_memory(*write_join_answer((*town)->core()));
    REQUIRE(read_join_answer(kreis->core(), *answer));
    carry(*kreis, **town);
    if (ahaus != nullptr) carry(*kreis, *ahaus);  // so that it knows of the new device
    return std::move(*town);
  }
  static Bytes write(Replica& from, Replica& to, bool whole = false) {
    Bytes file;
    auto written = write_bundle(from.core(), {.recipients = {to.identity().transport}, .whole = whole}, [&](ByteView piece) -> Result<void> {
      file.insert(file.end(), piece.begin(), piece.end());
      return {};
    });
    REQUIRE(written);
    return file;
  }
  static void read(Replica& at, Bytes file) {
    auto input = bundle_in_memory(std::move(file));
    auto taken = read_bundle(at.core(), *input);
    REQUIRE(taken);
    CHECK(taken->runs_refused == 0);
  }
  static void carry(Replica& from, Replica& to) { read(to, write(from, to)); }

  RecordId offer(const std::string& provider) {
    RecordId id{registry::kinds::offer, {}};
    ahaus->random(id.key.bytes);
    Edit edit;
    edit.set(space(), id, offer_fields::title, std::string{"Sprachcafé"});
    edit.set(space(), id, offer_fields::provider, provider);
    REQUIRE(ahaus->commit(edit, {"Frau Beispiel"}));
    return id;
  }
  Space space() const { return ahaus->space("05554004", Collection::offers); }
  erasure::Order order(const RecordId& id, std::set<std::uint32_t> fields = {offer_fields::provider}) {
    auto made = erasure::order(ahaus->core(), {.space = space(), .record = id, .fields = std::move(fields)}, {"Frau Beispiel"});
    REQUIRE(made);
    return known(*ahaus, *made);
  }
  static erasure::Order known(Replica& at, const RecordId& id) {
    for (const auto& order : erasure::orders(at.core())) {
      if (order.id == id) return order;
    }
    FAIL("no such order");
    return {};
  }

  test::TempDir folder;
  std::uint64_t now = 1'794'000'000'000;
  std::unique_ptr<Replica> kreis;
  std::unique_ptr<Replica> ahaus;
};

bool is_known(Replica& at, const Space& space, const RecordId& id, std::uint32_t field) {
  const auto view = at.read(space, id);
  REQUIRE(view);
  const FieldView* found = view->field(field);
  REQUIRE(found != nullptr);
  REQUIRE(!found->cells.empty());
  return found->cells.front().value.has_value();
}

/// Every blob and text of every table.
std::vector<Bytes> everything_stored(Replica& at) {
  std::vector<Bytes> out;
  for (const char* sql : {"SELECT body FROM entries", "SELECT state FROM records", "SELECT touched FROM records", "SELECT value FROM facts",
                          "SELECT entries FROM own_commits", "SELECT info FROM logs", "SELECT hash FROM entries"}) {
    auto query = at.core().db().query(sql);
    while (query.step()) out.emplace_back(query.blob(0).begin(), query.blob(0).end());
  }
  for (Bytes& blob : out) {
    if (!blob.empty() && blob[0] == 1) {
      if (auto body = unpack_body_bytes(blob)) blob = *body;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("erasure: announced first, carried out on its day, and only what is named goes") {
  Town town;
  const RecordId id = town.offer("Erika Mustermann"), other = town.offer("Caritas");
  const auto order = town.order(id);
  CHECK_FALSE(order.in_force(town.now));
  CHECK(erasure::carry_out(town.ahaus->core())->values == 0);
  CHECK(is_known(*town.ahaus, town.space(), id, offer_fields::provider));
  town.now += 15 * day_ms;
  const auto done = erasure::carry_out(town.ahaus->core());
  REQUIRE(done);
  CHECK(done->values == 1);
  CHECK(done->answers == 1);
  CHECK_FALSE(is_known(*town.ahaus, town.space(), id, offer_fields::provider));
  CHECK(is_known(*town.ahaus, town.space(), id, offer_fields::title));
  CHECK(is_known(*town.ahaus, town.space(), other, offer_fields::provider));
  CHECK(erasure::carry_out(town.ahaus->core())->values == 0);
  CHECK(town.ahaus->verify(true).ok);
}

TEST_CASE("erasure: a second person makes it effective at once, the first cannot") {
  Town town;
  const RecordId id = town.offer("Erika Mustermann");
  const auto order = town.order(id);
  CHECK(erasure::confirm(town.ahaus->core(), order.id, {"Frau Beispiel"}).error().code == Errc::conflict_open);
  CHECK(erasure::confirm(town.ahaus->core(), order.id, {}).error().code == Errc::conflict_open);
  REQUIRE(erasure::confirm(town.ahaus->core(), order.id, {"Herr Zweiter"}));
  CHECK(erasure::carry_out(town.ahaus->core())->values == 1);
  CHECK(erasure::withdraw(town.ahaus->core(), order.id, {"Frau Beispiel"}).error().code == Errc::over_limit);
}

TEST_CASE("erasure: it can be taken back before its day") {
  Town town;
  const RecordId id = town.offer("Erika Mustermann");
  const auto order = town.order(id);
  REQUIRE(erasure::withdraw(town.ahaus->core(), order.id, {"Frau Beispiel"}));
  town.now += 20 * day_ms;
  CHECK(erasure::carry_out(town.ahaus->core())->values == 0);
  CHECK(is_known(*town.ahaus, town.space(), id, offer_fields::provider));
}

TEST_CASE("erasure: it needs a right of its own, and nobody erases in another member's space") {
  Town town;
  auto bocholt = town.join("05554008", "bocholt-1");
  RecordId id{registry::kinds::offer, {}};
  CHECK(erasure::order(bocholt->core(), {.space = bocholt->space("05554008", Collection::offers), .record = id}, {}).error().code ==
        Errc::not_permitted);
  CHECK(erasure::order(town.kreis->core(), {.space = town.space(), .record = id}, {}).error().code == Errc::not_permitted);
}

TEST_CASE("erasure: every replica does it, answers for itself, and a late one brings nothing back") {
  Town town;
  auto late = town.join("05554004", "ahaus-2");
  const RecordId id = town.offer("Erika Mustermann");
  Town::carry(*town.ahaus, *late);
  Town::carry(*town.ahaus, *town.kreis);
  const Bytes old = Town::write(*town.ahaus, *town.kreis, true);
  const auto order = town.order(id);
  REQUIRE(erasure::confirm(town.ahaus->core(), order.id, {"Herr Zweiter"}));
  REQUIRE(erasure::carry_out(town.ahaus->core()));

  Town::carry(*town.ahaus, *town.kreis);
  CHECK_FALSE(is_known(*town.kreis, town.space(), id, offer_fields::provider));  // with the commit that brought the order
  CHECK(erasure::carry_out(town.kreis->core())->answers == 1);
  // 400 days later the second office comes back with everything, and somebody finds an old stick.
  town.now += 400 * day_ms;
  Town::read(*town.kreis, Town::write(*late, *town.kreis, true));
  Town::read(*town.kreis, old);
  Town::read(*town.ahaus, Town::write(*late, *town.ahaus, true));
  for (Replica* replica : {town.kreis.get(), town.ahaus.get()}) {
    CHECK_FALSE(is_known(*replica, town.space(), id, offer_fields::provider));
    CHECK(erasure::held(replica->core(), Town::known(*replica, order.id)) == 0);
  }
  Town::carry(*town.kreis, *late);
  CHECK_FALSE(is_known(*late, town.space(), id, offer_fields::provider));
  REQUIRE(erasure::carry_out(late->core()));
  CHECK(town.kreis->verify(true).ok);
  CHECK(late->verify(true).ok);
  // A chain that was copied from who has erased verifies at who never had the value.
  auto fresh = town.join("05554008", "bocholt-1");
  Town::read(*fresh, Town::write(*town.kreis, *fresh, true));
  CHECK_FALSE(is_known(*fresh, town.space(), id, offer_fields::provider));
  CHECK(is_known(*fresh, town.space(), id, offer_fields::title));
  CHECK(fresh->verify(true).ok);

  Town::carry(*late, *town.ahaus);
  Town::carry(*town.kreis, *town.ahaus);
  CHECK(erasure::answers(town.ahaus->core(), Town::known(*town.ahaus, order.id)).size() == 3);
  const auto open = erasure::unanswered(town.ahaus->core(), Town::known(*town.ahaus, order.id));
  CHECK(open.size() == 1);
  CHECK(open.front() == fresh->identity().author);
}

TEST_CASE("erasure: an order that comes before its target is remembered") {
  Town town;
  auto second = town.join("05554004", "ahaus-2", rights_of_an_office | static_cast<Rights>(Right::erase));
  const RecordId id = town.offer("Erika Mustermann");
  auto made = erasure::order(second->core(), {.space = town.space(), .record = id}, {"Frau Beispiel"});
  REQUIRE(made);
  REQUIRE(erasure::confirm(second->core(), *made, {"Herr Zweiter"}));
  Town::carry(*second, *town.kreis);
  Town::carry(*town.ahaus, *town.kreis);
  CHECK_FALSE(is_known(*town.kreis, town.space(), id, offer_fields::provider));
  CHECK_FALSE(is_known(*town.kreis, town.space(), id, offer_fields::title));
}

TEST_CASE("erasure: what was entered after the request is a new value and stays; a fast clock protects nothing") {
  Town town;
  town.now += 300 * day_ms;  // a clock that is far ahead
  const RecordId id = town.offer("Erika Mustermann");
  town.now -= 300 * day_ms;
  const auto order = town.order(id);
  CHECK(order.cells.size() == 1);
  town.now += day_ms;
  REQUIRE(erasure::confirm(town.ahaus->core(), order.id, {"Herr Zweiter"}));
  Edit edit;
  edit.set(town.space(), id, offer_fields::provider, std::string{"Caritas"});
  REQUIRE(town.ahaus->commit(edit, {}));
  CHECK(erasure::carry_out(town.ahaus->core())->values == 1);
  CHECK(town.ahaus->read(town.space(), id)->text(offer_fields::provider) == "Caritas");
}

TEST_CASE("erasure: what a device enters that has not answered yet stays, and whoever ordered is shown it") {
  Town town;
  auto away = town.join("05554004", "ahaus-2");
  const RecordId id = town.offer("Erika Mustermann");
  Town::carry(*town.ahaus, *away);
  town.now += day_ms;
  const auto order = town.order(id);
  CHECK(erasure::later(town.ahaus->core(), order).empty());
  REQUIRE(erasure::confirm(town.ahaus->core(), order.id, {"Herr Zweiter"}));
  REQUIRE(erasure::carry_out(town.ahaus->core()));
  // The one that is away corrects the name; the one that carried the order out enters a successor elsewhere.
  town.now += day_ms;
  Edit again;
  again.set(town.space(), id, offer_fields::provider, std::string{"Erika Muster"});
  REQUIRE(away->commit(again, {}));
  town.now += day_ms;
  Edit successor;
  successor.set(town.space(), id, offer_fields::provider, std::string{"Caritas"});
  REQUIRE(town.ahaus->commit(successor, {}));
  Town::carry(*away, *town.ahaus);
  const auto seen = erasure::later(town.ahaus->core(), order);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].device == away->identity().author);
  CHECK_FALSE(seen[0].answered_before);
  CHECK(seen[0].field == offer_fields::provider);
  CHECK(seen[1].device == town.ahaus->identity().author);
  CHECK(seen[1].answered_before);
  // It is not hidden, and a second order takes it.
  const RecordView view = *town.ahaus->read(town.space(), id);
  CHECK(view.field(offer_fields::provider)->cells.size() == 2);
  CHECK(erasure::held(town.ahaus->core(), order) == 0);
  const auto second = town.order(id);
  REQUIRE(erasure::confirm(town.ahaus->core(), second.id, {"Herr Zweiter"}));
  CHECK(erasure::carry_out(town.ahaus->core())->values == 2);
  CHECK(erasure::later(town.ahaus->core(), order).empty());
}

TEST_CASE("erasure: guessing afterwards fails against everything that is stored") {
  Town town;
  // A number that can be guessed: all candidates are tried with everything in the store as nonce or salt.
  const RecordId id{registry::kinds::count, RecordKey::from(Bytes(16, 9))};
  const Space counts = town.ahaus->space("05554004", Collection::counts);
  Edit edit;
  edit.set(counts, id, registry::fields::count::value, std::int64_t{7});
  edit.set(counts, id, registry::fields::count::unknown, std::int64_t{0});
  REQUIRE(town.ahaus->commit(edit, {"Frau Beispiel"}));
  SpaceSlot& slot = *town.ahaus->core().slot(counts);
  std::vector<EntryRef> refs;
  slot.store.touching(id, refs);
  REQUIRE(refs.size() == 1);
  const EntryBody& body = slot.store.body(refs.front());
  const auto said = std::find_if(body.ops.begin(), body.ops.end(), [&](const Op& op) { return op.record == id && op.field == registry::fields::count::value; });
  REQUIRE(said != body.ops.end());
  const Commitment committed = commitments(body)[static_cast<std::size_t>(said - body.ops.begin())];

  const auto found = [&] {
    for (const Bytes& blob : everything_stored(*town.ahaus)) {
      for (std::size_t at = 0; at + 32 <= blob.size(); ++at) {
        const Nonce nonce = Nonce::from(ByteView{blob}.subspan(at, 32));
        const Salt salt = Salt::from(ByteView{blob}.subspan(at, 32));
        for (std::int64_t guess = 0; guess < 10; ++guess) {
          if (commit_value(nonce, guess) == committed) return true;
          for (std::uint32_t op = 0; op < 3; ++op) {
            if (commit_value(op_nonce(salt, op), guess) == committed) return true;
          }
        }
      }
    }
    return false;
  };
  CHECK(found());
  auto made = erasure::order(town.ahaus->core(), {.space = counts, .record = id, .fields = {registry::fields::count::value}}, {"Frau Beispiel"});
  REQUIRE(made);
  REQUIRE(erasure::confirm(town.ahaus->core(), *made, {"Herr Zweiter"}));
  REQUIRE(erasure::carry_out(town.ahaus->core()));
  CHECK_FALSE(found());
  auto freed = town.ahaus->core().db().query("PRAGMA freelist_count");
  REQUIRE(freed.step());
  CHECK(freed.number(0) == 0);  // no page is left that held it
}

TEST_CASE("erasure: names of acting persons go after three years, records stay") {
  Town town;
  const RecordId id = town.offer("Caritas");
  CHECK(retention::due(*town.ahaus).empty());
  town.now += 3 * 366 * day_ms;
  const auto due = retention::due(*town.ahaus);
  REQUIRE(due.size() == 1);
  CHECK(due.front().what == retention::What::actors);
  CHECK(due.front().values == 1);
  auto made = erasure::order(town.ahaus->core(),
                             {.space = town.space(), .record = {registry::kinds::note, {}}, .until_ms = town.now - retention::actors_kept_ms},
                             {"Frau Beispiel"});
  REQUIRE(made);
  REQUIRE(erasure::confirm(town.ahaus->core(), *made, {"Herr Zweiter"}));
  CHECK(erasure::carry_out(town.ahaus->core())->values == 1);
  CHECK(town.ahaus->history(town.space(), id).front().actor.empty());
  CHECK(town.ahaus->read(town.space(), id)->text(offer_fields::provider) == "Caritas");
  CHECK(town.ahaus->verify(true).ok);
}

TEST_CASE("retention: contact data of an offer that ended two years ago is due") {
  Town town;
  const RecordId id = town.offer("Caritas");
  const registry::Kind& kind = *registry::find_kind(registry::kinds::offer);
  std::uint32_t contact = 0;
  for (const auto& field : kind.fields) {
    if (field.personal == registry::Personal::yes && field.merge == registry::Merge::last_write) contact = field.number;
  }
  REQUIRE(contact != 0);
  Edit edit;
  edit.set(town.space(), id, contact, std::string{"Erika Mustermann"});
  edit.set(town.space(), id, offer_fields::status, std::int64_t{registry::offer_status::ended});
  REQUIRE(town.ahaus->commit(edit, {}));
  town.now += 2 * 365 * day_ms - day_ms;
  CHECK(retention::due(*town.ahaus).empty());
  town.now += 3 * day_ms;
  const auto due = retention::due(*town.ahaus);
  REQUIRE(due.size() == 1);
  CHECK(due.front().what == retention::What::contacts);
  CHECK(due.front().values == 1);
}

TEST_CASE("retention: counts are due after ten years, where they were entered: in the town, or from paper at the Kreis") {
  Town town;
  counts::Entered entered;
  entered.key.ags = "05554004";
  entered.key.period = "2026-10";
  entered.key.measure = "arrived";
  entered.value = 4;
  const auto enter = [&](Replica& at, bool paper) {
    Edit edit;
    REQUIRE(counts::put(edit, at, entered, {}, paper));
    REQUIRE(at.commit(edit, {}));
  };
  enter(*town.ahaus, false);
  enter(*town.kreis, true);
  town.carry(*town.kreis, *town.ahaus);
  town.carry(*town.ahaus, *town.kreis);
  const auto due_counts = [](Replica& at) {
    std::vector<std::uint32_t> kinds;
    for (const auto& due : retention::due(at)) {
      if (due.what == retention::What::counts) kinds.push_back(due.record.kind);
    }
    return kinds;
  };
  town.now += 10 * retention::year_ms - day_ms;
  CHECK(due_counts(*town.ahaus).empty());
  CHECK(due_counts(*town.kreis).empty());
  town.now += 2 * day_ms;
  CHECK(due_counts(*town.ahaus) == std::vector{registry::kinds::count});
  CHECK(due_counts(*town.kreis) == std::vector{registry::kinds::paper_return});
}

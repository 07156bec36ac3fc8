#include "libclient/quarantine.h"

#include <doctest/doctest.h>

#include <map>

#include "protocol/frontier.h"
#include "protocol/limits.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;
using namespace kiz::test;

namespace {

constexpr auto title = registry::fields::offer::title;
constexpr auto provider = registry::fields::offer::provider;
constexpr auto languages = registry::fields::offer::languages;

RecordId offer(std::uint8_t n) {
  RecordId out{registry::kinds::offer, {}};
  out.key.bytes.fill(n);
  return out;
}

/// A Kreis, and offices of Ahaus and Bocholt.
struct Offices {
  Realm realm;
  std::unique_ptr<Replica> ahaus = realm.join("05554004");
  std::unique_ptr<Replica> colleague = realm.join("05554004");
  std::unique_ptr<Replica> bocholt = realm.join("05554008");

  Replica& kreis() { return realm.kreis(); }
  Space offers() { return kreis().space("05554004", Collection::offers); }

  void write(Replica& office, std::uint8_t record, const std::string& text) {
    Edit edit = office.begin();
    edit.set(offers(), offer(record), title, Value{text});
    const auto committed = office.commit(edit, {"Frau Beispiel"});
    REQUIRE_MESSAGE(committed, (committed ? "" : name(committed.error().code)));
  }
  std::string read(Replica& office, std::uint8_t record) {
    const auto view = office.read(offers(), offer(record));
    if (!view || !view->exists()) return "";
    const FieldView* field = view->field(title);
    return field == nullptr || field->cells.empty() ? "" : *as_text(*field->cells.front().value);
  }
  std::size_t titles(Replica& office, std::uint8_t record) {
    const auto view = office.read(offers(), offer(record));
    return view && view->field(title) != nullptr ? view->field(title)->cells.size() : 0;
  }
  Hash state(Replica& office) { return office.core().state_hash(*office.core().slot(offers())); }

  /// The one log of the space that this office writes.
  Head head(Replica& office) {
    for (const Head& head : office.core().slot(offers())->heads()) {
      if (office.author_of(head.log).device == office.identity().device) return head;
    }
    FAIL("no log");
    return {};
  }
  EntryHash entry_at(Replica& office, const LogId& log, Seq seq) {
    const SpaceSlot* slot = office.core().slot(offers());
    return slot->store.meta(slot->store.at({slot->store.find_log(log), 0, seq})).hash;
  }
  /// Locks the office out, with its log in the offers ended behind this entry.
  void revoke(Replica& office, Seq seq) {
    const LogId log = head(kreis_view(office)).log;
    const EntryHash end = seq == 0 ? EntryHash{} : entry_at(kreis(), log, seq);
    REQUIRE(kreis().core().issue(DeviceRevoked{office.identity().author, {{log, seq, end, {}}}}));
  }
  Replica& kreis_view(Replica& office) { return office; }

  /// A session of a device that is locked out: it ends with that word.
  void hand_in(Replica& office) {
    auto caller = PeerTalk::call(office.core(), SteadyTime{0});
    REQUIRE(caller);
    auto answerer = PeerTalk::answer(kreis().core(), SteadyTime{0});
    for (int round = 0; round < 1000; ++round) {
      const Bytes out = (*caller)->take_output(SteadyTime{1000}), back = answerer->take_output(SteadyTime{1000});
      if (out.empty() && back.empty()) break;
      if (!out.empty()) answerer->feed(out, SteadyTime{1000});
      if (!back.empty()) (*caller)->feed(back, SteadyTime{1000});
    }
    REQUIRE((*caller)->failure());
    CHECK((*caller)->failure()->code == Errc::revoked);
    CHECK_FALSE((*caller)->in_sync());
  }
  void sync_all() {
    for (int round = 0; round < 2; ++round) {
      for (Replica* office : {colleague.get(), bocholt.get()}) realm.sync(*office);
    }
  }
};

}  // namespace

TEST_CASE("quarantine: after a cut every replica stands as if the entries had never been written") {
  Offices o;
  o.write(*o.ahaus, 1, "Sprachcafé");
  o.realm.sync(*o.ahaus);
  o.sync_all();
  auto never = o.realm.join("05554008");  // holds what was there before, and hears nothing of what follows
  const Hash before = o.state(*never);

  o.write(*o.ahaus, 1, "Nachtcafé");
  o.write(*o.ahaus, 2, "Diebesgut");
  Edit gone = o.ahaus->begin();
  gone.del(o.offers(), offer(1));
  REQUIRE(o.ahaus->commit(gone, {}));
  o.realm.sync(*o.ahaus);
  o.sync_all();
  CHECK(o.state(o.kreis()) != before);
  CHECK(o.read(*o.bocholt, 2) == "Diebesgut");

  o.revoke(*o.ahaus, 1);
  o.sync_all();
  o.realm.sync(*never);
  for (Replica* replica : {&o.kreis(), o.colleague.get(), o.bocholt.get(), never.get()}) {
    CAPTURE(replica->identity().device);
    CHECK(o.state(*replica) == before);
    CHECK(o.read(*replica, 1) == "Sprachcafé");
    CHECK(o.read(*replica, 2).empty());
    CHECK(replica->verify(true).ok);
  }
  CHECK(quarantine::states(o.kreis().core()).quarantined == 3);
  CHECK(quarantine::states(o.bocholt->core()).quarantined == 3);
  CHECK(quarantine::states(never->core()).quarantined == 0);  // nobody passes them on
  CHECK(never->figures().entries < o.bocholt->figures().entries);
}

TEST_CASE("quarantine: a cut in the middle of what was signed as one still reaches a newcomer") {
  Offices o;
  Edit many = o.ahaus->begin();
  for (int n = 0; n < 5000; ++n) {  // more than fits one entry: two entries
    RecordId record{registry::kinds::offer, {}};
    record.key.bytes[0] = static_cast<std::uint8_t>(n >> 8);
    record.key.bytes[1] = static_cast<std::uint8_t>(n);
    many.set(o.offers(), record, title, Value{std::to_string(n)});
  }
  REQUIRE(o.ahaus->commit(many, {})->entries.size() == 2);
  o.realm.sync(*o.ahaus);
  // The Kreis holds the first entry without a signature of its own, as a relay may.
  o.kreis().core().db().execute("UPDATE entries SET signature = NULL WHERE seq = 1");
  o.revoke(*o.ahaus, 1);
  auto newcomer = o.realm.join("05554008");
  CHECK(o.state(*newcomer) == o.state(o.kreis()));
  CHECK(quarantine::states(newcomer->core()).quarantined == 1);
  o.realm.sync(*newcomer);
}

TEST_CASE("quarantine: a locked-out device hands in what it has, learns of it, and gets nothing else") {
  Offices o;
  o.write(*o.ahaus, 1, "Sprachcafé");
  o.realm.sync(*o.ahaus);
  o.write(*o.ahaus, 2, "Unterwegs geschrieben");  // and not yet delivered
  o.write(*o.colleague, 3, "Vom Kollegen");
  o.realm.sync(*o.colleague);
  REQUIRE(revoke_device(o.kreis(), o.ahaus->identity().author));
  const Hash before = o.state(o.kreis());
  o.kreis().core().take_advances();

  o.hand_in(*o.ahaus);
  CHECK(o.ahaus->core().own_device()->revoked);
  CHECK(o.read(*o.ahaus, 3).empty());  // nothing of what others wrote goes to it
  CHECK(o.state(o.kreis()) == before);
  CHECK(quarantine::states(o.kreis().core()).quarantined == 1);
  CHECK(o.kreis().core().take_advances().empty());  // and is passed on to nobody

  const auto held = quarantine::stretches(o.kreis().core());
  REQUIRE(held.size() == 1);
  CHECK(held[0].first.seq == 2);
  CHECK(held[0].cut_at == 1);
  o.hand_in(*o.ahaus);  // again: nothing more to deliver, the same word
  CHECK(quarantine::states(o.kreis().core()).quarantined == 1);

  Edit edit = o.ahaus->begin();
  edit.set(o.offers(), offer(4), title, Value{std::string{"zu spät"}});
  CHECK(o.ahaus->commit(edit, {}).error().code == Errc::revoked);
}

TEST_CASE("quarantine: the Kreis takes honest work over by moving the cut forward, and everybody gets the same cells") {
  Offices o;
  for (std::uint8_t n = 1; n <= 4; ++n) o.write(*o.ahaus, n, "Angebot " + std::to_string(n));
  REQUIRE(revoke_device(o.kreis(), o.ahaus->identity().author));  // before anything arrived: its log ends at 0
  o.hand_in(*o.ahaus);
  auto held = quarantine::stretches(o.kreis().core());
  REQUIRE(held.size() == 1);
  CHECK(held[0].last.seq - held[0].first.seq + 1 == 4);

  REQUIRE(quarantine::adopt(o.kreis().core(), held[0], 3));
  CHECK(quarantine::adopt(o.kreis().core(), held[0], 9).error().code == Errc::invalid_input);
  o.sync_all();
  for (Replica* replica : {&o.kreis(), o.colleague.get(), o.bocholt.get()}) {
    CHECK(o.read(*replica, 3) == "Angebot 3");
    CHECK(o.read(*replica, 4).empty());
    CHECK(o.state(*replica) == o.state(o.kreis()));
    CHECK(replica->verify(true).ok);
  }
  CHECK(quarantine::states(o.kreis().core()).quarantined == 1);
  held = quarantine::stretches(o.kreis().core());
  REQUIRE(held.size() == 1);
  REQUIRE(quarantine::adopt(o.kreis().core(), held[0], 4));
  CHECK(quarantine::stretches(o.kreis().core()).empty());
  o.hand_in(*o.ahaus);  // it learns of that too, and stands where the others stand
  CHECK(o.state(*o.ahaus) == o.state(o.kreis()));
}

TEST_CASE("quarantine: an office enters single entries anew; two that do so make one cell, and later work stays beside it") {
  Offices o;
  o.write(*o.ahaus, 1, "alt");
  o.realm.sync(*o.ahaus);
  o.realm.sync(*o.colleague);
  auto third = o.realm.join("05554004");
  o.write(*o.ahaus, 1, "neu von unterwegs");
  Edit tongue = o.ahaus->begin();
  tongue.add(o.offers(), offer(1), languages, Value{std::string{"ara"}});
  REQUIRE(o.ahaus->commit(tongue, {}));
  REQUIRE(revoke_device(o.kreis(), o.ahaus->identity().author));
  o.hand_in(*o.ahaus);
  CHECK(o.read(o.kreis(), 1) == "alt");

  // The entries travel to the offices as they would by a stick: the town's own colleagues hold them in quarantine too.
  const auto carry = [&](Replica& to) {
    const PeerSource source{o.ahaus->core(), o.kreis().identity().transport};
    const SpaceSlot* slot = o.ahaus->core().slot(o.offers());
    for (const Advance& advance : source.to_hand_in({})) {
      if (advance.space != slot->store.space()) continue;
      auto piece = source.read_run(advance.head.log, {}, advance.head.entry, limits::run_bytes_max);
      REQUIRE(piece);
      const IncomingRun run{1, piece->bytes};
      const auto reports = to.core().ingest({&run, 1});
      REQUIRE(reports);
      CHECK((*reports)[0].refused == Errc::ok);
    }
  };
  for (Replica* replica : {o.colleague.get(), third.get()}) {
    o.realm.sync(*replica);  // the revocation comes first
    carry(*replica);
    CHECK(quarantine::states(replica->core()).quarantined == 2);
  }
  o.write(*o.colleague, 1, "inzwischen vom Kollegen");  // who had not seen the new title
  for (Replica* replica : {o.colleague.get(), third.get()}) {
    const auto held = quarantine::stretches(replica->core());
    REQUIRE(held.size() == 1);
    const auto first = quarantine::enter_anew(replica->core(), held[0], held[0].first.seq, {"Herr Muster"});
    REQUIRE_MESSAGE(first, (first ? "" : name(first.error().code)));
    REQUIRE(quarantine::enter_anew(replica->core(), held[0], held[0].last.seq, {"Herr Muster"}));
    CHECK(quarantine::enter_anew(replica->core(), held[0], 99, {}).error().code == Errc::invalid_input);
    const SpaceSlot* slot = replica->core().slot(o.offers());
    CHECK(quarantine::entered_anew(*slot, slot->store.at(held[0].first)));
  }
  for (int round = 0; round < 2; ++round) {
    o.realm.sync(*third);
    o.sync_all();
  }
  for (Replica* replica : {&o.kreis(), o.colleague.get(), third.get(), o.bocholt.get()}) {
    CAPTURE(replica->identity().device);
    CHECK(o.state(*replica) == o.state(o.kreis()));
    CHECK(o.titles(*replica, 1) == 2);  // what was handed in, once, and what came since
    CHECK(replica->verify(true).ok);
    const auto view = replica->read(o.offers(), offer(1));
    CHECK(view->field(languages)->cells.size() == 1);
  }
  const auto held = quarantine::stretches(o.colleague->core());
  CHECK(quarantine::enter_anew(o.colleague->core(), held[0], held[0].first.seq, {})->entries.empty());  // all of it is there
}

TEST_CASE("quarantine: what a town decides not to take over leaves the list, and comes back when there is more") {
  Offices o;
  o.write(*o.ahaus, 1, "eins");
  REQUIRE(revoke_device(o.kreis(), o.ahaus->identity().author));
  o.hand_in(*o.ahaus);
  auto held = quarantine::stretches(o.kreis().core());
  REQUIRE(held.size() == 1);
  REQUIRE(quarantine::discard(o.kreis().core(), held[0]));
  CHECK(quarantine::stretches(o.kreis().core())[0].discarded);
  CHECK(quarantine::states(o.kreis().core()).quarantined == 1);
  REQUIRE(quarantine::adopt(o.kreis().core(), held[0], 1));  // a decision that can be taken back
  CHECK(o.read(o.kreis(), 1) == "eins");
}

TEST_CASE("quarantine: requests list, show, take over and discard, and refuse with a sentence") {
  Offices o;
  o.write(*o.ahaus, 1, "eins");
  o.write(*o.ahaus, 2, "zwei");
  REQUIRE(revoke_device(o.kreis(), o.ahaus->identity().author));
  o.hand_in(*o.ahaus);
  const auto kinds = quarantine_requests();
  const Asked list = ask(o.kreis(), kinds, "quarantine.list");
  CHECK(list.data["states"]["quarantined"] == 2);
  REQUIRE(list.data["quarantine"].size() == 1);
  const std::string ref = list.data["quarantine"][0]["ref"];
  CHECK(list.data["quarantine"][0]["member_name"] == "Ahaus");
  CHECK(list.data["quarantine"][0]["reason"] == "beyond_cut");

  const Asked shown = ask(o.kreis(), kinds, "quarantine.show", {{"ref", ref}});
  REQUIRE(shown.data["changes_of"].size() == 2);
  CHECK(shown.data["changes_of"][1]["actor"] == "Frau Beispiel");
  CHECK(shown.data["changes_of"][1]["changes"][0]["value"] == "zwei");
  CHECK(ask(o.kreis(), kinds, "quarantine.show", {{"ref", "Q-ZZZZZ"}}).exit == 4);

  CHECK(ask(o.kreis(), kinds, "quarantine.adopt", {{"ref", ref}, {"upto", 7}}).exit == 16);
  CHECK(ask(o.kreis(), kinds, "quarantine.adopt", {{"ref", ref}, {"entries", {"1"}}}).exit == 13);  // the Kreis writes in no town's place
  CHECK(ask(o.kreis(), kinds, "quarantine.adopt", {{"ref", ref}}, true).data["adopted"] == 2);
  CHECK(o.read(o.kreis(), 2).empty());
  CHECK(ask(o.kreis(), kinds, "quarantine.discard", {{"ref", ref}}).data["entries"] == 2);
  CHECK(ask(o.kreis(), kinds, "quarantine.list").data["quarantine"].empty());
  CHECK(ask(o.kreis(), kinds, "quarantine.list", {{"all", true}}).data["quarantine"].size() == 1);
  CHECK(ask(o.kreis(), kinds, "quarantine.adopt", {{"ref", ref}, {"upto", 1}}).data["adopted"] == 1);
  CHECK(o.read(o.kreis(), 1) == "eins");
}

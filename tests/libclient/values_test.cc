#include "libclient/values.h"

#include <doctest/doctest.h>

#include "libclient/bundle_file.h"
#include "libclient/erasure.h"
#include "libclient/value_talk.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;
using namespace kiz::test;

namespace {

constexpr auto title = registry::fields::offer::title, provider = registry::fields::offer::provider;

RecordId offer(std::uint8_t n) {
  RecordId out{registry::kinds::offer, {}};
  out.key.bytes.fill(n);
  return out;
}
Space offers(const Replica& at) { return at.space("05554004", Collection::offers); }

void write(Replica& office, std::uint8_t n, const std::string& text) {
  Edit edit;
  edit.set(offers(office), offer(n), title, text);
  edit.set(offers(office), offer(n), provider, std::string{"Caritas"});
  REQUIRE(office.commit(edit, {"Frau Beispiel"}));
}

std::optional<Value> value_at(const Replica& at, std::uint8_t n, std::uint32_t field = title) {
  const auto view = at.read(offers(at), offer(n));
  REQUIRE(view);
  const FieldView* found = view->field(field);
  REQUIRE(found != nullptr);
  REQUIRE(found->cells.size() == 1);
  return found->cells.front().value;
}

/// As if the disk, or a peer of before, had lost values: of each entry on the record the op on this field.
void lose(Replica& at, std::uint8_t n, std::uint32_t field = title) {
  SpaceSlot* slot = at.core().slot(offers(at));
  REQUIRE(slot != nullptr);
  const auto done = at.core().write([&]() -> Result<void> {
    std::vector<EntryRef> refs;
    slot->store.touching(offer(n), refs);
    for (const EntryRef ref : refs) {
      EntryBody body = slot->store.body(ref);
      std::vector<std::uint32_t> gone;
      for (std::uint32_t i = 0; i < body.ops.size(); ++i) {
        if (body.ops[i].record == offer(n) && body.ops[i].field == field) gone.push_back(i);
      }
      drop_values(body, gone);
      slot->store.put_values(ref, body);
    }
    slot->merge.refresh(offer(n));
    return {};
  });
  REQUIRE(done);
}

std::size_t wanted_here(Replica& at) {
  std::size_t out = 0;
  for (const ValuesWanted& one : values::wanted(at.core(), "05554004", {}, 10'000)) out += one.cells.size();
  return out;
}

Bytes body_of(Replica& at, std::uint8_t n) {
  SpaceSlot* slot = at.core().slot(offers(at));
  std::vector<EntryRef> refs;
  slot->store.touching(offer(n), refs);
  return pack_body(slot->store.body(refs.front()));
}

}  // namespace

TEST_CASE("values: a lost value reads as unknown, is asked for, and the entry is then byte for byte what it was") {
  Realm realm;
  const auto ahaus = realm.join("05554004");
  write(*ahaus, 1, "Sprachcafé");
  realm.sync(*ahaus);
  const Bytes before = body_of(realm.kreis(), 1);
  const Hash state = realm.kreis().state_hash();
  lose(realm.kreis(), 1);
  CHECK_FALSE(value_at(realm.kreis(), 1));
  CHECK(realm.kreis().state_hash() == state);
  CHECK(wanted_here(realm.kreis()) == 1);
  realm.sync(*ahaus);
  CHECK(value_at(realm.kreis(), 1) == Value{std::string{"Sprachcafé"}});
  CHECK(body_of(realm.kreis(), 1) == before);
  CHECK(wanted_here(realm.kreis()) == 0);
  CHECK(realm.kreis().verify(true).ok);
  // The other way round, by the side that calls.
  lose(*ahaus, 1);
  realm.sync(*ahaus);
  CHECK(value_at(*ahaus, 1) == Value{std::string{"Sprachcafé"}});
}

TEST_CASE("values: more than fit one message come in several, and nobody asks twice for what nobody has") {
  Realm realm;
  const auto ahaus = realm.join("05554004");
  const std::string text(6000, 'x');
  for (int n = 0; n < 200; ++n) write(*ahaus, static_cast<std::uint8_t>(n), text + std::to_string(n));
  write(*ahaus, 250, "beide haben ihn verloren");
  realm.sync(*ahaus);
  for (int n = 0; n < 200; ++n) lose(realm.kreis(), static_cast<std::uint8_t>(n));
  lose(realm.kreis(), 250);
  lose(*ahaus, 250);
  CHECK(wanted_here(realm.kreis()) == 201);
  realm.sync(*ahaus);
  CHECK(wanted_here(realm.kreis()) == 1);
  CHECK(value_at(realm.kreis(), 7) == Value{text + "7"});
  CHECK_FALSE(value_at(realm.kreis(), 250));
}

TEST_CASE("values: what two lack of one entry comes back from who has all of it, and not as a second spelling") {
  Realm realm;
  const auto ahaus = realm.join("05554004"), other = realm.join("05554004");
  write(*ahaus, 1, "Sprachcafé");
  realm.sync(*ahaus);
  realm.sync(*other);
  lose(realm.kreis(), 1, title);
  lose(*other, 1, provider);
  realm.sync(*other);
  // One of the two stays away: without the salt an entry that lacks nothing cannot be written down.
  const auto held = [](Replica& at) { return (value_at(at, 1, title) ? 1 : 0) + (value_at(at, 1, provider) ? 1 : 0); };
  CHECK(held(realm.kreis()) == 1);
  CHECK(held(*other) == 1);
  CHECK(realm.kreis().verify(true).ok);
  realm.sync(*ahaus);
  CHECK(held(realm.kreis()) == 2);
  realm.sync(*other);
  CHECK(held(*other) == 2);
  CHECK(body_of(*other, 1) == body_of(*ahaus, 1));
}

TEST_CASE("values: what does not fit the commitment, was not asked for or is not shared changes nothing") {
  Realm realm;
  const auto ahaus = realm.join("05554004"), bocholt = realm.join("05554008");
  write(*ahaus, 1, "Sprachcafé");
  realm.sync(*ahaus);
  lose(realm.kreis(), 1);
  const auto asked = values::wanted(realm.kreis().core(), "05554004", {}, 10);
  REQUIRE(asked.size() == 1);
  const std::set<CellName> cells{asked[0].cells.begin(), asked[0].cells.end()};
  std::size_t from = 0;
  const ValuesGiven given = values::give(ahaus->core(), asked[0], from, 1000);
  REQUIRE(given.values.size() == 1);
  CHECK(given.values[0].whole);
  const auto taken = [&](ValuesGiven wrong, const std::set<CellName>& wanted) { return *values::take(realm.kreis().core(), wrong, wanted); };
  ValuesGiven wrong = given;
  wrong.values[0].value = Value{std::string{"Sprachkurs"}};
  CHECK(taken(wrong, cells) == 0);
  wrong = given;
  wrong.values[0].secret.bytes[0] ^= 1;
  CHECK(taken(wrong, cells) == 0);
  wrong = given;
  wrong.values[0].cell.op = 4000;
  CHECK(taken(wrong, {wrong.values[0].cell}) == 0);
  CHECK(taken(given, {}) == 0);
  CHECK_FALSE(value_at(realm.kreis(), 1));
  CHECK(taken(given, cells) == 1);
  CHECK(taken(given, cells) == 0);

  // A space that Bocholt may not read is answered as if nothing of it were held.
  Edit edit;
  const Space counts = ahaus->space("05554004", Collection::counts);
  edit.set(counts, {registry::kinds::count, offer(9).key}, registry::fields::count::value, std::int64_t{7});
  REQUIRE(ahaus->commit(edit, {}));
  const Head head = ahaus->core().slot(counts)->heads().front();
  ValueTalk talk{ahaus->core(), bocholt->identity().transport};
  REQUIRE(talk.receive(encode_message(ValuesWanted{SpaceName::of(counts), {{head.entry, 0}, {head.entry, 1}}})));
  const auto answer = talk.next();
  REQUIRE(answer);
  CHECK(decode_message<ValuesGiven>(answer->body)->values.empty());
  CHECK_FALSE(talk.receive({MessageKind::values_given, Bytes{1, 2, 3}}));
}

TEST_CASE("values: what an erasure in force covers is neither asked for, given, nor taken") {
  Realm realm;
  const auto ahaus = realm.join("05554004");
  write(*ahaus, 1, "Erika Mustermann");
  realm.sync(*ahaus);
  lose(realm.kreis(), 1);
  const auto asked = values::wanted(realm.kreis().core(), "05554004", {}, 10);
  REQUIRE(asked.size() == 1);
  std::size_t from = 0;
  const ValuesGiven given = values::give(ahaus->core(), asked[0], from, 1000);
  // An order of the Kreis's own device for a town's space does not exist; the town's is written here as it would arrive.
  auto invite = issue_invite(realm.kreis(), "05554004", {.rights = rights_of_an_office | static_cast<Rights>(Right::erase)});
  const auto officer = realm.join_with(*invite);
  const auto order = erasure::order(officer->core(), {.space = offers(*officer), .record = offer(1), .fields = {title}}, {"Frau Beispiel"});
  REQUIRE(order);
  REQUIRE(erasure::confirm(officer->core(), *order, {"Herr Zweiter"}));
  realm.sync(*officer);
  CHECK(wanted_here(realm.kreis()) == 0);
  const std::set<CellName> cells{asked[0].cells.begin(), asked[0].cells.end()};
  CHECK(*values::take(realm.kreis().core(), given, cells) == 0);
  CHECK_FALSE(value_at(realm.kreis(), 1));
  from = 0;
  CHECK(values::give(officer->core(), asked[0], from, 1000).values.empty());
}

TEST_CASE("values: an old stick mends what lives and was lost") {
  Realm realm;
  const auto ahaus = realm.join("05554004");
  write(*ahaus, 1, "Sprachcafé");
  realm.sync(*ahaus);
  Bytes file;
  REQUIRE(write_bundle(ahaus->core(), {.recipients = {realm.kreis().identity().transport}, .whole = true}, [&](ByteView piece) -> Result<void> {
    file.insert(file.end(), piece.begin(), piece.end());
    return {};
  }));
  lose(realm.kreis(), 1);
  const auto input = bundle_in_memory(std::move(file));
  REQUIRE(read_bundle(realm.kreis().core(), *input));
  CHECK(value_at(realm.kreis(), 1) == Value{std::string{"Sprachcafé"}});
}

TEST_CASE("values: a counter with a lost delta is unknown, and right again once it is back") {
  Realm realm;
  const auto ahaus = realm.join("05554004");
  const Space counts = ahaus->space("05554004", Collection::counts);
  const RecordId id{registry::kinds::count, offer(9).key};
  for (const std::int64_t delta : {3, 4}) {
    Edit edit;
    edit.add(counts, id, registry::fields::count::tally, delta);
    REQUIRE(ahaus->commit(edit, {}));
  }
  realm.sync(*ahaus);
  SpaceSlot* slot = realm.kreis().core().slot(counts);
  std::vector<EntryRef> refs;
  slot->store.touching(id, refs);
  REQUIRE(realm.kreis().core().write([&]() -> Result<void> {
    EntryBody body = slot->store.body(refs.front());
    drop_values(body, {0, 1});
    slot->store.put_values(refs.front(), body);
    slot->merge.refresh(id);
    return {};
  }));
  const auto tally = [&] { return realm.kreis().read(counts, id)->field(registry::fields::count::tally)->cells; };
  REQUIRE(tally().size() == 1);
  CHECK_FALSE(tally().front().value);
  realm.sync(*ahaus);
  CHECK(tally().empty());
  CHECK(realm.kreis().read(counts, id)->field(registry::fields::count::tally)->sum == 7);
}

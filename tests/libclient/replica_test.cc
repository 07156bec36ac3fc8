#include "kiz/replica.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "libclient/enrolment.h"
#include "libclient/peer_talk.h"
#include "protocol/registry.h"

using namespace kiz;

namespace {

struct TempFolder {
  std::filesystem::path path;

  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "kiz-replica-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

RealmPlan borken() {
  return {"Kreis Borken", "05554", {{"05554004", "Ahaus"}, {"05554008", "Bocholt"}}, {"127.0.0.1:7411"}, {}, "Kreisknoten"};
}

RecordId offer(std::uint8_t n) {
  RecordId out{registry::kinds::offer, {}};
  out.key.bytes.fill(n);
  return out;
}

constexpr auto title = registry::fields::offer::title;
constexpr auto status = registry::fields::offer::status;
constexpr auto languages = registry::fields::offer::languages;

// Carries bytes between two ends of a connection until both are silent.
void talk(PeerTalk& a, PeerTalk& b, SteadyTime now = SteadyTime{1000}) {
  for (int round = 0; round < 10'000; ++round) {
    const Bytes from_a = a.take_output(now);
    const Bytes from_b = b.take_output(now);
    if (from_a.empty() && from_b.empty()) return;
    if (!from_a.empty()) b.feed(from_a, now);
    if (!from_b.empty()) a.feed(from_b, now);
  }
  FAIL("the talk does not end");
}

void sync(Replica& town, Replica& kreis) {
  auto caller = PeerTalk::call(town.core(), SteadyTime{0});
  REQUIRE(caller);
  auto answerer = PeerTalk::answer(kreis.core(), SteadyTime{0});
  talk(**caller, *answerer);
  CHECK_MESSAGE(!(*caller)->failure(), ((*caller)->failure() ? name((*caller)->failure()->code) : ""));
  CHECK_MESSAGE(!answerer->failure(), (answerer->failure() ? name(answerer->failure()->code) : ""));
  CHECK((*caller)->in_sync());
  CHECK(answerer->in_sync());
}

std::unique_ptr<Replica> join(const TempFolder& folder, const char* name, Replica& kreis, const MemberId& member) {
  auto invite = issue_invite(kreis, member);
  REQUIRE(invite);
  auto town = prepare_join({.directory = folder.path / name}, invite->invite, invite->check, name);
  REQUIRE(town);
  sync(**town, kreis);
  CHECK((*town)->identity().joined);
  return std::move(*town);
}

}  // namespace

TEST_CASE("replica: what was committed is there after opening again") {
  TempFolder folder;
  {
    auto founded = found_realm({.directory = folder.path / "kreis"}, borken());
    REQUIRE(founded);
    Replica& kreis = *founded->replica;
    Edit edit = kreis.begin();
    const Space space = kreis.space("05554", Collection::offers);
    edit.set(space, offer(1), title, Value{std::string{"Sprachcafé"}});
    edit.add(space, offer(1), languages, Value{std::string{"ara"}});
    edit.add(space, offer(1), languages, Value{std::string{"ukr"}});
    auto committed = kreis.commit(edit, {"Frau Beispiel"});
    REQUIRE(committed);
    CHECK(committed->entries.size() == 1);
    CHECK(kreis.actor_of(committed->entries[0]) == "Frau Beispiel");
  }
  auto opened = Replica::open({.directory = folder.path / "kreis"});
  REQUIRE(opened);
  Replica& kreis = **opened;
  const auto record = kreis.read(kreis.space("05554", Collection::offers), offer(1));
  REQUIRE(record);
  CHECK(record->text(title) == "Sprachcafé");
  CHECK(record->field(languages)->cells.size() == 2);
  CHECK(kreis.figures().pending == 1);
  const Verification verified = kreis.verify(true);
  CHECK(verified.ok);
  CHECK(verified.entries == 1);
  CHECK(verified.signatures == 1);
  CHECK(Replica::open({.directory = folder.path / "kreis"}).error().code == Errc::store_in_use);
}

TEST_CASE("replica: an edit that changes nothing makes no entry; taking back restores what was visible") {
  TempFolder folder;
  auto founded = found_realm({.directory = folder.path / "kreis"}, borken());
  REQUIRE(founded);
  Replica& kreis = *founded->replica;
  const Space space = kreis.space("05554", Collection::offers);
  const auto set = [&](const char* text) {
    Edit edit = kreis.begin();
    edit.set(space, offer(1), title, Value{std::string{text}});
    return kreis.commit(edit, {})->entries.size();
  };
  CHECK(set("one") == 1);
  CHECK(set("one") == 0);
  CHECK(set("two") == 1);
  REQUIRE(kreis.undo_last({}));
  CHECK(kreis.read(space, offer(1))->text(title) == "one");
  REQUIRE(kreis.undo_last({}));
  CHECK_FALSE(kreis.read(space, offer(1))->exists());
  CHECK(kreis.undo_last({}).error().code == Errc::not_found);
  CHECK(kreis.history(space, offer(1)).size() == 4);
}

TEST_CASE("replica: of several steps of one edit the last counts, even where it wants what was there before") {
  TempFolder folder;
  auto founded = found_realm({.directory = folder.path / "kreis"}, borken());
  REQUIRE(founded);
  Replica& kreis = *founded->replica;
  const Space space = kreis.space("05554", Collection::offers);
  const auto commit = [&](const auto& steps) {
    Edit edit = kreis.begin();
    steps(edit);
    const auto committed = kreis.commit(edit, {});
    REQUIRE(committed);
    return committed->entries.size();
  };
  const auto elements = [&] {
    const auto* field = kreis.read(space, offer(1))->field(languages);
    return field == nullptr ? std::size_t{0} : field->cells.size();
  };
  const Value one{std::string{"one"}}, two{std::string{"two"}}, ara{std::string{"ara"}};
  commit([&](Edit& edit) {
    edit.set(space, offer(1), title, one);
    edit.add(space, offer(1), languages, ara);
  });
  CHECK(commit([&](Edit& edit) {
          edit.set(space, offer(1), title, two);
          edit.set(space, offer(1), title, one);
        }) == 1);
  CHECK(kreis.read(space, offer(1))->text(title) == "one");
  CHECK(kreis.read(space, offer(1))->field(title)->cells.size() == 1);
  CHECK(commit([&](Edit& edit) {
          edit.remove(space, offer(1), languages, ara);
          edit.add(space, offer(1), languages, ara);
        }) == 1);
  CHECK(elements() == 1);
  commit([&](Edit& edit) {
    edit.remove(space, offer(1), languages, ara);
    edit.add(space, offer(1), languages, ara);
    edit.remove(space, offer(1), languages, ara);
  });
  CHECK(elements() == 0);
  commit([&](Edit& edit) {
    edit.add(space, offer(1), languages, Value{std::string{"ukr"}});
    edit.remove(space, offer(1), languages, Value{std::string{"ukr"}});
  });
  CHECK(elements() == 0);
  CHECK(commit([&](Edit& edit) {
          edit.del(space, offer(1));
          edit.undo(space, offer(1));
        }) == 1);
  CHECK(kreis.read(space, offer(1))->exists());
  commit([&](Edit& edit) {
    edit.set(space, offer(2), title, one);
    edit.del(space, offer(2));
  });
  CHECK_FALSE(kreis.read(space, offer(2))->exists());
}

TEST_CASE("replica: a town joins by invite, edits on both sides meet, rights hold") {
  TempFolder folder;
  auto founded = found_realm({.directory = folder.path / "kreis"}, borken());
  REQUIRE(founded);
  Replica& kreis = *founded->replica;
  auto ahaus = join(folder, "ahaus", kreis, "05554004");
  auto ahaus2 = join(folder, "ahaus2", kreis, "05554004");
  auto bocholt = join(folder, "bocholt", kreis, "05554008");
  CHECK(ahaus->identity().member_name == "Ahaus");

  const Space offers = ahaus->space("05554004", Collection::offers);
  const Space counts = ahaus->space("05554004", Collection::counts);
  Edit edit = ahaus->begin();
  edit.set(offers, offer(1), title, Value{std::string{"Café"}});
  edit.set(offers, offer(1), status, Value{std::int64_t{1}});
  edit.set(counts, {registry::kinds::count, offer(9).key}, 2, Value{std::int64_t{7}});
  REQUIRE(ahaus->commit(edit, {}));
  CHECK(ahaus->commit([&] {
    Edit foreign;
    foreign.set(ahaus->space("05554008", Collection::offers), offer(2), title, Value{std::string{"x"}});
    return foreign;
  }(), {}).error().code == Errc::not_permitted);
  sync(*ahaus, kreis);
  sync(*ahaus2, kreis);
  sync(*bocholt, kreis);
  CHECK(ahaus->figures().pending == 0);
  CHECK(bocholt->read(offers, offer(1))->text(title) == "Café");
  CHECK_FALSE(bocholt->read(counts, {registry::kinds::count, offer(9).key}));
  CHECK(kreis.read(counts, {registry::kinds::count, offer(9).key}));

  // Two offices of one town change the same field without having heard of each other.
  const auto set_status = [&](Replica& office, std::int64_t value) {
    Edit change = office.begin();
    change.set(offers, offer(1), status, Value{value});
    REQUIRE(office.commit(change, {}));
  };
  set_status(*ahaus, 2);
  set_status(*ahaus2, 3);
  sync(*ahaus, kreis);
  sync(*ahaus2, kreis);
  sync(*ahaus, kreis);
  sync(*bocholt, kreis);
  CHECK(kreis.conflict_count() == 1);
  CHECK(kreis.read(offers, offer(1))->field(status)->disputed());
  CHECK(kreis.state_hash() == founded->replica->state_hash());
  CHECK(ahaus->state_hash() == ahaus2->state_hash());
  const auto hash_of = [&](const Replica& replica) {
    for (const SpaceStatus& s : replica.spaces()) {
      if (s.space == offers) return s.state_hash;
    }
    return Hash{};
  };
  CHECK(hash_of(kreis) == hash_of(*bocholt));

  set_status(*ahaus, 2);  // settled by a person
  sync(*ahaus, kreis);
  CHECK(kreis.conflict_count() == 0);
  for (const Replica* replica : {&kreis, ahaus.get(), ahaus2.get(), bocholt.get()}) CHECK(replica->verify(true).ok);
}

TEST_CASE("replica: a used, mistyped, expired or foreign invite each says so") {
  TempFolder folder;
  auto founded = found_realm({.directory = folder.path / "kreis"}, borken());
  REQUIRE(founded);
  Replica& kreis = *founded->replica;
  const auto refused_with = [&](Replica& town) {
    auto caller = PeerTalk::call(town.core(), SteadyTime{0});
    REQUIRE(caller);
    auto answerer = PeerTalk::answer(kreis.core(), SteadyTime{0});
    talk(**caller, *answerer);
    REQUIRE((*caller)->failure());
    return (*caller)->failure()->code;
  };
  auto invite = issue_invite(kreis, "05554004");
  REQUIRE(invite);
  auto wrong = prepare_join({.directory = folder.path / "wrong"}, invite->invite, invite->check == "0000 0000" ? "1" : "0000 0000", "x");
  REQUIRE(wrong);
  for (int i = 0; i < 5; ++i) CHECK(refused_with(**wrong) == Errc::wrong_check);
  CHECK(refused_with(**wrong) == Errc::invite_void);

  auto good = issue_invite(kreis, "05554004");
  auto first = prepare_join({.directory = folder.path / "first"}, good->invite, good->check, "x");
  auto second = prepare_join({.directory = folder.path / "second"}, good->invite, good->check, "x");
  sync(**first, kreis);
  CHECK(refused_with(**second) == Errc::invite_used);
}

TEST_CASE("replica: a state hash kept in the store is that of what it holds, also after a further edit") {
  TempFolder folder;
  ReplicaOptions options;
  options.directory = folder.path;
  Hash before;
  {
    auto founded = found_realm(options, borken());
    REQUIRE(founded);
    Replica& kreis = *founded->replica;
    const Space space = kreis.space("05554", Collection::offers);
    Edit edit = kreis.begin();
    for (int i = 0; i < 250; ++i) edit.set(space, offer(static_cast<std::uint8_t>(i)), title, Value{"title " + std::to_string(i)});
    REQUIRE(kreis.commit(edit, {}));
    before = kreis.state_hash();
  }
  auto again = Replica::open(options);
  REQUIRE(again);
  CHECK((*again)->state_hash() == before);
  CHECK((*again)->verify(true).ok);
  Edit edit = (*again)->begin();
  edit.set((*again)->space("05554", Collection::offers), offer(251), title, Value{std::string{"another"}});
  REQUIRE((*again)->commit(edit, {}));
  CHECK((*again)->state_hash() != before);
  CHECK((*again)->verify(true).ok);
}

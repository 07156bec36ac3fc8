#include "libclient/peer_talk.h"
#include "protocol/emergency_sheet.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "libclient/enrolment.h"
#include "libclient/keyring.h"
#include "libclient/peer_source.h"
#include "protocol/registry.h"
#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {

constexpr SteadyTime now{1000};
constexpr std::uint64_t start_ms = 1'794'000'000'000;

// A Kreis with two towns; offices of towns are real replicas, bytes travel in memory.
class Realm {
 public:
  Realm() {
    auto founded = found_realm(options("kreis"), {"Kreis Borken", "05554", {{"05554004", "Ahaus"}, {"05554008", "Bocholt"}},
                                                  {"127.0.0.1:7411"}, {}, "Kreisknoten"});
    REQUIRE(founded);
    kreis_ = std::move(founded->replica);
    const auto sheet = decode_sheet(founded->emergency_sheet);
    REQUIRE(sheet);
    root_.emplace(sheet->signing());
  }

  Replica& kreis() { return *kreis_; }

  std::unique_ptr<Replica> join(const char* name, const MemberId& member) {
    auto invite = issue_invite(*kreis_, member);
    REQUIRE(invite);
    auto office = prepare_join(options(name), invite->invite, invite->check, name);
    REQUIRE(office);
    CHECK_FALSE(meet_kreis(**office));
    REQUIRE((*office)->identity().joined);
    return std::move(*office);
  }

  /// Why the call failed, if it did.
  std::optional<Errc> meet_kreis(Replica& office) {
    auto caller = PeerTalk::call(office.core(), now);
    REQUIRE(caller);
    return carry(**caller, *PeerTalk::answer(kreis_->core(), now));
  }
  std::optional<Errc> meet(Replica& from, Replica& to, unsigned attempt = 0, bool busy = false) {
    auto caller = PeerTalk::call_member(from.core(), to.identity().transport, attempt, now);
    if (!caller) return caller.error().code;
    return carry(**caller, *PeerTalk::answer(to.core(), now, {}, busy));
  }

  void open_epoch() {
    ControlLog control = kreis_->control();
    SecretKey32 seed;
    kreis_->random(seed.writable());
    const crypto::SigningKey issuing{seed.view()};
    const EpochOpened opened{issuing.author(), certify_issuing_key(*root_, issuing.author()), control.position()};
    const auto record = make_control_record(&control.records().back(), opened, start_ms, *root_);
    REQUIRE(kreis_->core().ingest_control(std::vector<Bytes>{encode_control_record(record)}));
    kreis_->core().files().keyring().issuing_seed = std::move(seed);
    REQUIRE(kreis_->core().files().save_keyring());
  }

  /// A copy of a store that is closed, as of a machine that was cloned with everything on it.
  void clone(const char* from, const char* to) { std::filesystem::copy(folder_.path() / from, folder_.path() / to); }

  std::unique_ptr<Replica> open_again(const char* name) {
    auto opened = Replica::open(options(name));
    REQUIRE(opened);
    return std::move(*opened);
  }

 private:
  ReplicaOptions options(const std::string& name) const {
    ReplicaOptions out;
    out.directory = folder_.path() / name;
    out.clock_ms = [] { return start_ms; };
    return out;
  }

  static std::optional<Errc> carry(PeerTalk& caller, PeerTalk& answerer) {
    for (int round = 0; round < 10'000; ++round) {
      const Bytes out = caller.take_output(now), back = answerer.take_output(now);
      if (out.empty() && back.empty()) break;
      if (!out.empty()) answerer.feed(out, now);
      if (!back.empty()) caller.feed(back, now);
    }
    if (caller.failure()) return caller.failure()->code;
    CHECK(caller.in_sync());
    CHECK(answerer.in_sync());
    return std::nullopt;
  }

  TempDir folder_;
  std::unique_ptr<Replica> kreis_;
  std::optional<crypto::SigningKey> root_;
};

RecordId record(std::uint32_t kind) { return {kind, RecordKey::from(Bytes(16, 1))}; }

void write_offer(Replica& office, const char* title) {
  Edit edit = office.begin();
  edit.set(office.space(office.identity().member, Collection::offers), record(registry::kinds::offer), registry::fields::offer::title,
           Value{std::string{title}});
  REQUIRE(office.commit(edit, {}));
}
void write_count(Replica& office, std::int64_t number) {
  Edit edit = office.begin();
  edit.set(office.space(office.identity().member, Collection::counts), record(registry::kinds::count), 2, Value{number});
  REQUIRE(office.commit(edit, {}));
}
bool knows_offer_of(const Replica& office, const MemberId& member) {
  return office.read(office.space(member, Collection::offers), record(registry::kinds::offer)).has_value();
}
bool knows_count_of(const Replica& office, const MemberId& member) {
  return office.read(office.space(member, Collection::counts), record(registry::kinds::count)).has_value();
}

}  // namespace

TEST_CASE("peer talk: two offices of a town meet without the Kreis and hold the same, counts too") {
  Realm realm;
  auto first = realm.join("first", "05554004");
  auto second = realm.join("second", "05554004");
  CHECK_FALSE(realm.meet_kreis(*first));  // hears of the second office
  write_offer(*first, "Café");
  write_count(*second, 7);
  CHECK_FALSE(realm.meet(*first, *second));
  CHECK(knows_offer_of(*second, "05554004"));
  CHECK(knows_count_of(*first, "05554004"));
  CHECK(first->state_hash() == second->state_hash());
  CHECK(first->figures().pending == 0);  // a peer has acknowledged it
  CHECK_FALSE(realm.meet(*second, *first));
}

TEST_CASE("peer talk: another town gets the offers and never the counts") {
  Realm realm;
  auto ahaus = realm.join("ahaus", "05554004");
  auto bocholt = realm.join("bocholt", "05554008");
  CHECK_FALSE(realm.meet_kreis(*ahaus));
  write_offer(*ahaus, "Café");
  write_count(*ahaus, 7);
  CHECK_FALSE(realm.meet(*ahaus, *bocholt));
  CHECK(knows_offer_of(*bocholt, "05554004"));
  CHECK_FALSE(knows_count_of(*bocholt, "05554004"));
  CHECK_FALSE(realm.meet(*bocholt, *ahaus));
  CHECK_FALSE(knows_count_of(*bocholt, "05554004"));
}

TEST_CASE("peer talk: a device that is locked out is refused by every member that has heard of it, and not called") {
  Realm realm;
  auto lost = realm.join("lost", "05554004");
  auto office = realm.join("office", "05554004");
  CHECK_FALSE(realm.meet_kreis(*lost));
  REQUIRE(revoke_device(realm.kreis(), lost->identity().author));
  CHECK_FALSE(realm.meet_kreis(*office));
  CHECK(realm.meet(*lost, *office) == Errc::revoked);
  CHECK(realm.meet(*office, *lost) == Errc::revoked);
}

TEST_CASE("peer talk: a device that the other side has not heard of is refused, and welcome once it has") {
  Realm realm;
  auto old = realm.join("old", "05554004");
  auto fresh = realm.join("fresh", "05554004");
  CHECK(realm.meet(*old, *fresh) == Errc::not_found);
  CHECK(realm.meet(*fresh, *old) == Errc::not_permitted);
  CHECK_FALSE(realm.meet_kreis(*old));
  CHECK_FALSE(realm.meet(*fresh, *old));
}

TEST_CASE("peer talk: without the realm secret nobody gets in, though the control log knows both") {
  Realm realm;
  auto first = realm.join("first", "05554004");
  auto second = realm.join("second", "05554004");
  CHECK_FALSE(realm.meet_kreis(*first));
  auto& secrets = first->core().files().keyring().realm_secrets;
  auto kept = std::move(secrets);
  secrets.clear();
  CHECK(realm.meet(*first, *second) == Errc::not_set_up);
  secrets.push_back({1, SecretKey32{Bytes(32, 1)}});
  CHECK(realm.meet(*first, *second) == Errc::bad_handshake);
  secrets = std::move(kept);
  CHECK_FALSE(realm.meet(*first, *second));
}

TEST_CASE("peer talk: a new epoch brings a new secret; who has not heard of it is met with the old one") {
  Realm realm;
  auto first = realm.join("first", "05554004");
  auto second = realm.join("second", "05554004");
  CHECK_FALSE(realm.meet_kreis(*first));
  realm.open_epoch();
  CHECK_FALSE(realm.meet_kreis(*first));
  const KeyringContents& ring = first->core().files().keyring();
  REQUIRE(ring.realm_secret(2));
  CHECK_FALSE(ring.realm_secret(1)->secret == ring.realm_secret(2)->secret);
  CHECK(realm.meet(*first, *second, 0) == Errc::bad_handshake);
  CHECK_FALSE(realm.meet(*first, *second, 1));  // and the second one hears of the epoch from the first
  CHECK(second->control().position().epoch == 2);
  CHECK(second->core().files().keyring().realm_secret(2) == nullptr);  // the secret comes from the Kreis alone
  CHECK_FALSE(realm.meet_kreis(*second));
  CHECK_FALSE(realm.meet(*first, *second, 0));
}

TEST_CASE("peer talk: the realm secret is there after opening again, and every member has the same") {
  Realm realm;
  auto ahaus = realm.join("ahaus", "05554004");
  auto bocholt = realm.join("bocholt", "05554008");
  const auto secret_of = [](Replica& replica) { return to_hex(replica.core().files().keyring().realm_secret(1)->secret.view()); };
  const std::string secret = secret_of(realm.kreis());
  CHECK(secret_of(*bocholt) == secret);
  ahaus.reset();
  CHECK(secret_of(*realm.open_again("ahaus")) == secret);
}

TEST_CASE("peer talk: a cloned machine and its original both edit; nothing is lost, and from then on they write apart") {
  Realm realm;
  realm.join("original", "05554004").reset();
  realm.clone("original", "clone");
  auto original = realm.open_again("original");
  auto clone = realm.open_again("clone");
  write_offer(*original, "by the original");
  write_count(*original, 1);
  Edit edit = clone->begin();
  edit.set(clone->space("05554004", Collection::offers), record(registry::kinds::offer), registry::fields::offer::status,
           Value{std::int64_t{2}});
  REQUIRE(clone->commit(edit, {}));
  for (int round = 0; round < 2; ++round) {
    CHECK_FALSE(realm.meet_kreis(*original));
    CHECK_FALSE(realm.meet_kreis(*clone));
  }
  CHECK_FALSE(realm.meet_kreis(*original));
  const auto check_all_hold_both = [&] {
    for (Replica* replica : {&realm.kreis(), original.get(), clone.get()}) {
      const auto offer = replica->read(replica->space("05554004", Collection::offers), record(registry::kinds::offer));
      REQUIRE(offer);
      CHECK(offer->text(registry::fields::offer::title).starts_with("by"));
      CHECK(offer->field(registry::fields::offer::status) != nullptr);
      CHECK(replica->verify(true).ok);
      CHECK(replica->verify(false).forks.size() == 1);
    }
  };
  check_all_hold_both();
  write_offer(*original, "by the original again");
  write_offer(*clone, "by the clone");
  for (int round = 0; round < 2; ++round) {
    CHECK_FALSE(realm.meet_kreis(*clone));
    CHECK_FALSE(realm.meet_kreis(*original));
  }
  check_all_hold_both();  // no second fork
}

TEST_CASE("peer talk: a busy side is met after one round trip more, by members and newcomers") {
  Realm realm;
  auto first = realm.join("first", "05554004");
  auto second = realm.join("second", "05554004");
  CHECK_FALSE(realm.meet_kreis(*first));
  CHECK_FALSE(realm.meet(*first, *second, 0, true));
}

TEST_CASE("peer talk: a call with an invite costs the Kreis no stretching, however many invites are open") {
  Realm realm;
  KeyringContents& ring = realm.kreis().core().files().keyring();
  for (int i = 0; i < 1000; ++i) {
    IssuedInvite& open = ring.invites.emplace_back();
    realm.kreis().random(open.secret.writable());
    open.expires_ms = start_ms + 1000;
  }
  InviteDraft draft = draft_invite(realm.kreis());
  const auto began = std::chrono::steady_clock::now();
  stretch(draft);
  const auto one_stretch = std::chrono::steady_clock::now() - began;
  auto invite = issue_invite(realm.kreis(), "05554004", {}, std::move(draft));
  REQUIRE(invite);
  TempDir folder;
  auto office = prepare_join({.directory = folder.path() / "o"}, invite->invite, "1234 5678", "o");
  REQUIRE(office);
  const auto called = std::chrono::steady_clock::now();
  const auto refused = realm.meet_kreis(**office);
  const auto one_call = std::chrono::steady_clock::now() - called;
  CHECK(refused == Errc::wrong_check);
  CHECK(one_call < one_stretch);  // in truth a hundredth of it
}

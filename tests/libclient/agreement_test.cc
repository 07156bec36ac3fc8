#include "libclient/agreement.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "libclient/omission.h"
#include "libclient/state_talk.h"
#include "protocol/registry.h"
#include "tests/support/one_offer.h"
#include "tests/support/realm.h"
#include "tests/support/warned.h"

using namespace kiz;
using namespace kiz::test;

namespace {

/// What is derived from the entries is wrong; they themselves are whole.
void derive_wrongly(Replica& replica, const char* how) {
  replica.core().db().execute(how);
  replica.core().db().execute("UPDATE spaces SET generation = generation + 1");
}
constexpr char lost_states[] = "UPDATE records SET state = x''";

/// The entry sets this field, as from a memory that is not to be trusted: evaluating anew goes by it.
void misread_entry(Replica& replica, std::uint32_t field) {
  ReplicaCore& core = replica.core();
  SpaceSlot& slot = *core.slot(replica.space("05554004", Collection::offers));
  const EntryRef ref = slot.store.find(slot.heads().front().entry);
  EntryBody body = slot.store.body(ref);
  const auto set = std::find_if(body.ops.begin(), body.ops.end(), [](const Op& op) { return op.record == one_offer && op.value; });
  REQUIRE(set != body.ops.end());
  set->field = field;
  REQUIRE(core.write([&]() -> Result<void> {
    slot.store.put_values(ref, body);
    return {};
  }));
  derive_wrongly(replica, lost_states);
}

/// A connection that stays open.
class Line {
 public:
  Line(std::unique_ptr<PeerTalk> caller, std::unique_ptr<PeerTalk> answerer) : a_(std::move(caller)), b_(std::move(answerer)) { carry(); }

  static Line to_kreis(Replica& town, Replica& kreis, const SyncOptions& options = {}) {
    auto caller = PeerTalk::call(town.core(), SteadyTime{0}, options);
    REQUIRE(caller);
    return {std::move(*caller), PeerTalk::answer(kreis.core(), SteadyTime{0})};
  }
  static Line between(Replica& town, Replica& other) {
    auto caller = PeerTalk::call_member(town.core(), other.identity().transport, 0, SteadyTime{0});
    REQUIRE(caller);
    return {std::move(*caller), PeerTalk::answer(other.core(), SteadyTime{0})};
  }

  void wait(std::chrono::seconds time) {
    now_ += time;
    a_->on_time(now_);
    b_->on_time(now_);
    carry();
  }
  bool in_sync() const { return a_->in_sync() && b_->in_sync() && !a_->failure() && !b_->failure(); }

 private:
  void carry() {
    for (int round = 0; round < 1000; ++round) {
      const Bytes out = a_->take_output(now_), back = b_->take_output(now_);
      if (out.empty() && back.empty()) return;
      if (!out.empty()) b_->feed(out, now_);
      if (!back.empty()) a_->feed(back, now_);
    }
  }

  std::unique_ptr<PeerTalk> a_, b_;
  SteadyTime now_{1000};
};

}  // namespace

TEST_CASE("agreement: whoever has derived wrongly is put right by the comparison with a peer, and says so") {
  for (const bool the_kreis : {false, true}) {
    CAPTURE(the_kreis);
    Realm realm;
    auto ahaus = realm.join("05554004");
    write_offer(*ahaus, "Café");
    realm.sync(*ahaus);
    Replica& wrong = the_kreis ? realm.kreis() : *ahaus;
    Replica& right = the_kreis ? *ahaus : realm.kreis();
    derive_wrongly(wrong, lost_states);
    CHECK(title(wrong, "05554004").empty());
    Line line = Line::to_kreis(*ahaus, realm.kreis());
    REQUIRE(line.in_sync());
    line.wait(std::chrono::seconds{30});
    CHECK(title(wrong, "05554004").empty());  // not before all has settled
    line.wait(std::chrono::seconds{31});
    CHECK(title(wrong, "05554004") == "Café");
    CHECK(warned(wrong, "W_STATE_MENDED"));
    CHECK_FALSE(warned(right, "W_STATE_MENDED"));
    for (Replica* replica : {&wrong, &right}) CHECK_FALSE(warned(*replica, "W_STATE_DIFFERS"));
    CHECK(line.in_sync());
    realm.now_ms += 31ull * 24 * 60 * 60 * 1000;
    CHECK_FALSE(warned(wrong, "W_STATE_MENDED"));
  }
}

TEST_CASE("agreement: what evaluating anew does not mend is told on both sides until they agree again; data goes on") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  write_offer(*ahaus, "Café");
  realm.sync(*ahaus);
  misread_entry(*ahaus, registry::fields::offer::confirmed_on);
  Line line = Line::to_kreis(*ahaus, realm.kreis());
  line.wait(std::chrono::seconds{61});
  CHECK(warned(*ahaus, "W_STATE_DIFFERS"));
  CHECK(warned(realm.kreis(), "W_STATE_DIFFERS"));
  CHECK(line.in_sync());

  misread_entry(*ahaus, registry::fields::offer::title);
  realm.now_ms += 7ull * 60 * 60 * 1000;
  line.wait(std::chrono::seconds{30});
  CHECK(title(*ahaus, "05554004") == "Café");
  CHECK_FALSE(warned(*ahaus, "W_STATE_DIFFERS"));
  realm.now_ms += 7ull * 60 * 60 * 1000;
  line.wait(std::chrono::seconds{30});
  CHECK_FALSE(warned(realm.kreis(), "W_STATE_DIFFERS"));
}

TEST_CASE("agreement: an older program is told nothing that it does not know") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  write_offer(*ahaus, "Café");
  realm.sync(*ahaus);
  derive_wrongly(realm.kreis(), lost_states);
  SyncOptions older;
  older.capabilities = answers_for_values;
  auto caller = PeerTalk::call(ahaus->core(), SteadyTime{0});
  Line line{std::move(*caller), PeerTalk::answer(realm.kreis().core(), SteadyTime{0}, older)};
  line.wait(std::chrono::seconds{61});
  CHECK(line.in_sync());
  CHECK(title(realm.kreis(), "05554004").empty());
}

TEST_CASE("agreement: what a peer says is evaluated anew once an hour, however often it says it") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  write_offer(*ahaus, "Café");
  const SpaceNumber number = ahaus->core().slot(ahaus->space("05554004", Collection::offers))->store.number();
  CHECK(ahaus->core().may_evaluate_anew(number));
  CHECK_FALSE(ahaus->core().may_evaluate_anew(number));
  realm.now_ms += 60 * 60 * 1000;
  CHECK(ahaus->core().may_evaluate_anew(number));
}

namespace {

/// Bocholt knows of an entry of Ahaus that the Kreis does not give.
void withheld_until_the_kreis_gives_it(Realm& realm, Replica& ahaus, Replica& bocholt) {
  realm.sync(bocholt);  // the Kreis claims that both hold the same
  CHECK_FALSE(warned(bocholt, "W_WITHHELD"));  // it may be on its way
  realm.now_ms += 4ull * 24 * 60 * 60 * 1000;
  CHECK(warned(bocholt, "W_WITHHELD"));
  realm.sync(ahaus);
  realm.sync(bocholt);
  CHECK_FALSE(warned(bocholt, "W_WITHHELD"));
  CHECK(title(bocholt, "05554004") == "hidden by the Kreis");
}

}  // namespace

TEST_CASE("omission: two towns that meet past the Kreis, if only for a moment, reveal that it hides entries") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  auto bocholt = realm.join("05554008");
  write_offer(*ahaus, "known to all");
  realm.sync(*ahaus);
  realm.sync(*bocholt);
  write_offer(*ahaus, "hidden by the Kreis");

  // The line breaks when the heads have come, and before the entries have.
  auto caller = PeerTalk::call_member(ahaus->core(), bocholt->identity().transport, 0, SteadyTime{0});
  REQUIRE(caller);
  auto answerer = PeerTalk::answer(bocholt->core(), SteadyTime{0});
  const SteadyTime now{1000};
  for (int piece = 0; piece < 100'000 && omission::missing(bocholt->core()).empty(); ++piece) {
    const Bytes back = answerer->take_output(now);
    if (!back.empty()) (*caller)->feed(back, now);
    for (const std::uint8_t byte : (*caller)->take_output(now)) {
      answerer->feed({&byte, 1}, now);
      if (!omission::missing(bocholt->core()).empty()) break;
    }
  }
  REQUIRE(omission::missing(bocholt->core()).size() == 1);
  CHECK(title(*bocholt, "05554004") == "known to all");

  withheld_until_the_kreis_gives_it(realm, *ahaus, *bocholt);
}

// Nothing that Bocholt holds names the log, or even the space: only its author's signature says that it exists.
TEST_CASE("omission: a log that the Kreis hides from its first entry on is revealed where its author is met") {
  for (const bool space_is_known : {false, true}) {
    CAPTURE(space_is_known);
    Realm realm;
    auto ahaus = realm.join("05554004");
    auto office = realm.join("05554004");
    auto bocholt = realm.join("05554008");
    if (space_is_known) {
      write_offer(*office, "by the colleague");
      realm.sync(*office);
    }
    realm.sync(*bocholt);
    realm.sync(*ahaus);  // so that it knows of Bocholt
    write_offer(*ahaus, "hidden by the Kreis");
    const Space space = ahaus->space("05554004", Collection::offers);
    REQUIRE((bocholt->core().slot(space) != nullptr) == space_is_known);

    const PeerSource from_ahaus{ahaus->core(), bocholt->identity().transport};
    const auto heads = from_ahaus.signed_heads(space);
    const auto hidden = std::find_if(heads.begin(), heads.end(), [&](const SignedHead& shown) {
      return bocholt->core().slot_of(shown.head.log) == nullptr;
    });
    REQUIRE(hidden != heads.end());
    const PeerSource source{bocholt->core(), ahaus->identity().transport};
    StateTalk talk{bocholt->core(), source, ahaus->identity().transport, Side::responder};
    const ProvenHead proven{SpaceName::of(space), *hidden};
    ProvenHead of_another = proven;  // of a town that has not signed it
    of_another.space.owner = "05554008";
    REQUIRE(talk.receive(encode_message(ProvenHeads{{of_another}})));
    CHECK(omission::missing(bocholt->core()).empty());
    REQUIRE(talk.receive(encode_message(ProvenHeads{{proven}})));
    REQUIRE(omission::missing(bocholt->core()).size() == 1);

    withheld_until_the_kreis_gives_it(realm, *ahaus, *bocholt);
  }
}

TEST_CASE("omission: what a device has signed is missed by nobody once it is locked out") {
  for (const bool log_is_known : {false, true}) {
    CAPTURE(log_is_known);
    Realm realm;
    auto ahaus = realm.join("05554004");
    auto bocholt = realm.join("05554008");
    if (log_is_known) write_offer(*ahaus, "known to all");
    realm.sync(*ahaus);
    realm.sync(*bocholt);
    write_offer(*ahaus, "never handed in");
    const Space space = ahaus->space("05554004", Collection::offers);
    const PeerSource from_ahaus{ahaus->core(), bocholt->identity().transport};
    const PeerSource source{bocholt->core(), ahaus->identity().transport};
    StateTalk talk{bocholt->core(), source, ahaus->identity().transport, Side::responder};
    REQUIRE(talk.receive(encode_message(ProvenHeads{{{SpaceName::of(space), from_ahaus.signed_heads(space).front()}}})));
    CHECK(omission::missing(bocholt->core()).size() == 1);
    REQUIRE(revoke_device(realm.kreis(), ahaus->identity().author, {}));
    realm.sync(*bocholt);
    CHECK(omission::missing(bocholt->core()).empty());
    realm.now_ms += 4ull * 24 * 60 * 60 * 1000;
    CHECK_FALSE(warned(*bocholt, "W_WITHHELD"));
  }
}

TEST_CASE("omission: a proven head needs its author's signature, and a space that both may read") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  auto bocholt = realm.join("05554008");
  write_offer(*ahaus, "one");
  realm.sync(*ahaus);
  realm.sync(*bocholt);
  write_offer(*ahaus, "two");
  const Space space = ahaus->space("05554004", Collection::offers);
  const PeerSource from_ahaus{ahaus->core(), bocholt->identity().transport};
  const auto heads = from_ahaus.signed_heads(space);
  REQUIRE(heads.size() == 1);
  const PeerSource source{bocholt->core(), ahaus->identity().transport};
  StateTalk talk{bocholt->core(), source, ahaus->identity().transport, Side::responder};
  ProvenHead forged{SpaceName::of(space), heads.front()};
  forged.head.signature.bytes[0] ^= 1;
  REQUIRE(talk.receive(encode_message(ProvenHeads{{forged}})));
  CHECK(omission::missing(bocholt->core()).empty());
  const ProvenHead elsewhere{{"05554004", Collection::counts, ""}, heads.front()};
  REQUIRE(talk.receive(encode_message(ProvenHeads{{elsewhere}})));
  CHECK(omission::missing(bocholt->core()).empty());
  REQUIRE(talk.receive(encode_message(ProvenHeads{{{SpaceName::of(space), heads.front()}}})));
  CHECK(omission::missing(bocholt->core()).size() == 1);
}

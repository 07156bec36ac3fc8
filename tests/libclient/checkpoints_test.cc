#include "libclient/checkpoints.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "libclient/bundle_file.h"
#include "libclient/requests_checkpoint.h"
#include "protocol/erasure_numbers.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;
using namespace kiz::test;

namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;
constexpr auto title = registry::fields::offer::title, description = registry::fields::offer::description;
const MemberId ahaus_id = "05554004", bocholt_id = "05554008";
constexpr checkpoints::Rule quarterly{90 * day_ms, 8};

RecordId offer(std::uint8_t n) {
  RecordId out{registry::kinds::offer, {}};
  out.key.bytes.fill(n);
  return out;
}

/// A text that does not shrink, as long as a clerk's.
std::string prose(const std::string& begin, std::uint64_t seed, std::size_t length = 400) {
  std::string out = begin + " ";
  for (std::uint64_t x = seed * 2654435761u + 1; out.size() < length;) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    out += static_cast<char>('a' + x % 26);
  }
  return out;
}

void write(Replica& office, std::uint8_t n, const std::string& text) {
  const Space space = office.space(office.identity().member, Collection::offers);
  Edit edit;
  edit.set(space, offer(n), title, std::string{"Sprachcafé"});
  edit.set(space, offer(n), description, text);
  REQUIRE(office.commit(edit, {"Frau Beispiel"}));
}

const FieldView described(const Replica& at, const MemberId& owner, std::uint8_t n) {
  const auto view = at.read(at.space(owner, Collection::offers), offer(n));
  REQUIRE(view);
  const FieldView* field = view->field(description);
  REQUIRE(field != nullptr);
  return *field;
}

/// How often a marker stands in the entries held.
std::size_t found(Replica& at, std::string_view marker) {
  std::size_t out = 0;
  auto query = at.core().db().query("SELECT body FROM entries");
  while (query.step()) {
    const auto body = unpack_body_bytes(query.blob(0));
    REQUIRE(body);
    const std::string text(body->begin(), body->end());
    for (auto at_byte = text.find(marker); at_byte != std::string::npos; at_byte = text.find(marker, at_byte + 1)) ++out;
  }
  return out;
}

std::uint64_t body_bytes(Replica& at) {
  auto query = at.core().db().query("SELECT sum(length(body)) FROM entries");
  REQUIRE(query.step());
  return query.count(0);
}

/// Ahaus, Bocholt and their Kreis; in Ahaus twelve edits of one offer, one of another.
struct Towns {
  Realm realm;
  std::unique_ptr<Replica> ahaus = realm.join(ahaus_id), bocholt = realm.join(bocholt_id);

  Towns() {
    for (int n = 0; n < 12; ++n) write(*ahaus, 1, prose("MARKE" + std::to_string(n) + ".", static_cast<std::uint64_t>(n)));
    write(*ahaus, 2, prose("EINMAL", 99));
    meet();
  }
  void meet() {
    for (Replica* town : {ahaus.get(), bocholt.get(), ahaus.get(), bocholt.get()}) realm.sync(*town);
  }
  Space offers() const { return ahaus->space(ahaus_id, Collection::offers); }
  std::size_t plan() { return *checkpoints::plan(realm.kreis().core(), quarterly); }
  /// The claim that Ahaus's offers are given now.
  CheckpointClaim claim() {
    const auto due = checkpoints::due(realm.kreis().core(), ahaus_id);
    REQUIRE(due.size() == 1);
    return due[0];
  }
  /// All of it; values dropped at the Kreis.
  std::uint64_t checkpoint() {
    REQUIRE(plan() == 1);
    meet();
    const auto known = checkpoints::known(realm.kreis().core());
    REQUIRE(known.size() == 1);
    CHECK(known[0].standing == checkpoints::Standing::open);
    for (Replica* town : {ahaus.get(), bocholt.get()}) REQUIRE(checkpoints::carry_out(town->core()));
    return checkpoints::carry_out(realm.kreis().core())->values;
  }
};

}  // namespace

TEST_CASE("checkpoints: superseded values go everywhere, what is read stays, and no hash changes") {
  Towns t;
  const Hash state = t.realm.kreis().state_hash();
  CHECK(t.checkpoint() > 0);
  for (Replica* at : {&t.realm.kreis(), t.ahaus.get(), t.bocholt.get()}) {
    CHECK(found(*at, "MARKE") == 1);
    CHECK(found(*at, "EINMAL") == 1);
    CHECK(as_text(*described(*at, ahaus_id, 1).cells.front().value)->starts_with("MARKE11."));
    CHECK(at->verify(true).ok);
    CHECK(checkpoints::known(at->core())[0].standing == checkpoints::Standing::done);
    CHECK(checkpoints::carry_out(at->core())->values == 0);
  }
  CHECK(t.realm.kreis().state_hash() == state);
  CHECK(t.plan() == 0);  // not before its day, and not for nothing
  t.realm.now_ms += 100 * day_ms;
  CHECK(t.plan() == 0);
}

TEST_CASE("checkpoints: what stands side by side stays, what came later too, and cutting it off brings its values back to light") {
  Towns t;
  auto second = t.realm.join(ahaus_id);
  t.realm.sync(*t.ahaus);
  write(*t.ahaus, 3, prose("LINKS", 1));
  write(*second, 3, prose("RECHTS", 2));
  t.realm.sync(*second);
  t.meet();
  REQUIRE(t.plan() == 1);
  t.realm.sync(*second);
  write(*second, 1, prose("DANACH", 5));  // above the frontier that is being agreed on
  t.realm.sync(*second);
  t.meet();
  REQUIRE(checkpoints::known(t.realm.kreis().core()).size() == 1);
  REQUIRE(checkpoints::carry_out(t.realm.kreis().core())->values > 0);
  CHECK(described(t.realm.kreis(), ahaus_id, 3).cells.size() == 2);
  CHECK(found(t.realm.kreis(), "LINKS") == 1);
  CHECK(found(t.realm.kreis(), "RECHTS") == 1);
  CHECK(found(t.realm.kreis(), "MARKE11.") == 1);  // superseded above the checkpoint only

  // Whoever wrote above it is locked out at the checkpoint: what was superseded lives again, with its value.
  const auto known = checkpoints::known(t.realm.kreis().core())[0];
  std::vector<Cut> cuts;
  for (const CheckpointHead& held : known.claim.heads) {
    if (held.author == second->identity().author) cuts.push_back({held.head.log, held.head.seq, held.head.entry, {}});
  }
  REQUIRE(cuts.size() == 1);
  auto lower = cuts;
  lower[0].seq = 0;
  lower[0].head = {};
  CHECK(t.realm.kreis().core().issue(DeviceRevoked{second->identity().author, lower}).error().code == Errc::below_checkpoint);
  CHECK(t.realm.kreis().core().issue(DeviceRevoked{second->identity().author, {}}).error().code == Errc::below_checkpoint);
  REQUIRE(t.realm.kreis().core().issue(DeviceRevoked{second->identity().author, cuts}));
  const auto view = described(t.realm.kreis(), ahaus_id, 1);
  REQUIRE(view.cells.size() == 1);
  REQUIRE(view.cells[0].value);
  CHECK(as_text(*view.cells[0].value)->starts_with("MARKE11."));
}

TEST_CASE("checkpoints: one active device that has not acknowledged is enough to wait") {
  Towns t;
  auto away = t.realm.join(bocholt_id);
  write(*t.ahaus, 1, prose("MARKE12.", 12));
  t.meet();
  REQUIRE(t.plan() == 1);
  auto waits = checkpoints::waiting(t.realm.kreis().core());
  REQUIRE(waits.size() == 1);
  CHECK(waits[0].open == std::vector<AuthorKey>{away->identity().author});
  t.meet();
  CHECK(checkpoints::known(t.realm.kreis().core()).empty());
  t.realm.sync(*away);
  t.meet();
  CHECK(checkpoints::known(t.realm.kreis().core()).size() == 1);
}

TEST_CASE("checkpoints: a device back after three years brings its work and takes the rest, though values have gone") {
  Towns t;
  auto away = t.realm.join(ahaus_id);
  t.realm.sync(*away);
  write(*away, 5, prose("LIEGENGEBLIEBEN", 7));
  write(*away, 1, prose("GLEICHZEITIG", 8));
  for (int year = 0; year < 3; ++year) {
    t.realm.now_ms += 365 * day_ms;
    for (Replica* town : {t.ahaus.get(), t.bocholt.get()}) REQUIRE(renew_admission(t.realm.kreis(), town->identity().author, 730));
    for (int n = 0; n < 20; ++n) write(*t.ahaus, 1, prose("JAHR" + std::to_string(year), static_cast<std::uint64_t>(100 * year + n)));
    t.meet();
    // Silent, but admitted: what was begun in the first year waits. In the third it does no more.
    CHECK(t.plan() == (year == 0 ? 1u : 0u));
    t.meet();
    CHECK(checkpoints::known(t.realm.kreis().core()).size() == (year == 2 ? 1u : 0u));
    for (Replica* at : {&t.realm.kreis(), t.ahaus.get(), t.bocholt.get()}) REQUIRE(checkpoints::carry_out(at->core()));
  }
  CHECK(found(t.realm.kreis(), "MARKE1.") == 0);
  REQUIRE(renew_admission(t.realm.kreis(), away->identity().author, 730));
  t.realm.sync(*away);
  t.meet();
  CHECK(described(t.realm.kreis(), ahaus_id, 5).cells.size() == 1);
  REQUIRE(described(t.realm.kreis(), ahaus_id, 1).cells.size() == 2);
  for (const CellView& cell : described(*away, ahaus_id, 1).cells) CHECK(cell.value);
  // It held every old value; now it drops what all have dropped, and evaluates the same state.
  CHECK(found(*away, "MARKE1.") == 1);
  const auto done = checkpoints::carry_out(away->core());
  REQUIRE(done);
  CHECK(done->values > 0);
  CHECK(done->refused == 0);
  CHECK(found(*away, "MARKE1.") == 0);
  CHECK(away->core().state_hash(*away->core().slot(t.offers())) == t.realm.kreis().core().state_hash(*t.realm.kreis().core().slot(t.offers())));
  CHECK(away->verify(true).ok);
}

TEST_CASE("checkpoints: nobody signs what he does not evaluate, and nobody drops anything by another's word") {
  Towns t;
  REQUIRE(t.plan() == 1);
  const CheckpointClaim claim = t.claim();
  REQUIRE(checkpoints::sign(t.ahaus->core(), claim));
  CHECK_FALSE(checkpoints::sign(t.bocholt->core(), claim));  // not its space
  CheckpointClaim wrong = claim;
  wrong.state.bytes[0] ^= 1;
  CHECK_FALSE(checkpoints::sign(t.ahaus->core(), wrong));
  wrong = claim;
  wrong.schema = 2;
  CHECK_FALSE(checkpoints::sign(t.ahaus->core(), wrong));
  wrong = claim;
  wrong.heads[0].author = t.bocholt->identity().author;
  CHECK_FALSE(checkpoints::sign(t.ahaus->core(), wrong));
  wrong = claim;
  wrong.heads[0].head.entry.bytes[0] ^= 1;
  CHECK_FALSE(checkpoints::sign(t.ahaus->core(), wrong));

  // The keys of both are in false hands: a record with a state that is nobody's.
  wrong = claim;
  wrong.state.bytes[0] ^= 1;
  Checkpoint lie{wrong, t.ahaus->identity().author, {}};
  lie.signature = t.ahaus->core().files().signing().sign(checkpoint_label, checkpoint_hash(wrong));
  CHECK(checkpoints::countersign(t.realm.kreis().core(), lie).error().code == Errc::conflict_open);
  REQUIRE(t.realm.kreis().core().issue(lie));
  t.realm.sync(*t.bocholt);
  const auto done = checkpoints::carry_out(t.bocholt->core());
  REQUIRE(done);
  CHECK(done->values == 0);
  CHECK(done->refused == 1);
  CHECK(checkpoints::carry_out(t.bocholt->core())->refused == 0);  // said once
  CHECK(checkpoints::known(t.bocholt->core())[0].standing == checkpoints::Standing::refused);
  CHECK(found(*t.bocholt, "MARKE") == 12);
}

TEST_CASE("checkpoints: an old stick or an unpruned office brings nothing back, a newcomer never gets it") {
  Towns t;
  const auto stick_for = [](Replica& from, Replica& to) {
    Bytes file;
    REQUIRE(write_bundle(from.core(), {.recipients = {to.identity().transport}, .whole = true}, [&](ByteView piece) -> Result<void> {
      file.insert(file.end(), piece.begin(), piece.end());
      return {};
    }));
    return file;
  };
  const auto read = [](Replica& at, Bytes file) {
    const auto input = bundle_in_memory(std::move(file));
    REQUIRE(read_bundle(at.core(), *input));
  };
  const Bytes old = stick_for(*t.ahaus, t.realm.kreis());
  REQUIRE(t.checkpoint() > 0);
  read(t.realm.kreis(), old);
  CHECK(found(t.realm.kreis(), "MARKE") == 1);
  auto newcomer = t.realm.join(bocholt_id);
  t.realm.sync(*newcomer);
  CHECK(found(*newcomer, "MARKE") == 1);
  CHECK(newcomer->verify(true).ok);
  CHECK(checkpoints::carry_out(newcomer->core())->values == 0);
  CHECK(checkpoints::known(newcomer->core())[0].standing == checkpoints::Standing::done);
  // From a stick of somebody who has not dropped anything yet, the old values come once more and go again.
  auto another = t.realm.join(bocholt_id);
  CHECK(found(*another, "MARKE") == 1);
  read(*another, stick_for(t.realm.kreis(), *another));
  CHECK(found(*another, "MARKE") == 1);
}

TEST_CASE("checkpoints: a commitment that was left cannot be tried out, for its nonce is gone") {
  Towns t;
  REQUIRE(t.checkpoint() > 0);
  const SpaceSlot* slot = t.realm.kreis().core().slot(t.offers());
  std::vector<EntryRef> refs;
  slot->store.touching(offer(1), refs);
  const EntryBody body = slot->store.body(refs.front());
  CHECK_FALSE(body.salt);
  std::size_t gone = 0;
  for (std::uint32_t i = 0; i < body.ops.size(); ++i) {
    if (body.ops[i].record != offer(1) || body.ops[i].field != description) continue;
    CHECK_FALSE(nonce_of(body, i));
    ++gone;
  }
  CHECK(gone == 1);
}

TEST_CASE("checkpoints: towns that meet the Kreis by stick alone come to one, too") {
  Towns t;
  Replica& kreis = t.realm.kreis();
  const auto carry = [](Replica& from, Replica& to) {
    Bytes file;
    REQUIRE(write_bundle(from.core(), {.recipients = {to.identity().transport}}, [&](ByteView piece) -> Result<void> {
      file.insert(file.end(), piece.begin(), piece.end());
      return {};
    }));
    auto input = bundle_in_memory(std::move(file));
    REQUIRE(read_bundle(to.core(), *input));
  };
  const auto known = [&] { return checkpoints::known(kreis.core()).size(); };
  write(*t.ahaus, 1, prose("MARKE12.", 12));
  carry(*t.ahaus, kreis);
  REQUIRE(t.plan() == 1);
  carry(kreis, *t.ahaus);
  carry(*t.ahaus, kreis);
  CHECK(checkpoints::kept_signed(t.ahaus->core()).empty());  // Bocholt has not acknowledged: nothing was asked
  carry(kreis, *t.bocholt);
  carry(*t.bocholt, kreis);
  REQUIRE(checkpoints::waiting(kreis.core()).size() == 1);
  CHECK(checkpoints::waiting(kreis.core())[0].open.empty());
  carry(kreis, *t.bocholt);  // not its space
  CHECK(checkpoints::kept_signed(t.bocholt->core()).empty());

  carry(kreis, *t.ahaus);
  REQUIRE(checkpoints::kept_signed(t.ahaus->core()).size() == 1);
  carry(*t.ahaus, *t.bocholt);  // not the Kreis
  CHECK(known() == 0);
  carry(*t.ahaus, kreis);
  REQUIRE(known() == 1);
  carry(*t.ahaus, kreis);  // once more: nothing is issued twice
  CHECK(known() == 1);
  const Hash state = kreis.state_hash();
  for (Replica* town : {t.ahaus.get(), t.bocholt.get()}) carry(kreis, *town);
  CHECK(checkpoints::kept_signed(t.ahaus->core()).empty());
  for (Replica* at : {&kreis, t.ahaus.get(), t.bocholt.get()}) {
    const auto done = checkpoints::carry_out(at->core());
    REQUIRE(done);
    CHECK(done->values > 0);
    CHECK(found(*at, "MARKE") == 1);
    CHECK(at->verify(true).ok);
  }
  CHECK(kreis.state_hash() == state);
}

TEST_CASE("checkpoints: a claim in a bundle is signed for the Kreis alone, and only what the device itself evaluates") {
  Towns t;
  REQUIRE(t.plan() == 1);
  CheckpointClaim claim = t.claim();
  const auto bundle_with = [&](Replica& from, const CheckpointClaim& wanted) {
    BundleOpening opening;
    opening.realm = from.identity().realm;
    opening.sender = from.identity().author;
    opening.sender_transport = from.identity().transport;
    opening.number = 900;
    opening.recipients = {t.ahaus->identity().transport};
    opening.control_from = from.control().last_seq() + 1;
    opening.control = from.control().position();
    BundleSecrets fresh;
    from.random(fresh.ephemeral.writable());
    from.random(fresh.file_key.writable());
    Bytes file;
    auto writer = BundleWriter::begin(opening, fresh, file);
    REQUIRE(writer);
    const Message message = encode_message(CheckpointWanted{wanted});
    writer->add(static_cast<std::uint32_t>(message.kind), message.body, file);
    writer->finish(from.core().files().signing(), file);
    auto input = bundle_in_memory(std::move(file));
    REQUIRE(read_bundle(t.ahaus->core(), *input));
    return checkpoints::kept_signed(t.ahaus->core()).size();
  };
  CHECK(bundle_with(*t.bocholt, claim) == 0);
  CheckpointClaim wrong = claim;
  wrong.state.bytes[0] ^= 1;
  CHECK(bundle_with(t.realm.kreis(), wrong) == 0);
  CHECK(bundle_with(t.realm.kreis(), claim) == 1);
}

TEST_CASE("checkpoints: consents and what locked months rest on keep their past") {
  const Space offers{{}, ahaus_id, Collection::offers, {}}, counts{{}, ahaus_id, Collection::counts, {}};
  CHECK(may_be_pruned(offers, registry::kinds::offer));
  CHECK(may_be_pruned(counts, registry::kinds::count));
  CHECK_FALSE(may_be_pruned(counts, registry::kinds::month_return));
  CHECK_FALSE(may_be_pruned(counts, registry::kinds::return_review));
  for (const Collection kept : {Collection::consents, Collection::reference, Collection::concept_, Collection::funding, Collection::reports,
                                collections::erasures, collections::erasure_answers}) {
    CHECK_FALSE(may_be_pruned(Space{{}, ahaus_id, kept, {}}));
  }
}

TEST_CASE("checkpoints: a person at the Kreis begins without waiting, everybody sees what is waited for and what has gone") {
  Towns t;
  auto away = t.realm.join(bocholt_id);
  write(*t.ahaus, 1, prose("MARKE12.", 12));
  t.meet();
  const auto kinds = checkpoint_requests();
  CHECK(ask(t.realm.kreis(), kinds, "privacy.prune", Json::object(), true).data["begun"] == 0);
  CHECK(ask(t.realm.kreis(), kinds, "privacy.prune").data["begun"] == 1);
  auto list = ask(t.realm.kreis(), kinds, "privacy.checkpoints").data;
  REQUIRE(list["waiting"].size() == 1);
  CHECK(list["waiting"][0]["open"].size() == 1);
  CHECK(list["waiting"][0]["open"][0]["member"] == bocholt_id);
  t.realm.sync(*away);
  t.meet();
  CHECK(ask(*t.ahaus, kinds, "privacy.checkpoints").data["checkpoints"][0]["state"] == "open");
  const auto done = ask(*t.ahaus, kinds, "privacy.prune").data;
  CHECK(done["begun"] == 0);
  CHECK(done["spaces"] == 1);
  CHECK(done["values"] > 0);
  list = ask(*t.ahaus, kinds, "privacy.checkpoints").data;
  CHECK(list["checkpoints"][0]["state"] == "done");
  CHECK(list["waiting"].empty());
  CHECK(list["unknown"] == 0);
}

TEST_CASE("checkpoints: ten years, their size and what a newcomer fetches then") {
  constexpr int years = 10, edits_a_year = 80;
  std::uint64_t with_bytes[years]{}, without_bytes[years]{}, stores[2]{}, fetched[2]{};
  for (const bool with : {false, true}) {
    Realm realm;
    auto ahaus = realm.join(ahaus_id), bocholt = realm.join(bocholt_id);
    for (int year = 0; year < years; ++year) {
      for (Replica* town : {ahaus.get(), bocholt.get()}) {
        REQUIRE(renew_admission(realm.kreis(), town->identity().author, 730));
        for (int n = 0; n < edits_a_year / 2; ++n) {
          write(*town, static_cast<std::uint8_t>(n % 8), prose("Stand", static_cast<std::uint64_t>(year * 1000 + n)));
        }
      }
      const auto meet = [&] {
        for (Replica* town : {ahaus.get(), bocholt.get(), ahaus.get(), bocholt.get()}) realm.sync(*town);
      };
      meet();
      if (with) {
        CHECK(*checkpoints::plan(realm.kreis().core(), quarterly) == 2);
        meet();
        for (Replica* at : {&realm.kreis(), ahaus.get(), bocholt.get()}) REQUIRE(checkpoints::carry_out(at->core()));
      }
      (with ? with_bytes : without_bytes)[year] = body_bytes(realm.kreis());
      realm.now_ms += 365 * day_ms;
    }
    for (Replica* town : {ahaus.get(), bocholt.get()}) REQUIRE(renew_admission(realm.kreis(), town->identity().author, 730));
    realm.kreis().core().db().execute("VACUUM");
    realm.kreis().core().db().execute("PRAGMA wal_checkpoint(TRUNCATE)");
    stores[with] = std::filesystem::file_size(realm.kreis().core().options().directory / "store.db");
    auto invite = issue_invite(realm.kreis(), bocholt_id);
    REQUIRE(invite);
    std::size_t bytes = 0;
    auto newcomer = realm.join_with(*invite, &bytes);
    fetched[with] = bytes;
    CHECK(newcomer->core().state_hash(*newcomer->core().slot(newcomer->space(ahaus_id, Collection::offers))) ==
          realm.kreis().core().state_hash(*realm.kreis().core().slot(newcomer->space(ahaus_id, Collection::offers))));
    if (with) CHECK(body_bytes(*newcomer) <= body_bytes(realm.kreis()) * 11 / 10);
  }
  std::string table;
  for (int year = 0; year < years; ++year) {
    table += " " + std::to_string(without_bytes[year] / 1024) + "/" + std::to_string(with_bytes[year] / 1024);
  }
  MESSAGE("entries in KiB after each year, without/with checkpoints:" << table);
  MESSAGE("store after ten years: " << stores[0] / 1024 << "/" << stores[1] / 1024 << " KiB; a newcomer's first sync: " << fetched[0] / 1024 << "/"
                                    << fetched[1] / 1024 << " KiB");
  const std::uint64_t a_year = with_bytes[years - 1] - with_bytes[years - 2];
  CHECK(with_bytes[years - 1] * 2 < without_bytes[years - 1]);
  CHECK(a_year < edits_a_year * 320u);  // structure: commitments, header and note of an edit
  CHECK(fetched[1] * 10 < fetched[0] * 7);
}

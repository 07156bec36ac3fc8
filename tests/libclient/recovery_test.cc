#include "libclient/recovery.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "libclient/alarms.h"
#include "libclient/bundle_file.h"
#include "libclient/keyring.h"
#include "libclient/quarantine.h"
#include "libclient/receipts.h"
#include "libclient/enrolment.h"
#include "libclient/peer_talk.h"
#include "protocol/limits.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"
#include "tests/support/temp_dir.h"
#include "tests/support/warned.h"

using namespace kiz;
using namespace kiz::test;

namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;
constexpr auto title = registry::fields::offer::title;

RecordId offer(std::uint8_t n) {
  RecordId out{registry::kinds::offer, {}};
  out.key.bytes.fill(n);
  return out;
}

/// A Kreis with its emergency sheet, towns, and a clock that a test may turn.
struct Drill {
  TempDir folder;
  std::uint64_t now_ms = 1'794'000'000'000;
  std::unique_ptr<Replica> kreis;
  EmergencySheet sheet;
  int offices = 0;

  Drill() {
    auto founded = found_realm(options("kreis"), {"Kreis Borken", "05554", {{"05554004", "Ahaus"}, {"05554008", "Bocholt"}},
                                                  {"127.0.0.1:7411"}, {}, "Kreisknoten"});
    REQUIRE(founded);
    kreis = std::move(founded->replica);
    auto read = decode_sheet(founded->emergency_sheet);
    REQUIRE(read);
    sheet = std::move(*read);
  }
  ReplicaOptions options(const std::string& name) {
    ReplicaOptions out;
    out.directory = folder.path() / name;
    out.clock_ms = [this] { return now_ms; };
    return out;
  }
  std::unique_ptr<Replica> join(const MemberId& member) {
    auto invite = issue_invite(*kreis, member);
    REQUIRE(invite);
    const std::string device = "office-" + std::to_string(++offices);
    auto town = prepare_join(options(device), invite->invite, invite->check, device);
    REQUIRE(town);
    sync(**town);
    REQUIRE((*town)->identity().joined);
    return std::move(*town);
  }
  /// One session, to wherever it gets. True if both hold the same afterwards.
  bool talk(Replica& town, Replica& other) {
    auto caller = PeerTalk::call(town.core(), SteadyTime{0});
    REQUIRE(caller);
    auto answerer = PeerTalk::answer(other.core(), SteadyTime{0});
    for (int round = 0; round < 10'000; ++round) {
      const Bytes out = (*caller)->take_output(SteadyTime{1000}), back = answerer->take_output(SteadyTime{1000});
      if (out.empty() && back.empty()) break;
      if (!out.empty()) answerer->feed(out, SteadyTime{1000});
      if (!back.empty()) (*caller)->feed(back, SteadyTime{1000});
    }
    return (*caller)->in_sync() && answerer->in_sync();
  }
  void sync(Replica& town) { REQUIRE(talk(town, *kreis)); }
  /// A bundle from one to the other.
  static Result<BundleTaken> carry(Replica& from, Replica& to) {
    Bytes file;
    const auto sink = [&](ByteView piece) -> Result<void> {
      file.insert(file.end(), piece.begin(), piece.end());
      return {};
    };
    REQUIRE(write_bundle(from.core(), {.recipients = {to.identity().transport}}, sink));
    auto input = bundle_in_memory(std::move(file));
    return read_bundle(to.core(), *input);
  }
  void write(Replica& office, std::uint8_t record, const std::string& text) {
    const MemberId owner = office.identity().member;
    Edit edit = office.begin();
    edit.set(office.space(owner, Collection::offers), offer(record), title, Value{text});
    // What only owner and Kreis may read: of the Kreis's own nobody else has a copy.
    if (owner != office.membership().authority()) edit.set(office.space(owner, Collection::counts), offer(record), title, Value{text});
    const auto committed = office.commit(edit, {"Frau Beispiel"});
    REQUIRE_MESSAGE(committed, (committed ? "" : name(committed.error().code)));
  }
  static bool holds(Replica& office, const MemberId& owner, std::uint8_t record, const std::string& text) {
    const auto view = office.read(office.space(owner, Collection::offers), offer(record));
    return view && view->exists() && *as_text(*view->field(title)->cells.front().value) == text;
  }
};

}  // namespace

TEST_CASE("recovery: a Kreis node that burnt down is rebuilt from the sheet and its members, who enter nothing again") {
  Drill d;
  auto ahaus = d.join("05554004");
  auto bocholt = d.join("05554008");
  d.write(*ahaus, 1, "Sprachcafé");
  d.write(*bocholt, 2, "Lotsen");
  d.write(*d.kreis, 3, "Vom Kreis");
  for (int round = 0; round < 2; ++round) {
    d.sync(*ahaus);
    d.sync(*bocholt);
  }
  const auto spaces_before = d.kreis->spaces();
  const AuthorKey burnt = d.kreis->identity().author;
  d.kreis.reset();

  auto again = begin_restore(d.options("kreis-2"), d.sheet, {"Kreisknoten 2", {"127.0.0.1:7411"}, {}});
  REQUIRE(again);
  d.kreis = std::move(*again);
  CHECK(is_restoring(*d.kreis));
  CHECK(warned(*d.kreis, "W_RESTORING"));
  CHECK(open_new_epoch(*d.kreis, d.sheet).error().code == Errc::gap);  // nobody has called yet
  CHECK(begin_restore(d.options("kreis-2"), d.sheet, {"x", {}, {}}).error().code != Errc::ok);

  CHECK_FALSE(d.talk(*ahaus, *d.kreis));  // brings the control log; data waits for the authority
  CHECK(d.kreis->control().last_seq() > 3);
  EmergencySheet wrong{d.sheet.realm, SecretKey32{Bytes(32, 5)}};
  CHECK(open_new_epoch(*d.kreis, wrong).error().code == Errc::wrong_key);
  wrong.realm.bytes[0] ^= 1;
  CHECK(open_new_epoch(*d.kreis, wrong).error().code == Errc::foreign_realm);
  CHECK(open_new_epoch(*d.kreis, d.sheet, 99).error().code == Errc::invalid_input);
  CHECK(open_new_epoch(*ahaus, d.sheet).error().code == Errc::not_permitted);
  const auto opened = open_new_epoch(*d.kreis, d.sheet);
  REQUIRE_MESSAGE(opened, (opened ? "" : name(opened.error().code)));
  CHECK(opened->epoch == 2);
  CHECK(opened->device_granted);
  CHECK_FALSE(is_restoring(*d.kreis));
  CHECK(d.kreis->identity().is_authority);

  for (int round = 0; round < 2; ++round) {
    d.sync(*ahaus);
    d.sync(*bocholt);
  }
  REQUIRE(d.kreis->spaces().size() == spaces_before.size());
  for (std::size_t i = 0; i < spaces_before.size(); ++i) {
    CHECK(d.kreis->spaces()[i].space == spaces_before[i].space);
    CHECK(d.kreis->spaces()[i].state_hash == spaces_before[i].state_hash);
  }
  CHECK(d.kreis->verify(true).ok);

  // It decides again: the lost machine is locked out, a town gets another device.
  REQUIRE(revoke_device(*d.kreis, burnt));
  d.sync(*ahaus);
  CHECK(Drill::holds(*ahaus, "05554", 3, "Vom Kreis"));
  d.write(*d.kreis, 4, "Vom neuen Knoten");
  auto second = d.join("05554004");
  d.sync(*second);
  CHECK(Drill::holds(*second, "05554", 4, "Vom neuen Knoten"));
  CHECK(Drill::holds(*second, "05554004", 1, "Sprachcafé"));
}

TEST_CASE("recovery: a rebuilt Kreis node hears also those whom the first caller had not heard of") {
  Drill d;
  auto ahaus = d.join("05554004");
  auto bocholt = d.join("05554008");
  auto kreis_2 = d.join("05554");
  const Seq last = d.kreis->control().last_seq();
  d.kreis.reset();
  auto again = begin_restore(d.options("kreis-3"), d.sheet, {"Kreisknoten 3", {"127.0.0.1:7411"}, {}});
  REQUIRE(again);
  d.kreis = std::move(*again);

  (void)d.talk(*ahaus, *d.kreis);  // has not been in touch since it joined, as the first of them
  const Seq known = d.kreis->control().last_seq();
  CHECK(known < last);
  (void)d.talk(*bocholt, *d.kreis);
  CHECK(d.kreis->control().last_seq() > known);
  (void)d.talk(*kreis_2, *d.kreis);
  CHECK(d.kreis->control().last_seq() == last);
  REQUIRE(open_new_epoch(*d.kreis, d.sheet));

  d.write(*kreis_2, 1, "Vom zweiten Gerät");
  d.sync(*kreis_2);
  d.sync(*bocholt);
  d.sync(*ahaus);
  CHECK(Drill::holds(*ahaus, "05554", 1, "Vom zweiten Gerät"));
}

TEST_CASE("recovery: an office whose machine died joins again and has everything back, its own counts too") {
  Drill d;
  auto ahaus = d.join("05554004");
  d.write(*ahaus, 1, "Sprachcafé");
  d.sync(*ahaus);
  const auto spaces = ahaus->spaces();
  const AuthorKey dead = ahaus->identity().author;
  ahaus.reset();
  REQUIRE(revoke_device(*d.kreis, dead));
  auto again = d.join("05554004");
  REQUIRE(again->spaces().size() == spaces.size());
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    CHECK(again->spaces()[i].space == spaces[i].space);
    CHECK(again->spaces()[i].state_hash == spaces[i].state_hash);
  }
  d.write(*again, 1, "Sprachcafé Süd");
  d.sync(*again);
  CHECK(Drill::holds(*d.kreis, "05554004", 1, "Sprachcafé Süd"));
}

TEST_CASE("recovery: what a stolen key decided ends with the epoch that the root opens, and honest work stays") {
  Drill d;
  auto ahaus = d.join("05554004");
  auto bocholt = d.join("05554008");
  d.write(*ahaus, 1, "vorher");
  d.sync(*ahaus);
  d.sync(*bocholt);
  const Seq last_good = d.kreis->control().last_seq();

  // The thief holds a copy of the node, admits a device of his own for Bocholt, and Bocholt takes it.
  d.kreis.reset();
  std::filesystem::copy(d.folder.path() / "kreis", d.folder.path() / "thief", std::filesystem::copy_options::recursive);
  auto thief = Replica::open(d.options("thief"));
  REQUIRE(thief);
  (*thief)->core().confirm_control();
  DeviceGranted grant;
  grant.author = crypto::SigningKey{Bytes(32, 66)}.author();
  grant.member = "05554008";
  grant.rights = rights_of_an_office;
  grant.device = "Trojaner";
  grant.admitted_until_ms = d.now_ms + 100 * day_ms;
  REQUIRE((*thief)->core().issue(grant));
  CHECK(d.talk(*bocholt, **thief));
  CHECK(bocholt->control().last_seq() == last_good + 1);
  CHECK(warned(*bocholt, "W_UNKNOWN_DEVICE"));
  d.write(*bocholt, 2, "auf dem fremden Zweig geschrieben");  // cites what the thief decided
  thief->reset();

  auto kreis = Replica::open(d.options("kreis"));
  REQUIRE(kreis);
  d.kreis = std::move(*kreis);
  d.kreis->core().confirm_control();
  REQUIRE(d.kreis->core().issue(RuleSet{"a", "1"}));  // and so there are two branches in one epoch
  CHECK_FALSE(d.talk(*bocholt, *d.kreis));
  for (Replica* side : {d.kreis.get(), bocholt.get()}) {
    CHECK(warned(*side, "W_CONTROL_FORKED"));
    CHECK(side->core().control_fork());
  }
  CHECK(d.kreis->core().issue(RuleSet{"a", "2"}).error().code == Errc::control_forked);
  CHECK(quarantine::states(d.kreis->core()).waiting == 2);  // Bocholt's work came, and waits for what it cites
  d.write(*ahaus, 3, "Daten fließen weiter");
  d.sync(*ahaus);

  const auto opened = open_new_epoch(*d.kreis, d.sheet);
  REQUIRE(opened);
  CHECK(opened->closed == 0);  // the Kreis's own branch is the one that counts
  CHECK_FALSE(opened->device_granted);
  d.sync(*bocholt);
  d.sync(*ahaus);
  d.sync(*bocholt);
  for (Replica* side : {d.kreis.get(), ahaus.get(), bocholt.get()}) {
    CAPTURE(side->identity().device);
    CHECK(side->control().position() == d.kreis->control().position());
    CHECK(side->membership().device(grant.author) == nullptr);
    CHECK_FALSE(side->core().control_fork());
    CHECK_FALSE(warned(*side, "W_CONTROL_FORKED"));
    CHECK(Drill::holds(*side, "05554008", 2, "auf dem fremden Zweig geschrieben"));
    CHECK(side->verify(true).ok);
    const Space offers = side->space("05554008", Collection::offers);
    CHECK(side->core().state_hash(*side->core().slot(offers)) == d.kreis->core().state_hash(*d.kreis->core().slot(offers)));
  }
  CHECK(d.kreis->core().issue(RuleSet{"a", "2"}));
}

TEST_CASE("recovery: who works by stick hears of two control logs, tells the Kreis of them, and of the epoch that decides") {
  Drill d;
  auto ahaus = d.join("05554004");
  auto bocholt = d.join("05554008");
  d.sync(*ahaus);

  // The Kreis is put back from a backup, and decides anew what Bocholt holds otherwise.
  d.kreis.reset();
  std::filesystem::copy(d.folder.path() / "kreis", d.folder.path() / "before", std::filesystem::copy_options::recursive);
  auto kreis = Replica::open(d.options("kreis"));
  REQUIRE(kreis);
  REQUIRE((*kreis)->core().issue(RuleSet{"a", "1"}));
  CHECK(d.talk(*bocholt, **kreis));
  kreis->reset();
  auto before = Replica::open(d.options("before"));
  REQUIRE(before);
  d.kreis = std::move(*before);
  d.kreis->core().confirm_control();
  REQUIRE(d.kreis->core().issue(RuleSet{"a", "2"}));
  REQUIRE(d.kreis->core().issue(RuleSet{"b", "3"}));

  d.write(*bocholt, 1, "Sprachcafé");
  for (Replica* reader : {bocholt.get(), d.kreis.get()}) {
    Replica& writer = reader == bocholt.get() ? *d.kreis : *bocholt;
    const auto taken = d.carry(writer, *reader);
    REQUIRE(taken);
    CHECK(taken->summary.control_forked);
    CHECK(warned(*reader, "W_CONTROL_FORKED"));
    CHECK(reader->core().control_fork());
  }
  CHECK(quarantine::states(d.kreis->core()).waiting == 2);  // it came all the same, and waits for what it cites
  CHECK(d.kreis->core().issue(RuleSet{"a", "4"}).error().code == Errc::control_forked);

  REQUIRE(open_new_epoch(*d.kreis, d.sheet));
  const auto decided = d.carry(*d.kreis, *bocholt);
  REQUIRE(decided);
  CHECK_FALSE(decided->summary.control_forked);
  for (Replica* side : {d.kreis.get(), bocholt.get()}) {
    CHECK(side->control().position() == d.kreis->control().position());
    CHECK_FALSE(warned(*side, "W_CONTROL_FORKED"));
    CHECK(Drill::holds(*side, "05554008", 1, "Sprachcafé"));
    CHECK(side->verify(true).ok);
  }
}

TEST_CASE("recovery: after a start from a backup the Kreis decides nothing before a town has shown what was decided") {
  Drill d;
  auto ahaus = d.join("05554004");
  d.kreis.reset();
  std::filesystem::copy(d.folder.path() / "kreis" / "store.db", d.folder.path() / "backup.db");
  auto kreis = Replica::open(d.options("kreis"));
  REQUIRE(kreis);
  d.kreis = std::move(*kreis);
  REQUIRE(d.kreis->core().issue(RuleSet{"since", "the backup"}));
  d.sync(*ahaus);
  const auto position = d.kreis->control().position();
  d.kreis.reset();
  std::filesystem::copy_file(d.folder.path() / "backup.db", d.folder.path() / "kreis" / "store.db", std::filesystem::copy_options::overwrite_existing);

  kreis = Replica::open(d.options("kreis"));
  REQUIRE(kreis);
  d.kreis = std::move(*kreis);
  CHECK(d.kreis->core().issue(RuleSet{"too", "early"}).error().code == Errc::control_unconfirmed);
  CHECK(warned(*d.kreis, "W_CONTROL_UNCONFIRMED"));
  CHECK(warned(*d.kreis, "W_RESTORED"));
  d.sync(*ahaus);
  CHECK(d.kreis->control().position() == position);  // its own tail is back
  CHECK(d.kreis->core().control_confirmed());
  CHECK_FALSE(warned(*d.kreis, "W_CONTROL_UNCONFIRMED"));
  REQUIRE(d.kreis->core().issue(RuleSet{"now", "it may"}));
  d.sync(*ahaus);
  d.kreis.reset();
  kreis = Replica::open(d.options("kreis"));  // and that stays so
  REQUIRE(kreis);
  CHECK((*kreis)->core().control_confirmed());
  d.kreis = std::move(*kreis);
}

TEST_CASE("receipts: the Kreis says what it holds of a town, with its time, and only its own word is kept") {
  Drill d;
  auto ahaus = d.join("05554004");
  CHECK(receipts::held(ahaus->core()).empty());
  d.write(*ahaus, 1, "eins");
  d.sync(*ahaus);
  auto held = receipts::held(ahaus->core());
  REQUIRE(held.size() == 2);  // offers and counts
  CHECK(held[0].time_ms == d.now_ms);
  CHECK(receipts::not_covered(ahaus->core(), held[0]) == 0);
  d.write(*ahaus, 2, "zwei");
  CHECK(receipts::not_covered(ahaus->core(), held[0]) == 1);
  d.now_ms += 60'000;
  d.sync(*ahaus);
  held = receipts::held(ahaus->core());
  CHECK(receipts::not_covered(ahaus->core(), held[0]) == 0);
  d.now_ms += 60'000;
  d.sync(*ahaus);
  CHECK(receipts::held(ahaus->core())[0].time_ms == d.now_ms - 60'000);  // nothing new to say

  Receipt forged = held[0];
  forged.time_ms += 1;
  CHECK_FALSE(receipts::take(ahaus->core(), forged));
  forged.issuer = ahaus->identity().author;  // signed by itself, and rightly so
  forged.signature = ahaus->core().files().signing().sign(receipt_label, receipt_hash(forged, ahaus->identity().realm));
  CHECK_FALSE(receipts::take(ahaus->core(), forged));
  CHECK_FALSE(receipts::take(ahaus->core(), held[0]));  // no news
}

TEST_CASE("alarms: a membership that ends is told 90, 30 and 7 days ahead; its end stops sessions and nothing else") {
  Drill d;
  auto ahaus = d.join("05554004");
  const auto grade = [&]() -> std::string {
    for (const Alarm& alarm : alarms(*ahaus)) {
      if (alarm.code == "W_EXPIRES" || alarm.code == "W_EXPIRED") return alarms_json({alarm})[0]["grade"];
    }
    return "";
  };
  CHECK(grade().empty());
  const std::uint64_t until = ahaus->membership().device(ahaus->identity().author)->admitted_until_ms;
  for (const auto& [days, wanted] : {std::pair{92, ""}, {89, "notice"}, {29, "warning"}, {6, "alarm"}}) {
    d.now_ms = until - static_cast<std::uint64_t>(days) * day_ms + 1000;
    CHECK(grade() == wanted);
  }
  d.now_ms = until + day_ms;
  CHECK(warned(*ahaus, "W_EXPIRED"));
  d.write(*ahaus, 1, "Arbeit geht weiter");
  CHECK_FALSE(d.talk(*ahaus, *d.kreis));
  REQUIRE(renew_admission(*d.kreis, ahaus->identity().author, 730));
  d.sync(*ahaus);
  CHECK(Drill::holds(*d.kreis, "05554004", 1, "Arbeit geht weiter"));
  CHECK_FALSE(warned(*ahaus, "W_EXPIRED"));
}

TEST_CASE("alarms: a device in a town's own name that nobody there knows shows until somebody says that it is known") {
  Drill d;
  auto first = d.join("05554004");
  auto second = d.join("05554004");
  auto other = d.join("05554008");
  d.sync(*first);
  CHECK(warned(*first, "W_UNKNOWN_DEVICE"));
  CHECK_FALSE(warned(*second, "W_UNKNOWN_DEVICE"));  // it was there when this one came
  CHECK_FALSE(warned(*other, "W_UNKNOWN_DEVICE"));
  CHECK(ask(*first, key_requests(), "device.confirm", {{"ref", "G-9"}}).exit == 4);
  CHECK(ask(*first, key_requests(), "device.confirm", {{"ref", "G-3"}}).data["name"] == "office-2");
  CHECK_FALSE(warned(*first, "W_UNKNOWN_DEVICE"));
}

TEST_CASE("alarms: a cloned device is told of in a sentence, with both signed heads, and nothing is lost") {
  Drill d;
  auto ahaus = d.join("05554004");
  d.write(*ahaus, 1, "eins");
  d.sync(*ahaus);
  ahaus.reset();
  std::filesystem::copy(d.folder.path() / "office-1", d.folder.path() / "clone", std::filesystem::copy_options::recursive);
  auto original = Replica::open(d.options("office-1"));
  auto clone = Replica::open(d.options("clone"));
  REQUIRE(original);
  REQUIRE(clone);
  d.write(**original, 2, "vom Original");
  d.write(**clone, 3, "von der Kopie");
  d.sync(**original);
  d.talk(**clone, *d.kreis);
  d.sync(**clone);
  d.sync(**original);
  for (Replica* side : {d.kreis.get(), original->get(), clone->get()}) {
    CHECK(Drill::holds(*side, "05554004", 2, "vom Original"));
    CHECK(Drill::holds(*side, "05554004", 3, "von der Kopie"));
    const auto forks = fork_proofs(*side);
    REQUIRE(forks.size() == 2);  // offers and counts
    CHECK(forks[0].last_shared == 1);
    REQUIRE(forks[0].branches.size() == 2);
    for (const auto& branch : forks[0].branches) CHECK(crypto::verify(forks[0].author, run_label, branch.head.entry, branch.signature));
    CHECK(warned(*side, side == d.kreis.get() ? "W_FORK" : "W_FORK_OWN"));
  }
  d.write(**clone, 4, "und weiter");  // in a log of its own
  d.sync(**clone);
  CHECK(Drill::holds(*d.kreis, "05554004", 4, "und weiter"));
  CHECK(fork_proofs(*d.kreis)[0].branches.size() == 2);
  d.now_ms += 31 * day_ms;
  CHECK_FALSE(warned(*d.kreis, "W_FORK"));  // told long enough; verify names it for ever
  CHECK(d.kreis->verify(false).forks.size() == 2);
}

TEST_CASE("alarms: an entry that somebody has seen and that nobody holds is missed, once all was compared") {
  Drill d;
  auto first = d.join("05554004");
  auto second = d.join("05554004");
  d.write(*first, 1, "eins");
  // The colleague gets it by another way than the Kreis, writes on it, and its author's machine dies.
  const PeerSource source{first->core(), d.kreis->identity().transport};
  std::vector<IncomingRun> runs;
  for (const SpaceSlot* slot : first->core().slots()) {
    for (const Head& head : slot->heads()) {
      auto piece = source.read_run(head.log, {}, head.entry, limits::run_bytes_max);
      REQUIRE(piece);
      runs.push_back({runs.size() + 1, piece->bytes});
    }
  }
  const auto reports = second->core().ingest(runs);
  REQUIRE(reports);
  d.write(*second, 1, "zwei");
  CHECK(missing_heads(*second).empty());
  // Of the second's logs alone the Kreis hears.
  const PeerSource theirs{second->core(), d.kreis->identity().transport};
  std::vector<IncomingRun> only;
  for (const SpaceSlot* slot : second->core().slots()) {
    for (const Head& head : slot->heads()) {
      if (slot->store.log(slot->store.find_log(head.log)).author != second->identity().author) continue;
      auto piece = theirs.read_run(head.log, {}, head.entry, limits::run_bytes_max);
      REQUIRE(piece);
      only.push_back({only.size() + 1, piece->bytes});
    }
  }
  REQUIRE(d.kreis->core().ingest(only));
  CHECK(missing_heads(*d.kreis).size() == 2);
  CHECK_FALSE(warned(*d.kreis, "W_MISSING"));  // nobody was asked yet
  auto bocholt = d.join("05554008");
  d.sync(*bocholt);
  CHECK(missing_heads(*bocholt).size() == 1);
  CHECK(warned(*bocholt, "W_MISSING"));
  CHECK(warned(*d.kreis, "W_MISSING"));
  d.sync(*second);
  d.sync(*bocholt);
  CHECK(missing_heads(*d.kreis).empty());
  CHECK_FALSE(warned(*bocholt, "W_MISSING"));
}

#include "libclient/bundle_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "libclient/enrolment.h"
#include "libclient/keyring.h"
#include "libclient/omission.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;

namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;

/// A Kreis and its towns that never meet but over files; a clock that the test turns.
struct Stick {
  Stick() {
    auto founded = found_realm(options("kreis"), {"Kreis Borken", "05554", {{"05554004", "Ahaus"}, {"05554008", "Bocholt"}},
                                                  {"127.0.0.1:7411"}, {}, "Kreisknoten"});
    REQUIRE(founded);
    kreis = std::move(founded->replica);
  }

  ReplicaOptions options(const std::string& name) {
    ReplicaOptions out;
    out.directory = folder.path() / name;
    out.clock_ms = [this] { return now; };
    return out;
  }

  std::unique_ptr<Replica> join(const MemberId& member, const std::string& device) {
    auto invite = issue_invite(*kreis, member);
    REQUIRE(invite);
    auto town = prepare_join(options(device), invite->invite, invite->check, device);
    REQUIRE(town);
    auto answer = write_join_answer((*town)->core());
    REQUIRE(answer);
    auto file = bundle_in_memory(*answer);
    auto taken = read_join_answer(kreis->core(), *file);
    REQUIRE(taken);
    CHECK(taken->member == member);
    CHECK(taken->device == device);
    const auto welcome = read(**town, write(*kreis, **town));
    REQUIRE(welcome);
    CHECK(welcome->joined);
    CHECK((*town)->identity().joined);
    return std::move(*town);
  }

  static Bytes write(Replica& from, const BundleOrder& order, BundleWritten* written = nullptr) {
    Bytes out;
    auto done = write_bundle(from.core(), order, [&](ByteView piece) -> Result<void> {
      out.insert(out.end(), piece.begin(), piece.end());
      return {};
    });
    REQUIRE(done);
    CHECK(done->bytes == out.size());
    if (written != nullptr) *written = *done;
    return out;
  }
  static Bytes write(Replica& from, Replica& to) { return write(from, {.recipients = {to.identity().transport}}); }

  static Result<BundleTaken> read(Replica& at, Bytes file) {
    auto input = bundle_in_memory(std::move(file));
    return read_bundle(at.core(), *input);
  }

  test::TempDir folder;
  std::uint64_t now = 1'794'000'000'000;
  std::unique_ptr<Replica> kreis;
};

Space offers(Replica& at) { return at.space(at.identity().member, Collection::offers); }

RecordId note_offer(Replica& at, const std::string& title, std::optional<RecordId> record = {}) {
  RecordId id = record.value_or(RecordId{registry::kinds::offer, {}});
  if (!record) at.random(id.key.bytes);
  Edit edit;
  edit.set(offers(at), id, registry::fields::offer::title, title);
  REQUIRE(at.commit(edit, {"Frau Beispiel"}));
  return id;
}

Hash hash_of(Replica& at, const Space& space) {
  SpaceSlot* slot = at.core().slot(space);
  return slot == nullptr ? Hash{} : at.core().state_hash(*slot);
}

Errc refusal(Replica& at, Bytes file) {
  const auto taken = Stick::read(at, std::move(file));
  return taken ? Errc::ok : taken.error().code;
}

}  // namespace

TEST_CASE("bundle_file: a town joins, works and is read by the Kreis, all by file") {
  Stick world;
  auto ahaus = world.join("05554004", "ahaus-1");
  note_offer(*ahaus, "Sprachcafé");
  const auto taken = world.read(*world.kreis, world.write(*ahaus, *world.kreis));
  REQUIRE(taken);
  CHECK(taken->entries_new == 1);
  CHECK(taken->summary.member == "05554004");
  CHECK(hash_of(*world.kreis, offers(*ahaus)) == hash_of(*ahaus, offers(*ahaus)));
  CHECK(world.kreis->core().files().keyring().invites.front().acknowledged);
  CHECK(ahaus->core().files().keyring().pair(world.kreis->identity().transport)->psk ==
        world.kreis->core().files().keyring().pair(ahaus->identity().transport)->psk);
}

TEST_CASE("bundle_file: what the other side has said it holds is not sent again; a lost stick costs nothing") {
  Stick world;
  auto ahaus = world.join("05554004", "ahaus-1");
  for (int i = 0; i < 5; ++i) note_offer(*ahaus, "Angebot " + std::to_string(i));
  static_cast<void>(world.write(*ahaus, *world.kreis));  // lost
  BundleWritten written;
  const Bytes second = world.write(*ahaus, {.recipients = {world.kreis->identity().transport}}, &written);
  CHECK(written.entries == 5);
  CHECK(written.number == 2);
  REQUIRE(world.read(*world.kreis, second));
  REQUIRE(world.read(*ahaus, world.write(*world.kreis, *ahaus)));  // the Kreis says what it holds
  CHECK(ahaus->figures().pending == 0);
  note_offer(*ahaus, "noch eines");
  static_cast<void>(world.write(*ahaus, {.recipients = {world.kreis->identity().transport}}, &written));
  CHECK(written.entries == 1);
  CHECK(written.control_records == 0);
  static_cast<void>(world.write(*ahaus, {.recipients = {world.kreis->identity().transport}, .whole = true}, &written));
  CHECK(written.entries == 6);
}

TEST_CASE("bundle_file: reading twice, and older ones after newer ones, changes nothing") {
  Stick world;
  auto ahaus = world.join("05554004", "ahaus-1");
  const RecordId offer = note_offer(*ahaus, "erst");
  const Bytes first = world.write(*ahaus, *world.kreis);
  note_offer(*ahaus, "dann", offer);
  const Bytes second = world.write(*ahaus, *world.kreis);
  REQUIRE(world.read(*world.kreis, second));
  const Hash after = world.kreis->state_hash();
  for (const Bytes& file : {first, second, second, first}) {
    const auto taken = world.read(*world.kreis, file);
    REQUIRE(taken);
    CHECK(taken->entries_new == 0);
    CHECK(taken->summary.seen_before);
    CHECK(world.kreis->state_hash() == after);
  }
}

TEST_CASE("bundle_file: one that builds on the bundle before names it when that is missing, and comes in afterwards") {
  Stick world;
  auto ahaus = world.join("05554004", "ahaus-1");
  const BundleOrder chained{.recipients = {world.kreis->identity().transport}, .since_last = true};
  note_offer(*ahaus, "eins");
  const Bytes first = world.write(*ahaus, chained);
  note_offer(*ahaus, "zwei");
  BundleWritten written;
  const Bytes second = world.write(*ahaus, chained, &written);
  CHECK(written.entries == 1);
  CHECK(written.builds_on == 1);

  const auto early = world.read(*world.kreis, second);
  REQUIRE(early);
  CHECK(early->summary.missing.size() == 1);
  CHECK(early->summary.opening.builds_on == 1);
  CHECK(early->entries_new == 0);
  REQUIRE(world.read(*world.kreis, first));
  const auto again = world.read(*world.kreis, second);
  REQUIRE(again);
  CHECK(again->summary.missing.empty());
  CHECK(again->entries_new == 1);
}

TEST_CASE("bundle_file: who was put back from a backup gets back by file what it had lost") {
  Stick world;
  auto ahaus = world.join("05554004", "ahaus-1");
  SUBCASE("and had written nothing before it") {}
  SUBCASE("and had written something before it") {
    note_offer(*ahaus, "Sprechstunde");
    REQUIRE(world.read(*world.kreis, world.write(*ahaus, *world.kreis)));
  }
  ahaus.reset();
  const auto live = world.folder.path() / "ahaus-1", kept = world.folder.path() / "backup";
  std::filesystem::copy(live, kept, std::filesystem::copy_options::recursive);
  ahaus = *Replica::open(world.options("ahaus-1"));
  for (const char* title : {"Sprachcafé", "Lotsen", "Nachhilfe"}) {
    note_offer(*ahaus, title);
    world.now += day_ms;
    REQUIRE(world.read(*world.kreis, world.write(*ahaus, *world.kreis)));
  }
  const Hash lost = hash_of(*ahaus, offers(*ahaus));
  const Bytes late = world.write(*ahaus, *world.kreis);
  world.now += day_ms;
  ahaus.reset();
  std::filesystem::remove_all(live);
  std::filesystem::copy(kept, live, std::filesystem::copy_options::recursive);
  ahaus = *Replica::open(world.options("ahaus-1"));

  REQUIRE(world.read(*world.kreis, world.write(*ahaus, *world.kreis)));
  REQUIRE(world.read(*world.kreis, late));  // from before: says nothing of what is held now
  REQUIRE(world.read(*ahaus, world.write(*world.kreis, *ahaus)));
  CHECK(hash_of(*ahaus, offers(*ahaus)) == lost);
}

TEST_CASE("bundle_file: a damaged file changes nothing at all") {
  Stick world;
  auto ahaus = world.join("05554004", "ahaus-1");
  for (int i = 0; i < 30; ++i) note_offer(*ahaus, "Angebot " + std::to_string(i));
  const Bytes good = world.write(*ahaus, *world.kreis);
  const auto generation = world.kreis->core().generation();
  for (std::size_t n = 0; n < good.size(); n += 211) {
    CAPTURE(n);
    CHECK(refusal(*world.kreis, Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n))) != Errc::ok);
    Bytes flipped = good;
    flipped[n] ^= 1;
    CHECK(refusal(*world.kreis, flipped) != Errc::ok);
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK(refusal(*world.kreis, longer) == Errc::bad_signature);
  CHECK(world.kreis->core().generation() == generation);
  CHECK(world.read(*world.kreis, good)->entries_new == 30);
}

TEST_CASE("bundle_file: it opens for its recipients alone, and only those spaces go in that all of them may read") {
  Stick world;
  auto ahaus = world.join("05554004", "ahaus-1");
  auto bocholt = world.join("05554008", "bocholt-1");
  REQUIRE(world.read(*ahaus, world.write(*world.kreis, *ahaus)));
  note_offer(*ahaus, "Sprachcafé");
  Edit edit;
  const RecordId count{registry::kinds::count, {}};
  edit.set(ahaus->space("05554004", Collection::counts), count, registry::fields::count::value, std::int64_t{7});
  REQUIRE(ahaus->commit(edit, {}));
  CHECK(refusal(*bocholt, world.write(*ahaus, *world.kreis)) == Errc::wrong_key);

  BundleWritten written;
  const Bytes both = world.write(*ahaus, {.recipients = {world.kreis->identity().transport, bocholt->identity().transport}}, &written);
  CHECK(written.spaces_left_out == 1);
  REQUIRE(world.read(*bocholt, both));
  CHECK(hash_of(*bocholt, offers(*ahaus)) == hash_of(*ahaus, offers(*ahaus)));
  CHECK(bocholt->core().slot(ahaus->space("05554004", Collection::counts)) == nullptr);
  REQUIRE(world.read(*world.kreis, both));
}

TEST_CASE("bundle_file: no word of what was entered can be read in the file") {
  Stick world;
  auto ahaus = world.join("05554004", "ahaus-1");
  note_offer(*ahaus, "Kennzeichenwort im Klartext");
  const Bytes file = world.write(*ahaus, *world.kreis);
  const std::string text(file.begin(), file.end());
  for (const std::string& word : {std::string{"Kennzeichenwort"}, std::string{"Klartext"}, std::string{"Beispiel"}, std::string{"05554004"},
                                  std::string{"ahaus-1"}, std::string{"Borken"}}) {
    CHECK(text.find(word) == std::string::npos);
  }
  for (const ByteView key : {ByteView{ahaus->identity().author}, ByteView{ahaus->identity().transport},
                             ByteView{world.kreis->identity().transport}, ByteView{world.kreis->identity().realm}}) {
    CHECK(std::search(file.begin(), file.end(), key.begin(), key.end()) == file.end());
  }
}

TEST_CASE("bundle_file: of another Kreis, from a stranger and from a locked device it is refused") {
  Stick world, other;
  auto ahaus = world.join("05554004", "ahaus-1");
  auto foreign = other.join("05554004", "ahaus-x");
  CHECK(refusal(*other.kreis, world.write(*ahaus, *world.kreis)) == Errc::wrong_key);
  REQUIRE(revoke_device(*world.kreis, ahaus->identity().author));
  CHECK(refusal(*world.kreis, world.write(*ahaus, *world.kreis)) == Errc::revoked);
}

TEST_CASE("bundle_file: an answer with a wrong check number counts as a try; the fifth voids the invite") {
  Stick world;
  auto invite = issue_invite(*world.kreis, "05554004");
  REQUIRE(invite);
  const std::string wrong = invite->check == "1234 5678" ? "1234 5679" : "1234 5678";
  auto thief = prepare_join(world.options("thief"), invite->invite, wrong, "thief");
  REQUIRE(thief);
  for (int i = 0; i < 6; ++i) {
    auto answer = write_join_answer((*thief)->core());
    REQUIRE(answer);
    auto file = bundle_in_memory(*answer);
    const auto taken = read_join_answer(world.kreis->core(), *file);
    REQUIRE(!taken);
    CHECK(taken.error().code == (i < 5 ? Errc::wrong_check : Errc::invite_void));
  }
  CHECK(world.kreis->membership().devices().size() == 1);
}

TEST_CASE("bundle_file: an answer admits one device once; a second device with the same invite is refused") {
  Stick world;
  auto invite = issue_invite(*world.kreis, "05554004");
  REQUIRE(invite);
  auto first = prepare_join(world.options("one"), invite->invite, invite->check, "one");
  auto second = prepare_join(world.options("two"), invite->invite, invite->check, "two");
  REQUIRE(first);
  REQUIRE(second);
  auto one = bundle_in_memory(*write_join_answer((*first)->core()));
  CHECK_FALSE(read_join_answer(world.kreis->core(), *one)->repeated);
  CHECK(read_join_answer(world.kreis->core(), *one)->repeated);
  auto two = bundle_in_memory(*write_join_answer((*second)->core()));
  CHECK(read_join_answer(world.kreis->core(), *two).error().code == Errc::invite_used);
  CHECK(world.kreis->membership().devices().size() == 2);
  CHECK(refusal(*world.kreis, *write_join_answer((*first)->core())) == Errc::malformed);
}

TEST_CASE("bundle_file: what is no regular file is refused at once, each kind by name") {
  test::TempDir folder;
  const auto sentence = [](const std::string& path) {
    auto opened = open_bundle_file(path);
    REQUIRE(!opened);
    return opened.error();
  };
  const std::string fifo = folder.path() / "fifo", symbolic = folder.path() / "link", file = folder.path() / "file";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  std::ofstream{file} << "x";
  REQUIRE(::symlink(file.c_str(), symbolic.c_str()) == 0);
  CHECK(sentence(fifo).code == Errc::invalid_input);
  CHECK(sentence(symbolic).code == Errc::invalid_input);
  CHECK(sentence("/dev/zero").code == Errc::invalid_input);
  CHECK(sentence(folder.path()).code == Errc::invalid_input);
  CHECK(sentence(folder.path() / "none").code == Errc::not_found);
  CHECK(open_bundle_file(file));
  REQUIRE(::truncate(file.c_str(), off_t{1} << 40) == 0);
  CHECK(sentence(file).code == Errc::over_limit);
}

TEST_CASE("bundle_file: a sender that holds more than it gives shows that something is missing") {
  Stick world;
  auto ahaus = world.join("05554004", "ahaus-1");
  auto bocholt = world.join("05554008", "bocholt-1");
  note_offer(*ahaus, "gezeigt");
  REQUIRE(world.read(*world.kreis, world.write(*ahaus, *world.kreis)));
  REQUIRE(world.read(*bocholt, world.write(*world.kreis, *bocholt)));
  REQUIRE(world.read(*ahaus, world.write(*world.kreis, *ahaus)));
  // From here on the Kreis node keeps what Ahaus writes to itself. Bocholt sees Ahaus's own head on a stick.
  note_offer(*ahaus, "verschwiegen");
  SpaceSlot& slot = *ahaus->core().slot(offers(*ahaus));
  auto query = ahaus->core().db().query("SELECT signature FROM entries WHERE hash = ?");
  const Head head = slot.heads().front();
  query << ByteView{head.entry};
  REQUIRE(query.step());
  const SignedHead shown{head, Signature::from(query.blob(0))};
  SignedHead forged = shown;
  forged.head.entry.bytes[0] ^= 1;
  std::size_t tries = 2;
  CHECK(*omission::note_told(bocholt->core(), offers(*ahaus), {forged}, ahaus->identity().transport, tries) == 0);
  CHECK(*omission::note_told(bocholt->core(), offers(*ahaus), {shown}, ahaus->identity().transport, tries) == 1);
  CHECK(*omission::note_told(bocholt->core(), offers(*ahaus), {shown}, ahaus->identity().transport, tries) == 0);  // enough looked at
  REQUIRE(omission::missing(bocholt->core()).size() == 1);
  CHECK(omission::missing(bocholt->core()).front().missed_ms == 0);
  REQUIRE(omission::note_in_sync(bocholt->core(), world.kreis->identity().transport));
  const auto missing = omission::missing(bocholt->core());
  REQUIRE(missing.size() == 1);
  CHECK(missing.front().missed_by == world.kreis->identity().transport);
  // What arrives after all is no longer missing.
  REQUIRE(world.read(*bocholt, world.write(*ahaus, {.recipients = {bocholt->identity().transport}, .whole = true})));
  CHECK(omission::missing(bocholt->core()).empty());
}

TEST_CASE("bundle_file: two offices of a town and the Kreis work by stick for a year") {
  Stick world;
  auto one = world.join("05554004", "ahaus-1");
  auto two = world.join("05554004", "ahaus-2");
  REQUIRE(world.read(*one, world.write(*world.kreis, *one)));  // so that each knows of the other
  std::uint64_t largest = 0;
  std::uint32_t random = 4711;
  const auto drawn = [&](std::uint32_t below) { return (random = random * 1'664'525u + 1'013'904'223u) / 65536u % below; };
  std::vector<RecordId> records;
  std::vector<std::pair<Replica*, Bytes>> on_the_way;
  for (int week = 0; week < 52; ++week) {
    world.now += 7 * day_ms;
    for (Replica* office : {one.get(), two.get()}) {
      for (int edit = 0; edit < 2; ++edit) {
        if (records.empty() || drawn(2) == 0) {
          records.push_back(note_offer(*office, "Angebot " + std::to_string(records.size())));
        } else {
          note_offer(*office, "geändert " + std::to_string(week), records[drawn(static_cast<std::uint32_t>(records.size()))]);
        }
      }
    }
    // Sticks go round; some are lost, some come late or twice.
    const std::vector<std::pair<Replica*, Replica*>> trips{
        {one.get(), two.get()}, {two.get(), one.get()}, {two.get(), world.kreis.get()}, {world.kreis.get(), two.get()}};
    for (const auto& [from, to] : trips) {
      Bytes file = world.write(*from, *to);
      if (week > 8) largest = std::max<std::uint64_t>(largest, file.size());
      if (drawn(5) == 0) continue;  // lost
      if (drawn(4) == 0) on_the_way.emplace_back(to, file);
      REQUIRE(world.read(*to, std::move(file)));
    }
    if (week % 5 == 0) {
      for (const auto& [to, file] : on_the_way) REQUIRE(world.read(*to, file));
      on_the_way.clear();
    }
  }
  for (int round = 0; round < 2; ++round) {
    for (const auto& [from, to] : std::vector<std::pair<Replica*, Replica*>>{
             {one.get(), two.get()}, {two.get(), world.kreis.get()}, {world.kreis.get(), two.get()}, {two.get(), one.get()}}) {
      const auto taken = world.read(*to, world.write(*from, *to));
      REQUIRE(taken);
      CHECK(taken->summary.missing.empty());
      CHECK(taken->runs_refused == 0);
    }
  }
  CHECK(hash_of(*one, offers(*one)) == hash_of(*two, offers(*one)));
  CHECK(hash_of(*one, offers(*one)) == hash_of(*world.kreis, offers(*one)));
  CHECK(one->figures().pending == 0);
  CHECK(largest < 40'000);  // what is new since the last answer, not what there is
  MESSAGE("largest bundle: ", largest, " bytes");
}

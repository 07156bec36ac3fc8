#include "libclient/backup.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <atomic>

#include "libclient/key_file.h"
#include "libclient/keyring.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"
#include "tests/support/temp_dir.h"

using namespace kiz;
namespace fs = std::filesystem;

namespace {

const std::atomic<bool> go_on{false};
using registry::kinds::offer;

void enter(Replica& replica, const std::string& text) {
  Edit edit = replica.begin();
  RecordId id{offer, {}};
  replica.random(id.key.bytes);
  edit.set(replica.space("05554", Collection::offers), id, 1, Value{text});
  REQUIRE(replica.commit(edit, {}));
}

Result<backup::Written> write(Replica& replica, const fs::path& target, std::optional<std::string> passphrase = {}, backup::KeepRules keep = {}) {
  auto writer = backup::Writer::begin(replica.core(), {target, std::move(passphrase), keep});
  if (!writer) return writer.error();
  return (*writer)->run({}, go_on);
}

ReplicaOptions at(const fs::path& folder) {
  ReplicaOptions options;
  options.directory = folder;
  options.clock_ms = [] { return std::uint64_t{1'794'000'000'000}; };
  return options;
}

}  // namespace

TEST_CASE("backup: what is read back holds the same, in a new life, with the keys of its pairs") {
  test::Realm realm;
  test::TempDir folder;
  for (int i = 0; i < 50; ++i) enter(realm.kreis(), "offer " + std::to_string(i));
  const auto written = write(realm.kreis(), folder.path());
  REQUIRE(written);
  CHECK(written->entries == 50);
  CHECK(fs::file_size(written->file) == written->bytes);
  CHECK(fs::path{written->file}.filename().string().starts_with("kiz-sync-05554-"));
  struct stat there {};
  REQUIRE(::stat(written->file.c_str(), &there) == 0);
  CHECK((there.st_mode & 0777) == 0600);
  for (const auto& entry : fs::directory_iterator{folder.path()}) CHECK(entry.path() == written->file);

  const Bytes bytes = test::read_file(written->file.string());
  for (const char* marker : {"offer 7", "SQLite", "Borken", "Kreisknoten"}) CHECK_FALSE(test::contains(bytes, marker));

  const backup::Opening opening{&realm.kreis().core().files().key(), {}};
  const auto restored = backup::restore(written->file, opening, at(folder.path() / "new"));
  REQUIRE(restored);
  CHECK(restored->contents.member == "05554");
  auto replica = Replica::open(at(folder.path() / "new"));
  REQUIRE(replica);
  CHECK((*replica)->state_hash() == realm.kreis().state_hash());
  CHECK((*replica)->verify(true).ok);
  CHECK((*replica)->identity().is_authority);
  CHECK((*replica)->identity().author == realm.kreis().identity().author);
  CHECK((*replica)->core().files().reason() == LogReason::restored);
  CHECK((*replica)->core().files().incarnation() != realm.kreis().core().files().incarnation());
}

TEST_CASE("backup: a restored town talks to its Kreis, and nothing that was acknowledged is lost") {
  test::Realm realm;
  test::TempDir folder;
  auto town = realm.join("05554004");
  const auto say = [](Replica& replica, const std::string& text) {
    Edit edit = replica.begin();
    RecordId id{offer, {}};
    replica.random(id.key.bytes);
    edit.set(replica.space("05554004", Collection::offers), id, 1, Value{text});
    REQUIRE(replica.commit(edit, {}));
  };
  say(*town, "first day");
  const auto written = write(*town, folder.path());
  REQUIRE(written);
  say(*town, "second day");
  realm.sync(*town);
  const StoreKey key = town->core().files().key().clone();
  town.reset();

  REQUIRE(backup::restore(written->file, {&key, {}}, at(folder.path() / "new")));
  auto again = Replica::open(at(folder.path() / "new"));
  REQUIRE(again);
  say(**again, "third day, before it knew");
  realm.sync(**again);
  std::size_t offers = 0;
  (*again)->scan(offer, [&](const RecordView&) { return ++offers, true; });
  CHECK(offers == 3);
  CHECK((*again)->state_hash() == realm.kreis().state_hash());
  CHECK(realm.kreis().verify(true).forks.empty());
}

TEST_CASE("backup: a snapshot stays as it is while commits go on") {
  test::Realm realm;
  test::TempDir folder;
  enter(realm.kreis(), "before");
  const Hash before = realm.kreis().state_hash();
  auto writer = backup::Writer::begin(realm.kreis().core(), {folder.path(), {}, {}});
  REQUIRE(writer);
  for (int i = 0; i < 300; ++i) enter(realm.kreis(), std::string(4000, 'x'));  // far more than starts a checkpoint
  const auto written = (*writer)->run({}, go_on);
  REQUIRE(written);
  writer->reset();
  enter(realm.kreis(), "after");
  REQUIRE(backup::restore(written->file, {&realm.kreis().core().files().key(), {}}, at(folder.path() / "new")));
  auto replica = Replica::open(at(folder.path() / "new"));
  REQUIRE(replica);
  CHECK((*replica)->state_hash() == before);
  CHECK(realm.kreis().verify(false).ok);
}

TEST_CASE("backup: every byte is looked at: flipped, cut off, added") {
  test::Realm realm;
  test::TempDir folder;
  for (int i = 0; i < 40; ++i) enter(realm.kreis(), std::string(3000, 'a'));
  const auto written = write(realm.kreis(), folder.path());
  REQUIRE(written);
  const backup::Opening opening{&realm.kreis().core().files().key(), {}};
  const Bytes whole = test::read_file(written->file.string());
  const std::string path = folder.file("damaged");
  const auto refused = [&](const Bytes& bytes, std::size_t place) {
    test::write_file(path, bytes);
    const auto checked = backup::check(path, opening);
    CAPTURE(place);
    CHECK_FALSE(checked);
    if (!checked) {
      const Errc code = checked.error().code;
      CHECK((code == Errc::damaged || code == Errc::malformed || code == Errc::unknown_version || code == Errc::wrong_key));
    }
  };
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < 200; ++place) places.push_back(place);  // header and slots
  for (std::size_t place = 200; place < whole.size(); place += 9973) places.push_back(place);
  for (std::size_t place = whole.size() - 300; place < whole.size(); ++place) places.push_back(place);  // contents, footer
  for (const std::size_t place : places) {
    Bytes bytes = whole;
    bytes[place] ^= 0x10;
    refused(bytes, place);
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{21}, std::size_t{60}, whole.size() / 2, whole.size() - 1}) {
    refused(Bytes{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, size);
  }
  Bytes longer = whole;
  longer.push_back(0);
  refused(longer, longer.size());
  // Two pieces change places: each is authentic, the order is not.
  const auto header = backup::header_size(whole);
  REQUIRE(header);
  constexpr std::size_t piece = backup::chunk_bytes + backup::seal_bytes;
  REQUIRE(whole.size() > *header + 2 * piece);
  Bytes swapped = whole;
  const auto first = swapped.begin() + static_cast<std::ptrdiff_t>(*header);
  std::swap_ranges(first, first + static_cast<std::ptrdiff_t>(piece), first + static_cast<std::ptrdiff_t>(piece));
  refused(swapped, 0);
  CHECK(backup::check(written->file, opening));
}

TEST_CASE("backup: only its key or its passphrase opens it") {
  test::Realm realm;
  test::TempDir folder;
  enter(realm.kreis(), "one");
  const auto written = write(realm.kreis(), folder.path(), "correct horse battery");
  REQUIRE(written);
  StoreKey other;
  CHECK(backup::check(written->file, {&other, {}}).error().code == Errc::wrong_key);
  CHECK(backup::check(written->file, {nullptr, "wrong horse battery"}).error().code == Errc::wrong_key);
  CHECK(backup::check(written->file, {}).error().code == Errc::wrong_key);
  const auto checked = backup::check(written->file, {nullptr, "correct horse battery"});
  REQUIRE(checked);
  CHECK(checked->recovery);
  REQUIRE(backup::restore(written->file, {nullptr, "correct horse battery"}, at(folder.path() / "new")));
  CHECK(Replica::open(at(folder.path() / "new")));
}

TEST_CASE("backup: an interrupted one is gone on with, and only what differs is written") {
  test::Realm realm;
  test::TempDir folder;
  for (int i = 0; i < 100; ++i) enter(realm.kreis(), std::string(3000, 'a'));
  std::atomic<bool> stop{false};
  {
    auto writer = backup::Writer::begin(realm.kreis().core(), {folder.path(), {}, {}});
    REQUIRE(writer);
    const auto halfway = [&, told = 0](const Progress&) mutable { stop = ++told == 3; };
    const auto stopped = (*writer)->run(halfway, stop);
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().code == Errc::silent_peer);
  }
  enter(realm.kreis(), "one more");
  const auto written = write(realm.kreis(), folder.path());
  REQUIRE(written);
  CHECK(written->resumed_bytes > 0);
  CHECK(written->resumed_bytes < written->bytes);
  CHECK(backup::check(written->file, {&realm.kreis().core().files().key(), {}}));
  // With another passphrase nothing of it is taken over: it would open with the old one too.
  stop = false;
  {
    auto writer = backup::Writer::begin(realm.kreis().core(), {folder.path(), {}, {}});
    REQUIRE(writer);
    const auto halfway = [&, told = 0](const Progress&) mutable { stop = ++told == 3; };
    REQUIRE_FALSE((*writer)->run(halfway, stop));
  }
  const auto sealed = write(realm.kreis(), folder.path(), "correct horse battery");
  REQUIRE(sealed);
  CHECK(sealed->resumed_bytes == 0);
}

TEST_CASE("backup: targets that are none are refused, and nothing is left there") {
  test::Realm realm;
  test::TempDir folder;
  CHECK(write(realm.kreis(), folder.path() / "missing" / "file").error().code == Errc::not_found);
  test::write_file(folder.file("there"), Bytes{1});
  CHECK(write(realm.kreis(), folder.path() / "there").error().code == Errc::already_set_up);
  CHECK(test::read_file(folder.file("there")) == Bytes{1});
  auto writer = backup::Writer::begin(realm.kreis().core(), {folder.path(), {}, {}});
  REQUIRE(writer);
  CHECK(backup::Writer::begin(realm.kreis().core(), {folder.path(), {}, {}}).error().code == Errc::store_in_use);
}

TEST_CASE("backup: a store is never written over, and a restore that fails leaves nothing") {
  test::Realm realm;
  test::TempDir folder;
  const auto written = write(realm.kreis(), folder.path());
  REQUIRE(written);
  const backup::Opening opening{&realm.kreis().core().files().key(), {}};
  REQUIRE(backup::restore(written->file, opening, at(folder.path() / "new")));
  CHECK(backup::restore(written->file, opening, at(folder.path() / "new")).error().code == Errc::already_set_up);

  Bytes bytes = test::read_file(written->file.string());
  bytes[bytes.size() / 2] ^= 1;
  test::write_file(folder.file("damaged"), bytes);
  CHECK(backup::restore(folder.file("damaged"), opening, at(folder.path() / "other")).error().code == Errc::damaged);
  CHECK_FALSE(fs::exists(folder.path() / "other"));
}

TEST_CASE("backup: the store remembers its last one; what no rule keeps goes") {
  test::Realm realm;
  test::TempDir folder;
  CHECK_FALSE(backup::last(realm.kreis().core()));
  const auto first = write(realm.kreis(), folder.path());
  REQUIRE(first);
  REQUIRE(backup::note(realm.kreis().core(), *first));
  const auto last = backup::last(realm.kreis().core());
  REQUIRE(last);
  CHECK(last->bytes == first->bytes);
  test::write_file(folder.file("kiz-sync-05554-somebody-20200101T000000Z.kizbackup"), Bytes{1});
  const auto second = write(realm.kreis(), folder.path(), {}, {1, 0, 0});
  REQUIRE(second);
  CHECK(second->removed == std::vector<std::string>{first->file.filename().string()});
  CHECK(fs::exists(second->file));
  CHECK(fs::exists(folder.file("kiz-sync-05554-somebody-20200101T000000Z.kizbackup")));
}

#include "libclient/store_check.h"

#include <doctest/doctest.h>

#include "protocol/registry.h"
#include "tests/support/one_offer.h"
#include "tests/support/realm.h"
#include "tests/support/temp_dir.h"

using namespace kiz;

TEST_CASE("store_check: merged records that went wrong are written anew from the entries") {
  test::Realm realm;
  auto ahaus = realm.join("05554004");
  const Space space = ahaus->space("05554004", Collection::offers);
  RecordId id{registry::kinds::offer, {}};
  ahaus->random(id.key.bytes);
  for (const char* title : {"eins", "zwei"}) {
    Edit edit;
    edit.set(space, id, registry::fields::offer::title, std::string{title});
    REQUIRE(ahaus->commit(edit, {}));
  }
  auto good = check_store(ahaus->core());
  REQUIRE(good);
  CHECK(good->ok());
  CHECK(good->spaces >= 1);
  CHECK(good->entries == 2);

  ahaus->core().db().execute("UPDATE records SET state = x''");
  ahaus->core().db().execute("UPDATE spaces SET generation = generation + 1");
  CHECK_FALSE(ahaus->read(space, id));
  auto bad = check_store(ahaus->core());
  REQUIRE(bad);
  REQUIRE(bad->mended.size() == 1);
  CHECK(bad->mended.front() == space);
  CHECK(ahaus->read(space, id)->text(registry::fields::offer::title) == "zwei");
  CHECK(check_store(ahaus->core())->ok());
}

TEST_CASE("store_check: a page that is damaged on the disk is found although memory still holds it") {
  test::Realm realm;
  auto ahaus = realm.join("05554004");
  test::write_offer(*ahaus, "eins");
  ahaus->core().db().execute("PRAGMA wal_checkpoint(TRUNCATE)");
  REQUIRE(check_store(ahaus->core())->ok());  // and so all pages are in memory

  const std::string path = ahaus->core().files().database_path();
  Bytes file = test::read_file(path);
  file[file.size() - 100] ^= 1;
  test::write_file(path, file);
  bool found = false;
  try {
    const auto checked = check_store(ahaus->core());
    found = !checked || !checked->ok();
  } catch (const SqlFailure& failure) {
    found = failure.error().code == Errc::damaged;
  }
  CHECK(found);
}

// What a write that landed on another page leaves: each page is whole, and one is of an earlier time than the rest.
TEST_CASE("store_check: an entry of a log or branch that the table of logs does not know is damage, and ends nothing") {
  for (const char* wrong : {"UPDATE entries SET log = 9", "UPDATE entries SET branch = 7"}) {
    test::Realm realm;
    auto ahaus = realm.join("05554004");
    test::write_offer(*ahaus, "eins");
    ahaus->core().db().execute(wrong);
    const auto passes = [&] {
      try {
        return ahaus->verify(true).ok;
      } catch (const SqlFailure& failure) {
        return failure.error().code != Errc::damaged;
      }
    };
    CHECK_FALSE(passes());
  }
}

// Each page whole, and one table as it was an hour ago: who goes by its rows sees other conflicts than everybody else.
TEST_CASE("store_check: rows beside the entries that went wrong are found by a thorough look, and written anew from the entries") {
  for (const char* wrong : {"DELETE FROM listings", "UPDATE listings SET run_max = run_max + 1",
                            "INSERT INTO listings SELECT space, log, branch, cited, at + 1, seq, entry, run_max FROM listings",
                            "UPDATE listings SET seq = seq + 1",
                            "INSERT INTO foretold SELECT DISTINCT space, zeroblob(32), 1, 1, 9 FROM listings",
                            "UPDATE records SET touched = x''", "DELETE FROM records"}) {
    CAPTURE(std::string{wrong});
    test::Realm realm;
    auto ahaus = realm.join("05554004");
    const Space space = ahaus->space("05554004", Collection::offers);
    const auto set = [&](Replica& by, const char* title) {
      Edit edit = by.begin();
      edit.set(space, {registry::kinds::offer, RecordKey::from(Bytes(16, 1))}, registry::fields::offer::title, std::string{title});
      REQUIRE(by.commit(edit, {}));
    };
    auto second = realm.join("05554004");
    set(*ahaus, "eins");
    realm.sync(*ahaus);
    realm.sync(*second);
    set(*second, "zwei");
    realm.sync(*second);
    realm.sync(*ahaus);
    set(*ahaus, "drei");
    realm.sync(*ahaus);
    const Hash state = realm.kreis().state_hash();
    REQUIRE(realm.kreis().verify(true).ok);

    realm.kreis().core().db().execute(wrong);
    realm.kreis().core().db().execute("UPDATE spaces SET generation = generation + 1");
    CHECK_FALSE(realm.kreis().verify(true).ok);
    const auto checked = check_store(realm.kreis().core());
    REQUIRE(checked);
    CHECK(checked->mended.size() == 1);
    CHECK(realm.kreis().verify(true).ok);
    CHECK(realm.kreis().state_hash() == state);
    CHECK(check_store(realm.kreis().core())->ok());
  }
}

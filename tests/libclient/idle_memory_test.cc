#include "libclient/idle_memory.h"

#include <doctest/doctest.h>

#include "libclient/enrolment.h"
#include "protocol/registry.h"
#include "tests/support/temp_dir.h"

using namespace kiz;

namespace {

int cached_bytes(Replica& replica) {
  int now = 0, highest = 0;
  sqlite3_db_status(replica.core().db().connection(), SQLITE_DBSTATUS_CACHE_USED, &now, &highest, 0);
  return now;
}

}  // namespace

TEST_CASE("idle memory: the page cache goes, and everything can still be read and written") {
  test::TempDir folder;
  auto founded = found_realm({.directory = folder.path() / "store"}, {"Kreis Borken", "05554", {{"05554004", "Ahaus"}}, {"127.0.0.1:7411"}, {}, "Knoten"});
  REQUIRE(founded);
  Replica& replica = *founded->replica;
  const Space space = replica.space("05554", Collection::offers);
  const auto write = [&](std::uint8_t number) {
    RecordId offer{registry::kinds::offer, {}};
    offer.key.bytes.fill(number);
    Edit edit = replica.begin();
    edit.set(space, offer, registry::fields::offer::description, Value{std::string(2000, 'x')});
    REQUIRE(replica.commit(edit, {}));
    return offer;
  };
  RecordId last;
  for (std::uint8_t i = 1; i <= 100; ++i) last = write(i);
  const int before = cached_bytes(replica);
  release_memory(replica.core());
  CHECK(cached_bytes(replica) < before / 10);
  CHECK(replica.read(space, last));
  write(101);
  CHECK(replica.verify(true).ok);
}

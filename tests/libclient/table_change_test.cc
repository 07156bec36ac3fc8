// A change of the tables is each replica's own business: what is derived is derived again here, and no peer hears of it.
#include <doctest/doctest.h>

#include "libclient/schema.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;
using namespace kiz::test;

TEST_CASE("tables: after they have changed and all was derived anew, a session is as short as before") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  for (int n = 0; n < 300; ++n) {
    RecordId id{registry::kinds::offer, {}};
    ahaus->random(id.key.bytes);
    Edit edit;
    edit.set(ahaus->space("05554004", Collection::offers), id, registry::fields::offer::title, "Sprachcafé " + std::to_string(n));
    REQUIRE(ahaus->commit(edit, {}));
  }
  const std::size_t all = realm.sync(*ahaus);
  realm.sync(*ahaus);
  const std::size_t idle = realm.sync(*ahaus);
  const Hash state = ahaus->state_hash();
  // The tables as the version before had them.
  ahaus->core().db().execute("DROP INDEX records_unknown; ALTER TABLE records DROP COLUMN unknown; PRAGMA user_version = 2");
  const ReplicaOptions options = ahaus->core().options();
  ahaus.reset();
  auto again = Replica::open(options);
  REQUIRE(again);
  CHECK(schema_of((*again)->core().db()) == schema_version);
  REQUIRE((*again)->verify(true).ok);
  CHECK((*again)->state_hash() == state);
  const std::size_t after = realm.sync(**again);
  MESSAGE("first session " << all << " bytes, idle " << idle << ", after the change of tables " << after);
  CHECK(after <= idle + 64);
  CHECK(all > 20 * idle);
}

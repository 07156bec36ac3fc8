#include "libclient/older_state.h"

#include <doctest/doctest.h>

#include "libclient/enrolment.h"
#include "tests/support/one_offer.h"
#include "tests/support/realm.h"
#include "tests/support/warned.h"

using namespace kiz;
using namespace kiz::test;

TEST_CASE("older_state: a Kreis node that shows yesterday's state is noticed by whom it had told of today's, and catches up") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  write_offer(*ahaus, "gestern");
  realm.sync(*ahaus);
  realm.keep_kreis();
  write_offer(*ahaus, "heute");
  realm.sync(*ahaus);
  CHECK(older_state::noted(ahaus->core()).empty());
  CHECK_FALSE(warned(*ahaus, "W_OLDER_STATE"));

  realm.put_kreis_back();
  realm.sync(*ahaus);
  const auto noted = older_state::noted(ahaus->core());
  REQUIRE(noted.size() == 1);
  CHECK(noted.front().space == ahaus->space("05554004", Collection::offers));
  CHECK(noted.front().peer == realm.kreis().identity().transport);
  CHECK(warned(*ahaus, "W_OLDER_STATE"));
  CHECK_FALSE(warned(realm.kreis(), "W_OLDER_STATE"));
  CHECK(realm.kreis().state_hash() == ahaus->state_hash());

  realm.now_ms += 31ull * 24 * 60 * 60 * 1000;
  CHECK_FALSE(warned(*ahaus, "W_OLDER_STATE"));
}

TEST_CASE("older_state: nobody is suspected who goes on, has more than is held here, or lost only what a cut has ended") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  auto second = realm.join("05554004");
  for (int round = 0; round < 3; ++round) {
    write_offer(*ahaus, "eins");
    write_offer(*second, "zwei");
    realm.sync(*ahaus);
    realm.sync(*second);
  }
  write_offer(*second, "zwei, mehr");
  realm.sync(*second);
  realm.sync(*ahaus);
  std::vector<DeviceLog> ends = logs_of(realm.kreis(), second->identity().author);
  REQUIRE(ends.size() == 1);
  ends.front().seq = 1;
  REQUIRE(revoke_device(realm.kreis(), second->identity().author, ends));
  realm.sync(*ahaus);
  for (Replica* replica : {ahaus.get(), second.get(), &realm.kreis()}) CHECK(older_state::noted(replica->core()).empty());
}

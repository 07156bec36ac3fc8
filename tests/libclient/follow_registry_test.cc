// A store goes from one program to another that knows other fields.
#include <doctest/doctest.h>

#include "libclient/replica_core.h"
#include "libclient/view.h"
#include "tests/support/realm.h"

using namespace kiz;
using namespace kiz::test;

TEST_CASE("registry: a store whose records were derived by a program that knew less is right at once for one that knows more") {
  constexpr std::uint32_t kind = 1'000'077;
  constexpr std::uint32_t counted = 1, single = 2;
  Realm realm;
  auto ahaus = realm.join("05554004");
  const Space space = ahaus->space("05554004", Collection::offers);
  const RecordId id{kind, RecordKey::from(Bytes(16, 7))};
  for (const std::int64_t more : {3, 4}) {
    Edit edit = ahaus->begin();
    edit.add(space, id, counted, Value{more});
    edit.set(space, id, single, Value{more});
    REQUIRE(ahaus->commit(edit, {}));
  }
  realm.sync(*ahaus);
  const Hash as_a_set = realm.kreis().state_hash();

  register_extension(kind, {{counted, MergeType::counter}, {single, MergeType::register_}});
  CHECK_FALSE(realm.kreis().verify(true).ok);  // as it lies there it is wrong for this program
  realm.keep_kreis();                          // and is opened by it
  CHECK(realm.kreis().verify(true).ok);
  CHECK(realm.kreis().state_hash() != as_a_set);
  const auto record = realm.kreis().read(space, id);
  REQUIRE(record);
  REQUIRE(record->field(counted) != nullptr);
  CHECK(record->field(counted)->sum == 7);
}

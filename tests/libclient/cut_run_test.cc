// A log that ends by a cut where no signature is held: between two entries that came in one run.
#include <doctest/doctest.h>

#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;
using namespace kiz::test;

namespace {

RecordId offer(std::uint8_t number) {
  RecordId out{registry::kinds::offer, {}};
  out.key.bytes.fill(number);
  return out;
}

}  // namespace

TEST_CASE("cut: a log that was cut in the middle of a run still reaches a newcomer, up to the cut") {
  Realm realm;
  auto town = realm.join("05554004");
  const Space space = realm.kreis().space("05554004", Collection::offers);
  for (std::uint8_t number = 1; number <= 3; ++number) {
    Edit edit = town->begin();
    edit.set(space, offer(number), registry::fields::offer::title, Value{"Kurs " + std::to_string(number)});
    REQUIRE(town->commit(edit, {}));
  }
  realm.sync(*town);
  const SpaceSlot* slot = realm.kreis().core().slot(space);
  REQUIRE(slot != nullptr);
  const Head head = slot->heads().front();
  REQUIRE(head.seq == 3);
  const EntryHash second = slot->store.meta(slot->store.at({slot->store.find_log(head.log), 0, 2})).hash;
  REQUIRE(realm.kreis().core().issue(LogCut{{head.log, 2, second, {}}}));

  auto newcomer = realm.join("05554008");
  realm.sync(*newcomer);
  realm.sync(*town);
  for (Replica* replica : {&realm.kreis(), town.get(), newcomer.get()}) {
    CHECK(replica->read(space, offer(1)).has_value());
    CHECK(replica->read(space, offer(2)).has_value());
    const auto beyond = replica->read(space, offer(3));
    CHECK((!beyond || !beyond->exists()));
  }
}

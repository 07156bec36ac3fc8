// Two machines with the same keys, both at work: what a copied disk image leaves behind.
#include <doctest/doctest.h>

#include <filesystem>

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

void write(Replica& town, std::uint8_t number) {
  Edit edit = town.begin();
  edit.set(town.space("05554004", Collection::offers), offer(number), registry::fields::offer::title, Value{"Kurs " + std::to_string(number)});
  REQUIRE(town.commit(edit, {"Frau Beispiel"}));
}

}  // namespace

TEST_CASE("clone: two copies of a machine that both go on lose nothing and do not open a log at each meeting") {
  Realm realm;
  auto town = realm.join("05554004");
  write(*town, 1);
  realm.sync(*town);
  const std::filesystem::path folder = town->core().options().directory;
  ReplicaOptions copied = town->core().options();
  copied.directory = folder.string() + "-copy";
  town.reset();
  std::filesystem::copy(folder, copied.directory, std::filesystem::copy_options::recursive);
  std::filesystem::permissions(copied.directory, std::filesystem::perms::owner_all);
  ReplicaOptions original = copied;
  original.directory = folder;
  auto first = Replica::open(original), second = Replica::open(copied);
  REQUIRE(first);
  REQUIRE(second);

  std::uint8_t number = 1;
  for (int day = 0; day < 30; ++day) {
    write(**first, ++number);
    realm.sync(**first);
    write(**second, ++number);
    realm.sync(**second);
  }
  realm.sync(**first);

  const Space space = realm.kreis().space("05554004", Collection::offers);
  for (std::uint8_t n = 1; n <= number; ++n) {
    for (Replica* replica : {&realm.kreis(), first->get(), second->get()}) {
      CAPTURE(static_cast<int>(n));
      CHECK(replica->read(space, offer(n)).has_value());
    }
  }
  const SpaceSlot* slot = realm.kreis().core().slot(space);
  REQUIRE(slot != nullptr);
  CHECK(slot->store.log_count() <= 4);
}

// What a node with many towns does not do for each of its spaces: it must leave nothing out.
#include <doctest/doctest.h>

#include <algorithm>

#include "libclient/peer_source.h"
#include "protocol/registry.h"
#include "tests/support/realm.h"

using namespace kiz;
using namespace kiz::test;

namespace {

constexpr auto title = registry::fields::offer::title;

void write(Replica& office, const Space& space, std::uint8_t n) {
  RecordId id{registry::kinds::offer, {}};
  id.key.bytes.fill(n);
  Edit edit;
  edit.set(space, id, title, std::string{"Sprachkurs"});
  REQUIRE(office.commit(edit, {}));
}

void check_nothing_is_left_out(Replica& at) {
  ReplicaCore& core = at.core();
  for (const Member& member : core.membership().members()) {
    std::vector<SpaceSlot*> wanted = core.slots();
    std::erase_if(wanted, [&](const SpaceSlot* slot) { return !core.membership().may_read(member.id, slot->store.space()); });
    CHECK(core.slots_read_by(member.id) == wanted);
  }
}

const SpaceSlot& slot_at(Replica& at, const Space& space) {
  const SpaceSlot* slot = at.core().slot(space);
  REQUIRE(slot != nullptr);
  REQUIRE(slot->heads().size() == 1);
  return *slot;
}

}  // namespace

TEST_CASE("many spaces: of what a member may read nothing is left out, and a session sees what comes later") {
  Realm realm;
  const auto ahaus = realm.join("05554004"), bocholt = realm.join("05554008");
  Replica& kreis = realm.kreis();
  const PeerSource to_ahaus{kreis.core(), ahaus->identity().transport}, to_bocholt{kreis.core(), bocholt->identity().transport};
  CHECK(to_ahaus.shared_spaces().empty());

  std::uint8_t n = 0;
  for (const auto collection : {Collection::extension, Collection::offers, Collection::counts, Collection::consents}) {
    write(*ahaus, ahaus->space("05554004", collection), ++n);
    write(kreis, kreis.space("05554", collection), ++n);
    write(kreis, kreis.space("05554", collection, "05554008"), ++n);
    realm.sync(*ahaus);
    realm.sync(*bocholt);
    check_nothing_is_left_out(kreis);
    check_nothing_is_left_out(*ahaus);
    for (const PeerSource* source : {&to_ahaus, &to_bocholt}) {
      const auto shared = source->shared_spaces();
      CHECK(std::is_sorted(shared.begin(), shared.end()));
      const auto count = std::ranges::count_if(kreis.core().slots(), [&](const SpaceSlot* slot) { return source->is_shared(slot->store.space()); });
      CHECK(shared.size() == static_cast<std::size_t>(count));
    }
  }
  CHECK(to_ahaus.shared_spaces() != to_bocholt.shared_spaces());
}

TEST_CASE("many spaces: a run that was read for one peer goes to the next one only as it stands then, and only where it may") {
  Realm realm;
  const auto ahaus = realm.join("05554004"), bocholt = realm.join("05554008");
  ReplicaCore& core = realm.kreis().core();
  const PeerSource to_ahaus{core, ahaus->identity().transport}, to_bocholt{core, bocholt->identity().transport};
  const Space open = ahaus->space("05554004", Collection::offers), own = ahaus->space("05554004", Collection::counts);
  write(*ahaus, open, 1);
  write(*ahaus, own, 2);
  realm.sync(*ahaus);

  const Head counted = slot_at(realm.kreis(), own).heads().front();
  REQUIRE(to_ahaus.read_run(counted.log, {}, counted.entry, 1u << 17));
  CHECK(to_bocholt.read_run(counted.log, {}, counted.entry, 1u << 17).error().code == Errc::unknown_log);

  const SpaceSlot& slot = slot_at(realm.kreis(), open);
  const Head head = slot.heads().front();
  const auto first = to_ahaus.read_run(head.log, {}, head.entry, 1u << 17);
  const auto second = to_bocholt.read_run(head.log, {}, head.entry, 1u << 17);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->bytes == second->bytes);
  REQUIRE(core.write([&]() -> Result<void> {
    SpaceStore& store = core.slot(open)->store;
    const EntryRef ref = store.find(head.entry);
    EntryBody body = store.body(ref);
    drop_values(body, {0});
    store.put_values(ref, body);
    return {};
  }));
  const auto third = to_bocholt.read_run(head.log, {}, head.entry, 1u << 17);
  REQUIRE(third);
  CHECK(third->bytes != first->bytes);
  CHECK(third->last == first->last);
}

TEST_CASE("many spaces: facts are found by how their names begin") {
  Realm realm;
  ReplicaCore& core = realm.kreis().core();
  const std::size_t before = core.facts("").size();
  REQUIRE(core.write([&]() -> Result<void> {
    for (const char* name : {"x", "x/", "x/1", "x/2", "x/20", "x0", "y"}) core.put_fact(name, view(std::string_view{name}));
    return {};
  }));
  std::vector<std::string> found;
  for (const auto& [name, value] : core.facts("x/")) found.push_back(name);
  CHECK(found == std::vector<std::string>{"x/", "x/1", "x/2", "x/20"});
  CHECK(core.facts("z").empty());
  CHECK(core.facts("").size() == before + 7);
}

#include "protocol/frontier.h"

#include <doctest/doctest.h>

#include "protocol/frontier_fields.h"
#include "protocol/seen.h"
#include "tests/support/merge_world.h"

using namespace kiz;
using namespace kiz::test;

namespace {

/// Log A: a1 - a2 - a3, and a2x - a3x beside it; log B: b1, b2. Control 1 cuts A at a2.
std::unique_ptr<World> forked_world() {
  auto world = std::make_unique<World>();
  world->logs = {{"A1", "A"}, {"B1", "B"}};
  const auto entry = [&](const char* name, const char* prev, std::size_t log, Seq seq, std::uint64_t control = 0) {
    WorldEntry made;
    made.name = name;
    made.prev = prev;
    made.log = log;
    made.seq = seq;
    made.control = control;
    made.body.control = World::position(control);
    Op op;
    op.record = world->record("R");
    op.field = world->field("title", "register");
    op.value = Value{std::string{name}};
    made.body.ops = {op};
    world->add(made);
  };
  entry("a1", "", 0, 1);
  entry("a2", "a1", 0, 2);
  entry("a2x", "a1", 0, 2);
  entry("a3", "a2", 0, 3);
  entry("a3x", "a2x", 0, 3);
  entry("b1", "", 1, 1);
  entry("b2", "b1", 1, 2, 1);
  WorldControl cut;
  cut.kind = "cut";
  cut.cuts = {{0, 2, "a2", Seq{1}}};
  world->control = {cut};
  return world;
}

void take_all(WorldReplica& replica, std::initializer_list<const char*> names) {
  for (const char* name : names) replica.take(std::string{name});
}

struct Heads {
  World& world;
  Head operator()(std::size_t log, Seq seq, const char* name) { return {world.log_id(log), seq, world.hash(name)}; }
};

}  // namespace

TEST_CASE("frontier: one head per log, one per branch where a log forked") {
  const auto world = forked_world();
  Heads head{*world};
  WorldReplica replica{*world};
  take_all(replica, {"a1", "a2"});
  CHECK(frontier_of(replica.history(), Reach::applied).heads == std::vector<Head>{head(0, 2, "a2")});
  take_all(replica, {"a2x", "a3x", "a3", "b1"});
  CHECK(frontier_of(replica.history(), Reach::applied).heads ==
        std::vector<Head>{head(0, 3, "a3"), head(0, 3, "a3x"), head(1, 1, "b1")});
}

TEST_CASE("frontier: waiting entries are held but not applied, and a cut ends it") {
  const auto world = forked_world();
  Heads head{*world};
  WorldReplica replica{*world};
  take_all(replica, {"a1", "a2", "a3", "a2x", "b1", "b2"});
  CHECK(frontier_of(replica.history(), Reach::applied).names(head(1, 1, "b1")));
  CHECK(frontier_of(replica.history(), Reach::held).names(head(1, 2, "b2")));
  replica.take(std::uint64_t{1});
  CHECK(frontier_of(replica.history(), Reach::applied).heads == std::vector<Head>{head(0, 2, "a2"), head(1, 2, "b2")});
  CHECK(frontier_of(replica.history(), Reach::held) == frontier_of(replica.history(), Reach::applied));
}

TEST_CASE("frontier: the digest tells frontiers apart and comes from canonical bytes") {
  const auto world = forked_world();
  Heads head{*world};
  const Frontier one{{head(0, 1, "a1")}}, two{{head(0, 1, "a1"), head(1, 1, "b1")}};
  CHECK(one.digest() == Frontier{one}.digest());
  CHECK(one.digest() != two.digest());
  CHECK(Frontier{}.digest() != one.digest());
  CHECK(*wire::decode<Frontier>(wire::encode(two)) == two);
  CHECK(difference(one, two).only_theirs == std::vector<Head>{head(1, 1, "b1")});
  CHECK(difference(two, one).only_ours == std::vector<Head>{head(1, 1, "b1")});
  CHECK(difference(two, two).none());
}

TEST_CASE("frontier: missing_from names only the stretches that the peer lacks") {
  const auto world = forked_world();
  Heads head{*world};
  WorldReplica replica{*world};
  take_all(replica, {"a1", "a2", "a3", "a2x", "a3x", "b1"});
  const Frontier ours = frontier_of(replica.history(), Reach::held);
  CHECK(missing_from(replica.history(), ours, Frontier{}) ==
        std::vector<Stretch>{{0, head(0, 3, "a3")}, {0, head(0, 3, "a3x")}, {0, head(1, 1, "b1")}});
  const Frontier theirs{{head(0, 2, "a2"), head(1, 5, "b5")}};  // ahead of us in B
  CHECK(missing_from(replica.history(), ours, theirs) ==
        std::vector<Stretch>{{2, head(0, 3, "a3")}, {1, head(0, 3, "a3x")}});
  CHECK(missing_from(replica.history(), ours, ours).empty());
}

TEST_CASE("seen: an entry lists what its author applied since the entry before, each head once") {
  const auto world = forked_world();
  Heads head{*world};
  WorldReplica replica{*world};
  take_all(replica, {"a1", "a2", "b1"});
  const auto own = [&](const char* name) {
    return replica.history().held(world->hash(name));
  };
  const auto now = [&] { return frontier_of(replica.history(), Reach::applied); };
  CHECK(seen_since(replica.history(), own("b1"), now()) == std::vector<Head>{head(0, 2, "a2")});
  CHECK(seen_since(replica.history(), {}, now()) == std::vector<Head>{head(0, 2, "a2"), head(1, 1, "b1")});

  WorldEntry next = world->entry("b2");
  next.name = "b2y";
  next.control = 0;
  next.body.control = World::position(0);
  next.body.seen = {head(0, 2, "a2")};
  world->add(next);
  replica.take(std::string{"b2y"});
  CHECK(seen_since(replica.history(), own("b2y"), now()).empty());
  take_all(replica, {"a2x", "a3"});
  CHECK(seen_since(replica.history(), own("b2y"), now()) == std::vector<Head>{head(0, 2, "a2x"), head(0, 3, "a3")});
}

TEST_CASE("seen: a replace keeps the live cells that its author had not been shown") {
  const auto world = forked_world();
  WorldReplica replica{*world};
  take_all(replica, {"a1"});
  const Frontier shown = frontier_of(replica.history(), Reach::applied);
  take_all(replica, {"b1"});
  const RecordId record = world->record("R");
  const auto came = came_since(replica.history(), record, replica.records().load(record), 1, shown);
  REQUIRE(came);
  CHECK(*came == std::vector<CellName>{{world->hash("b1"), 0}});
  CHECK(came_since(replica.history(), record, replica.records().load(record), 1, frontier_of(replica.history(), Reach::applied))->empty());
  CHECK(came_since(replica.history(), record, replica.records().load(record), field_existence, shown)->size() == 1);
}

#include "protocol/history.h"

#include <doctest/doctest.h>

#include "tests/support/merge_world.h"

using namespace kiz;
using namespace kiz::test;

namespace {

/// Log A forks after a2 and again after a3x: a1 a2 a3 a4 | a3x a4x | a4y. M has seen what each test says.
struct Forked {
  World world;
  std::unique_ptr<WorldReplica> replica;

  Forked() {
    world.logs = {{"A1", "A"}, {"M1", "M"}};
    world.field("title", "register");
    add("a1", "", 1);
    add("a2", "a1", 2);
    add("a3", "a2", 3);
    add("a3x", "a2", 3);
    add("a4", "a3", 4);
    add("a4x", "a3x", 4);
    add("a4y", "a3x", 4);
    replica = std::make_unique<WorldReplica>(world);
  }
  void add(const char* name, const char* prev, Seq seq, std::size_t log = 0, std::vector<Head> seen = {}) {
    WorldEntry entry;
    entry.name = name;
    entry.prev = prev;
    entry.log = log;
    entry.seq = seq;
    entry.body.control = World::position(0);
    entry.body.seen = std::move(seen);
    world.add(std::move(entry));
  }
  void take(std::initializer_list<const char*> names) {
    for (const char* name : names) replica->take(std::string{name});
  }
  Head head(Seq seq, const char* name) { return {world.log_id(0), seq, world.hash(name)}; }
  const History& history() { return replica->history(); }
  EntryMeta meta(const char* name) { return history().source().meta(history().source().find(world.hash(name))); }
  Place place(const char* name) { return meta(name).place; }
  bool shows_fork() { return history().shows_fork(1); }
};

}  // namespace

TEST_CASE("history: ancestry follows branches, and forks of forks") {
  Forked it;
  it.take({"a1", "a2", "a3", "a3x", "a4", "a4x", "a4y"});
  const auto is = [&](const char* earlier, const char* later) { return it.history().is_ancestor(it.place(earlier), it.place(later)); };
  CHECK(is("a1", "a4y"));
  CHECK(is("a3x", "a4y"));
  CHECK(is("a3", "a4"));
  CHECK(is("a4", "a4"));
  CHECK_FALSE(is("a3", "a4y"));
  CHECK_FALSE(is("a4x", "a4y"));
  CHECK_FALSE(is("a3x", "a4"));
  CHECK_FALSE(is("a4", "a3"));
  CHECK(it.history().last_shared(it.place("a4"), it.place("a4y")) == 2);
  CHECK(it.history().last_shared(it.place("a4x"), it.place("a4y")) == 3);
  CHECK(it.history().last_shared(it.place("a4"), it.place("a2")) == 2);
}

TEST_CASE("history: held entries, heads in seen and cuts each show a fork") {
  SUBCASE("two held entries") {
    Forked it;
    it.take({"a1", "a2", "a3"});
    CHECK_FALSE(it.shows_fork());
    it.take({"a3x"});
    CHECK(it.shows_fork());
  }
  SUBCASE("a head that contradicts a held entry") {
    Forked it;
    it.add("m1", "", 1, 1, {it.head(3, "a3-lost")});
    it.take({"a1", "a2", "m1"});
    CHECK_FALSE(it.shows_fork());
    it.take({"a3"});
    CHECK(it.shows_fork());
  }
  SUBCASE("two heads that contradict each other") {
    Forked it;
    it.add("m1", "", 1, 1, {it.head(3, "lost"), it.head(3, "lost-too")});
    it.take({"a1", "m1"});
    CHECK(it.shows_fork());
  }
  SUBCASE("a cut that names another entry") {
    Forked it;
    WorldControl cut;
    cut.kind = "withdraw";
    cut.author = "A";
    cut.field = "title";
    cut.cuts = {{0, 2, "a2-lost", {}}};
    it.world.control = {cut};
    it.world.hash("a2-lost");
    it.take({"a1", "a2"});
    it.replica->take(std::uint64_t{1});
    CHECK(it.shows_fork());
  }
}

TEST_CASE("history: a head that is not held covers by number, in a forked log it covers nothing until it is there") {
  Forked it;
  it.add("m1", "", 1, 1, {it.head(4, "a4y")});
  it.take({"a1", "a2", "m1"});
  const auto covers = [&](const char* earlier) { return it.history().covers(it.meta("m1"), it.meta(earlier)); };
  CHECK(covers("a2"));
  it.take({"a3", "a3x"});
  CHECK_FALSE(covers("a2"));
  CHECK_FALSE(covers("a3"));
  it.take({"a4y"});
  CHECK(covers("a2"));
  CHECK(covers("a3x"));
  CHECK_FALSE(covers("a3"));
}

// Several replicas, links that come and go, commits that lag: whatever the order, in the end everybody agrees.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "tests/support/sync_link.h"

using namespace kiz;
using namespace kiz::test;

namespace {
/// A Kreis, an office of its own, three towns' offices (two in one town), everybody linked with everybody now and then.
class World {
 public:
  explicit World(std::uint32_t seed) : random_(seed) {
    realm_.grant(borken, 1);
    realm_.grant(ahaus, 2);
    realm_.grant(ahaus, 3);
    realm_.grant(bocholt, 4);
    realm_.grant(gronau, 5);
    for (const auto& [member, number] : std::initializer_list<std::pair<MemberId, int>>{
             {borken, 1}, {ahaus, 2}, {ahaus, 3}, {bocholt, 4}, {gronau, 5}}) {
      nodes_.push_back(std::make_unique<Node>(realm_, member, static_cast<std::uint8_t>(number)));
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) links_.push_back({i, j, nullptr});
    }
  }

  void step() {
    const auto action = below(100);
    if (action < 12) return write();
    if (action < 20) return toggle(links_[below(links_.size())]);
    if (action < 21) return control();
    if (action < 22) return forget();
    move(links_[below(links_.size())]);
  }

  /// All links up and nothing lost any more.
  void heal() {
    for (auto& pair : links_) {
      if (!pair.link) connect(pair);
    }
    for (std::size_t moved = 1; moved > 0;) {
      moved = 0;
      for (auto& pair : links_) moved += pair.link->run();
      REQUIRE(++rounds_ < 1'000);
    }
  }

  void check() {
    for (const auto& pair : links_) {
      not_broken(*pair.link);
      CHECK(pair.link->in_sync());
      CHECK(pair.link->a.session.pending_entries() == 0);
      for (const auto& item : pair.link->a.source.shared_spaces()) {
        CHECK(nodes_[pair.one]->replica.heads(item.space) == nodes_[pair.other]->replica.heads(item.space));
      }
    }
    CHECK(nodes_[0]->replica.entry_count() == written_);  // the Kreis reads everything written here
  }

 private:
  struct Connection {
    std::size_t one, other;
    std::unique_ptr<Link> link;
  };

  static void not_broken(const Link& link) {
    CAPTURE(link.broken ? std::string{name(link.broken->code)} + " " + link.broken->context : "");
    CHECK_FALSE(link.broken);
  }

  std::size_t below(std::size_t n) { return random_() % n; }

  void write() {
    static constexpr Collection collections[] = {Collection::offers, Collection::counts, Collection::needs};
    Node& node = *nodes_[below(nodes_.size())];
    if (below(10) == 0) node.replica.new_incarnation();
    node.write(collections[below(3)], std::to_string(written_++));
  }

  void control() {
    realm_.add(RuleSet{"rule", std::to_string(random_())});
    nodes_[0]->follow(realm_);
  }

  void forget() {
    Node& node = *nodes_[below(nodes_.size())];
    node.replica.forget_peer(nodes_[below(nodes_.size())]->replica.author());
  }

  void connect(Connection& pair) {
    SyncOptions options;
    options.hint_entries_max = below(20);
    options.run_bytes_target = 200 + below(2'000);
    pair.link = below(2) == 0 ? std::make_unique<Link>(*nodes_[pair.one], *nodes_[pair.other], options)
                              : std::make_unique<Link>(*nodes_[pair.other], *nodes_[pair.one], options);
  }

  void toggle(Connection& pair) {
    if (pair.link) {
      not_broken(*pair.link);
      pair.link.reset();
    } else {
      connect(pair);
    }
  }

  void move(Connection& pair) {
    if (!pair.link) return;
    Link& link = *pair.link;
    LinkEnd& from = below(2) == 0 ? link.a : link.b;
    LinkEnd& to = &from == &link.a ? link.b : link.a;
    switch (below(4)) {
      case 0: from.pull(to, link.now, false); break;
      case 1: link.deliver(from, to); break;
      case 2: to.commit(1 + below(3)); break;
      case 3: link.run(below(20)); break;
    }
  }

  std::mt19937 random_;
  TestRealm realm_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Connection> links_;
  std::size_t written_ = 0;
  std::size_t rounds_ = 0;
};
}  // namespace

TEST_CASE("sync random: five replicas agree after any order of writing, moving, cutting and forgetting") {
  const char* wanted = std::getenv("KIZ_SEEDS");
  const std::uint32_t seeds = wanted != nullptr ? static_cast<std::uint32_t>(std::strtoul(wanted, nullptr, 10)) : 60;
  for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    World world{seed};
    for (int i = 0; i < 400; ++i) world.step();
    world.heal();
    world.check();
  }
}

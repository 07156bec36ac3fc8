// The merge over the store's own tables: random worlds come out as in memory, also when the store is left and opened again
// between two steps, so that nothing rests on what a Merge or a SpaceStore remembers.
#include "libclient/space_store.h"

#include <doctest/doctest.h>

#include "libclient/schema.h"
#include "tests/support/merge_random.h"

using namespace kiz;
using namespace kiz::test;

namespace {

class StoredReplica {
 public:
  explicit StoredReplica(const World& world) : world_(world), rulings_(world), in_memory_(world), db_(memory_database()) {
    REQUIRE(migrate(db_));
    (db_.query("INSERT INTO spaces(id, name) VALUES(1, x'01')")).run();
    open();
  }

  void open() {
    merge_.reset();
    store_ = std::make_unique<SpaceStore>(db_, 1, Space{}, busy_);
    merge_ = std::make_unique<Merge>(*store_, *store_, rulings_, world_);
  }

  void take(const Step& step) {
    in_memory_.take(step);
    if (const auto* number = std::get_if<std::uint64_t>(&step)) {
      rulings_.hold(*number);
      merge_->follow_control();
    } else {
      REQUIRE(merge_->append(in_memory_.arrival(world_.entry(std::get<std::string>(step)))));
    }
    store_->flush();
  }

  void compare() const {
    for (const auto& [record, state] : in_memory_.records().all()) REQUIRE(encode_record(store_->load(record)) == encode_record(state));
    std::vector<RecordId> touched;
    store_->records_after(std::nullopt, 100, touched);
    for (const RecordId& record : touched) {
      if (!in_memory_.records().all().contains(record)) REQUIRE(store_->load(record).empty());
    }
    for (LogRef ref = 1; ref <= store_->log_count(); ++ref) REQUIRE(store_->log(ref) == in_memory_.history().source().log(ref));
  }

 private:
  static sqlite3* memory_database() {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(":memory:", &db) == SQLITE_OK);
    return db;
  }

  const World& world_;
  WorldRulings rulings_;
  WorldReplica in_memory_;
  Sql db_;
  BusyStores busy_;
  std::unique_ptr<SpaceStore> store_;
  std::unique_ptr<Merge> merge_;
};

}  // namespace

TEST_CASE("space_store: random worlds come out as in memory, also when the store is opened anew between steps") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const auto world = random_world(seed, {seed % 2 == 0, seed % 3 != 0, seed % 4 == 0, 50});
    std::mt19937_64 rng{seed};
    StoredReplica replica{*world};
    for (const Step& step : random_order(*world, rng)) {
      replica.take(step);
      if (rng() % 3 == 0) replica.open();
      replica.compare();
    }
  }
}

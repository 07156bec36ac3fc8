// A disk that fails at one sync: what the kernel holds of it is worth nothing then, and only a new process may look again.
#include <doctest/doctest.h>

#include "libclient/enrolment.h"
#include "libclient/replica_core.h"
#include "protocol/registry.h"
#include "tests/support/memory_vfs.h"
#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {

Result<Committed> write(Replica& replica, std::uint8_t number) {
  RecordId offer{registry::kinds::offer, {}};
  offer.key.bytes.fill(number);
  Edit edit = replica.begin();
  edit.set(replica.space("05554", Collection::offers), offer, registry::fields::offer::title, Value{"Kurs"});
  return replica.commit(edit, {});
}

/// A realm on a disk that a test may let fail, with one entry.
struct Store {
  TempDir folder;
  MemoryDisk disk;
  ReplicaOptions options;
  std::unique_ptr<Replica> replica;

  explicit Store(const std::string& name) : disk{name, 7} {
    options.directory = folder.path() / "store";
    options.base_vfs = disk.vfs_name();
    options.rename = disk.page_vfs_options().rename;
    auto founded = found_realm(options, {"Kreis Borken", "05554", {{"05554004", "Ahaus"}}, {"127.0.0.1:7411"}, {}, "Kreisknoten"});
    REQUIRE(founded);
    replica = std::move(founded->replica);
    REQUIRE(write(*replica, 1));
  }
};

}  // namespace

TEST_CASE("failed sync: the store says that it must be opened anew, and takes edits again after that") {
  Store store{"failed-sync"};
  MemoryDisk& disk = store.disk;
  std::unique_ptr<Replica>& replica = store.replica;
  CHECK_FALSE(replica->core().needs_opening_anew());

  disk.faults.fail_sync_at = disk.counts().syncs + 1;
  CHECK(write(*replica, 2).error().code == Errc::io_error);
  CHECK(replica->core().needs_opening_anew());
  CHECK(write(*replica, 3).error().code == Errc::io_error);

  replica.reset();
  auto again = Replica::open(store.options);
  REQUIRE(again);
  CHECK_FALSE((*again)->core().needs_opening_anew());
  CHECK(write(**again, 4));
  CHECK((*again)->verify(true).ok);
}

TEST_CASE("failed sync: a store that cannot be read again after a failure says so, and does not look empty") {
  Store store{"failed-reload"};
  MemoryDisk& disk = store.disk;
  std::unique_ptr<Replica>& replica = store.replica;
  ReplicaCore& core = replica->core();
  const Hash state = replica->state_hash();

  const auto refused = core.write([&]() -> Result<void> {
    core.put_fact("test", Bytes{1});
    sqlite3_db_release_memory(core.db().connection());
    disk.faults.read_errors_per_million = 1'000'000;
    return Error{Errc::invalid_input, "test"};
  });
  CHECK(refused.error().code == Errc::invalid_input);
  disk.faults.read_errors_per_million = 0;
  CHECK(core.needs_opening_anew());
  CHECK_THROWS_AS(static_cast<void>(core.slots()), SqlFailure);
  CHECK(write(*replica, 2).error().code == Errc::io_error);

  replica.reset();
  auto again = Replica::open(store.options);
  REQUIRE(again);
  CHECK((*again)->state_hash() == state);
  CHECK(write(**again, 2));
}

TEST_CASE("failed sync: a store that fails while it is being opened is refused, not given out half read") {
  Store store{"failed-opening"};
  int opened = 0;
  for (int attempt = 0; attempt < 300; ++attempt) {
    store.replica.reset();
    std::filesystem::remove(store.options.directory / "incarnation");  // so that something is written at the opening
    store.disk.faults.read_errors_per_million = store.disk.faults.write_errors_per_million = 60'000;
    auto again = Replica::open(store.options);
    store.disk.faults.read_errors_per_million = store.disk.faults.write_errors_per_million = 0;
    if (!again) continue;
    ++opened;
    store.replica = std::move(*again);
    CHECK_FALSE(store.replica->core().needs_opening_anew());
  }
  CHECK(opened > 0);
  CHECK(opened < 300);
}

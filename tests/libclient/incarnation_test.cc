#include "libclient/incarnation.h"

#include <doctest/doctest.h>

#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {
IncarnationFile example() {
  IncarnationFile out;
  out.incarnation = Incarnation::from(Bytes(16, 7));
  out.counter = 300;
  out.entries = 20;
  out.machine = Hash::from(Bytes(32, 9));
  return out;
}
}  // namespace

TEST_CASE("incarnation: the file comes back as it was written") {
  const TempDir dir;
  auto written = example();
  written.reason = LogReason::restored;
  REQUIRE(write_incarnation(dir.file("incarnation"), written));
  const auto read = read_incarnation(dir.file("incarnation"));
  REQUIRE(read);
  CHECK(read->incarnation == written.incarnation);
  CHECK(read->counter == 300);
  CHECK(read->entries == 20);
  CHECK(read->machine == written.machine);
  CHECK(read->reason == LogReason::restored);
}

TEST_CASE("incarnation: a missing file is told from a damaged one") {
  const TempDir dir;
  CHECK(read_incarnation(dir.file("incarnation")).error().code == Errc::not_found);
  REQUIRE(write_incarnation(dir.file("incarnation"), example()));
  const Bytes whole = read_file(dir.file("incarnation"));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write_file(dir.file("incarnation"), ByteView{whole}.first(n));
    CHECK(read_incarnation(dir.file("incarnation")).error().code == Errc::damaged);
  }
  Bytes longer = whole;
  longer.push_back(0);
  write_file(dir.file("incarnation"), longer);
  CHECK(read_incarnation(dir.file("incarnation")).error().code == Errc::damaged);
}

TEST_CASE("incarnation: the life goes on when counters, entries and machine fit, also after a crash at start") {
  const auto held = example();
  CHECK(judge_incarnation(held, 300, 20, held.machine) == LogReason::first);
  CHECK(judge_incarnation(held, 300, 900, held.machine) == LogReason::first);
  CHECK(judge_incarnation(held, 301, 20, held.machine) == LogReason::first);
  CHECK(judge_incarnation(held, 300, 20, Hash{}) == LogReason::first);  // a machine without an id
}

TEST_CASE("incarnation: an older or foreign database is a restored one") {
  const auto held = example();
  CHECK(judge_incarnation(held, 299, 20, held.machine) == LogReason::restored);
  CHECK(judge_incarnation(held, 0, 20, held.machine) == LogReason::restored);
  CHECK(judge_incarnation(held, 302, 20, held.machine) == LogReason::restored);
  CHECK(judge_incarnation(held, 300, 19, held.machine) == LogReason::restored);
}

TEST_CASE("incarnation: a whole store on another machine is a clone") {
  const auto held = example();
  CHECK(judge_incarnation(held, 300, 20, Hash::from(Bytes(32, 8))) == LogReason::machine_changed);
}

TEST_CASE("incarnation: this machine has the same hash each time, and its id does not show") {
  CHECK(machine_hash() == machine_hash());
  const Bytes id = read_file("/etc/machine-id");
  if (!id.empty()) CHECK_FALSE(contains(view(to_hex(machine_hash())), std::string{id.begin(), id.begin() + 32}));
}

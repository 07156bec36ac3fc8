#include "libclient/incarnation.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "libclient/enrolment.h"
#include "libclient/replica_core.h"
#include "protocol/registry.h"
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

// A Kreis node that edits, and copies of its folder as a kill at that moment would leave it.
class Node {
 public:
  Node() {
    auto founded = found_realm({.directory = dir_.file("live")},
                               {"Kreis Borken", "05554", {{"05554004", "Ahaus"}}, {"127.0.0.1:7411"}, {}, "Kreisknoten"});
    REQUIRE(founded);
    replica_ = std::move(founded->replica);
  }
  void edit(const char* text) {
    Edit edit = replica_->begin();
    edit.set(replica_->space("05554", Collection::offers), {registry::kinds::offer, RecordKey::from(Bytes(16, 1))},
             registry::fields::offer::title, Value{std::string{text}});
    REQUIRE(replica_->commit(edit, {}));
  }
  void name_a_member() { REQUIRE(replica_->core().issue(MemberNamed{"05554008", "Bocholt", MemberRole::municipality})); }
  Incarnation incarnation() const { return replica_->core().files().incarnation(); }

  void copy(const char* to) const { std::filesystem::copy(dir_.file("live"), dir_.file(to)); }
  void put_back_database(const char* from, const char* to) const {
    for (const char* name : {"store.db", "store.db-wal"}) {
      std::filesystem::remove(std::filesystem::path{dir_.file(to)} / name);
      const auto source = std::filesystem::path{dir_.file(from)} / name;
      if (std::filesystem::exists(source)) std::filesystem::copy(source, std::filesystem::path{dir_.file(to)} / name);
    }
  }
  std::string file(const char* folder, const char* name) const { return (std::filesystem::path{dir_.file(folder)} / name).string(); }
  std::unique_ptr<Replica> open(const char* folder) const {
    auto opened = Replica::open({.directory = dir_.file(folder)});
    REQUIRE(opened);
    return std::move(*opened);
  }

 private:
  TempDir dir_;
  std::unique_ptr<Replica> replica_;
};
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

TEST_CASE("incarnation: a database put back within the life of a killed program begins a new life, once") {
  Node node;
  node.edit("one");
  node.copy("backup");
  node.edit("two");
  node.copy("killed");
  { CHECK(node.open("killed")->core().files().incarnation() == node.incarnation()); }  // killed, nothing put back
  node.put_back_database("backup", "killed");
  Incarnation second;
  {
    auto replica = node.open("killed");
    second = replica->core().files().incarnation();
    CHECK(second != node.incarnation());
    CHECK(replica->core().files().reason() == LogReason::restored);
    CHECK(replica->verify(true).ok);
    Edit edit = replica->begin();
    edit.set(replica->space("05554", Collection::offers), {registry::kinds::offer, RecordKey::from(Bytes(16, 1))},
             registry::fields::offer::title, Value{std::string{"three"}});
    REQUIRE(replica->commit(edit, {}));
    CHECK(replica->verify(true).logs == 2);
  }
  CHECK(node.open("killed")->core().files().incarnation() == second);
}

TEST_CASE("incarnation: a control log that has lost its end is noticed too") {
  Node node;
  node.copy("backup");
  node.name_a_member();
  node.copy("killed");
  node.put_back_database("backup", "killed");
  CHECK(node.open("killed")->core().files().incarnation() != node.incarnation());
}

TEST_CASE("incarnation: a missing, torn, foreign or older note does no harm") {
  Node node;
  node.edit("one");
  node.copy("older");
  node.edit("two");
  int n = 0;
  const auto opens_as_before = [&](auto spoil) {
    const std::string folder = "copy" + std::to_string(++n);
    node.copy(folder.c_str());
    spoil(node.file(folder.c_str(), "last_heads"));
    CHECK(node.open(folder.c_str())->core().files().incarnation() == node.incarnation());
  };
  opens_as_before([](const std::string& note) { std::filesystem::remove(note); });
  opens_as_before([](const std::string& note) { std::filesystem::resize_file(note, 40); });
  opens_as_before([](const std::string& note) { write_file(note, Bytes(600'000, 0x5a)); });
  opens_as_before([&](const std::string& note) { write_file(note, read_file(node.file("older", "last_heads"))); });
}

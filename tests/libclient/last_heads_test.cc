#include "libclient/last_heads.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {
const StoreKey& key() {
  static const StoreKey only{Bytes(32, 3)};
  return only;
}
Head head(std::uint8_t log, Seq seq, std::uint8_t entry = 1) {
  return {LogId::from(Bytes(32, log)), seq, EntryHash::from(Bytes(32, entry))};
}
LastHeads open(const TempDir& dir) {
  auto out = LastHeads::open(dir.file("last_heads"), key());
  REQUIRE(out);
  return std::move(*out);
}
}  // namespace

TEST_CASE("last heads: what was noted last is there again, log by log") {
  const TempDir dir;
  CHECK(open(dir).last().heads.empty());
  {
    auto notes = open(dir);
    REQUIRE(notes.note({head(2, 5), head(1, 3)}, 7));
    REQUIRE(notes.note({head(2, 6)}, 8));
    CHECK(notes.last().heads == std::vector{head(1, 3), head(2, 6)});
  }
  CHECK(open(dir).last().heads == std::vector{head(1, 3), head(2, 6)});
  CHECK(open(dir).last().control == 8);
  REQUIRE(open(dir).note({head(1, 4)}, 8));
  CHECK(open(dir).last().heads == std::vector{head(1, 4), head(2, 6)});
  const auto mode = std::filesystem::status(dir.file("last_heads")).permissions();
  CHECK((mode & std::filesystem::perms{0077}) == std::filesystem::perms{});
}

TEST_CASE("last heads: what was heeded is forgotten") {
  const TempDir dir;
  REQUIRE(open(dir).note({head(1, 4)}, 8));
  REQUIRE(open(dir).forget(3));
  CHECK(open(dir).last().heads.empty());
  CHECK(open(dir).last().control == 3);
}

TEST_CASE("last heads: a torn note leaves the one before, whichever bytes are wrong") {
  const TempDir dir;
  REQUIRE(open(dir).note({head(1, 1)}, 1));  // turn 1, second slot
  REQUIRE(open(dir).note({head(1, 2)}, 2));  // turn 2, first slot
  const Bytes whole = read_file(dir.file("last_heads"));
  for (std::size_t at = 0; at < 28 + 1 + 65 + 1; ++at) {
    CAPTURE(at);
    Bytes torn = whole;
    torn[at] ^= 0x40;
    write_file(dir.file("last_heads"), torn);
    CHECK(open(dir).last().heads == std::vector{head(1, 1)});
  }
  write_file(dir.file("last_heads"), Bytes(whole.begin(), whole.begin() + 60));
  CHECK(open(dir).last().heads.empty());
}

TEST_CASE("last heads: without the key nobody writes a note") {
  const TempDir dir;
  auto foreign = LastHeads::open(dir.file("last_heads"), StoreKey{Bytes(32, 4)});
  REQUIRE(foreign);
  REQUIRE(foreign->note({head(1, 9)}, 1));
  CHECK(open(dir).last().heads.empty());
}

TEST_CASE("last heads: as many logs as the limit are noted; of one more nothing is, the others go on") {
  const TempDir dir;
  std::vector<Head> many;
  for (std::size_t i = 0; i < LastHeads::heads_max; ++i) {
    Bytes log(32, 0);
    log[0] = static_cast<std::uint8_t>(i >> 8);
    log[1] = static_cast<std::uint8_t>(i);
    many.push_back({LogId::from(log), ~std::uint64_t{0} - 1, {}});
  }
  auto notes = open(dir);
  REQUIRE(notes.note(many, 1));
  CHECK(open(dir).last().heads == many);
  many[5].seq += 1;
  REQUIRE(notes.note({head(255, 1), many[5]}, 1));
  CHECK(open(dir).last().heads == many);
}

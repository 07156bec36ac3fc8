#include "libclient/backup_keep.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace kiz;
using namespace kiz::backup;

namespace {
constexpr std::uint64_t day_ms = 86'400'000;
constexpr std::uint64_t monday_ms = 1'793'577'600'000;  // 2026-11-02T00:00:00Z, a Monday
}  // namespace

TEST_CASE("backup_keep: a name says whose and when, and only names of that form are taken for one") {
  AuthorKey author;
  author.bytes[0] = 0xAB;
  const std::string stem = name_stem("05554004", author);
  CHECK(stem == "kiz-sync-05554004-ab000000");
  const std::string name = file_name(stem, monday_ms + 3'723'000);
  CHECK(name == "kiz-sync-05554004-ab000000-20261102T010203Z.kizbackup");
  CHECK(moment_of(name, stem) == monday_ms + 3'723'000);
  CHECK_FALSE(moment_of(name, "kiz-sync-05554004-ac000000"));
  for (const std::string& wrong : {stem + "-20261302T010203Z.kizbackup", stem + "-20261102T250203Z.kizbackup", stem + "-2026110xT010203Z.kizbackup",
                                  stem + "-20261102T010203Z.kizbackup.partial", stem + ".partial", std::string{}, stem + "-20260230T010203Z.kizbackup"}) {
    CAPTURE(wrong);
    CHECK_FALSE(moment_of(wrong, stem));
  }
  CHECK(name_stem("../x", author) == "kiz-sync-___x-ab000000");
}

TEST_CASE("backup_keep: without rules nothing goes") {
  CHECK(surplus({1, 2, 3}, {}).empty());
  CHECK(surplus({}, {1, 1, 1}).empty());
}

TEST_CASE("backup_keep: of each day, week and month the newest stays") {
  std::vector<std::uint64_t> moments;
  for (std::uint64_t day = 0; day < 400; ++day) {
    moments.push_back(monday_ms - day * day_ms + 3'600'000);
    moments.push_back(monday_ms - day * day_ms + 7'200'000);
  }
  const auto gone = surplus(moments, {7, 5, 12});
  std::vector<std::uint64_t> kept;
  std::sort(moments.begin(), moments.end());
  for (const auto moment : moments) {
    if (std::find(gone.begin(), gone.end(), moment) == gone.end()) kept.push_back(moment);
  }
  // Seven days; of five weeks this Monday's and four Sundays, one of them within the seven days; of twelve months
  // November and eleven ends of months, October's a Saturday within the seven days.
  CHECK(kept.size() == 7 + 3 + 10);
  CHECK(kept.back() == monday_ms + 7'200'000);
  for (const auto moment : kept) CHECK(moment % day_ms == 7'200'000);
}

TEST_CASE("backup_keep: the newest stays under any rule") {
  CHECK(surplus({5, 9, 7}, {1, 0, 0}) == std::vector<std::uint64_t>{7, 5});
  CHECK(surplus({9}, {0, 0, 1}).empty());
}

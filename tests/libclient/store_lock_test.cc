#include "libclient/store_lock.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

TEST_CASE("store lock: a second writer learns who holds the store") {
  const TempDir dir;
  const auto first = StoreLock::take(dir.file("lock"), "kizd");
  REQUIRE(first);
  const auto second = StoreLock::take(dir.file("lock"), "kiz");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::store_in_use);
  CHECK(second.error().context == std::to_string(::getpid()) + " kizd");
}

TEST_CASE("store lock: it can be taken again once it has been let go, and says the new holder") {
  const TempDir dir;
  {
    auto held = StoreLock::take(dir.file("lock"), "a program with a long name");
    REQUIRE(held);
    auto moved = std::move(*held);
    CHECK_FALSE(StoreLock::take(dir.file("lock"), "kiz"));
  }
  const auto again = StoreLock::take(dir.file("lock"), "kiz");
  REQUIRE(again);
  CHECK(StoreLock::take(dir.file("lock"), "x").error().context == std::to_string(::getpid()) + " kiz");
}

TEST_CASE("store lock: it falls with a process that is killed; what the file says then holds nobody back") {
  const TempDir dir;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto held = StoreLock::take(dir.file("lock"), "kizd");
    const char said = held ? 'y' : 'n';
    if (::write(ready[1], &said, 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char said = 0;
  REQUIRE(::read(ready[0], &said, 1) == 1);
  CHECK(said == 'y');
  const auto refused = StoreLock::take(dir.file("lock"), "kiz");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().context == std::to_string(child) + " kizd");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(contains(read_file(dir.file("lock")), std::to_string(child)));  // stale
  CHECK(StoreLock::take(dir.file("lock"), "kiz"));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("store lock: a symbolic link, and a folder that is missing, are errors of the machine") {
  const TempDir dir;
  write_file(dir.file("elsewhere"), view("content"));
  std::filesystem::create_symlink(dir.file("elsewhere"), dir.file("lock"));
  CHECK(StoreLock::take(dir.file("lock"), "kiz").error().code == Errc::io_error);
  CHECK(read_file(dir.file("elsewhere")).size() == 7);
  CHECK(StoreLock::take(dir.file("no/such/lock"), "kiz").error().code == Errc::io_error);
}

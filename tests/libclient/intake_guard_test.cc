#include "libclient/intake_guard.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "tests/support/temp_dir.h"

using namespace kiz;

namespace {

Hash name(std::uint8_t n) {
  Hash out;
  out.bytes.fill(n);
  return out;
}

std::string path_in(const test::TempDir& folder) { return (folder.path() / "intake").string(); }

// A program that begins, and ends as `end` does.
template <class End>
int in_a_process(const std::string& path, End end) {
  const pid_t child = fork();
  if (child == 0) {
    mark_own_failures();
    auto guard = IntakeGuard::open(path);
    if (!guard) _exit(9);
    guard->begin({name(2), name(1), name(2)});
    end(*guard);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("intake guard: a program that ends by its own fault leaves the names of what it was busy with") {
  const test::TempDir folder;
  const std::string path = path_in(folder);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    const int status = in_a_process(path, [signal](IntakeGuard&) { raise(signal); });
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);  // it ends as it would have ended
    auto next = IntakeGuard::open(path);
    REQUIRE(next);
    CHECK(next->failed_on() == std::vector<Hash>{name(1), name(2)});
    next->begin({});
    next->end();
    CHECK(IntakeGuard::open(path)->failed_on().empty());
  }
}

TEST_CASE("intake guard: who is killed, or fails elsewhere, leaves none") {
  const test::TempDir folder;
  const std::string path = path_in(folder);
  CHECK(WTERMSIG(in_a_process(path, [](IntakeGuard&) { raise(SIGKILL); })) == SIGKILL);
  CHECK(IntakeGuard::open(path)->failed_on().empty());
  CHECK(WTERMSIG(in_a_process(path, [](IntakeGuard& guard) {
          guard.end();
          std::abort();
        })) == SIGABRT);
  CHECK(IntakeGuard::open(path)->failed_on().empty());
}

TEST_CASE("intake guard: suspects outlive the program, and are let go of") {
  const test::TempDir folder;
  const std::string path = path_in(folder);
  {
    auto guard = IntakeGuard::open(path);
    REQUIRE(guard);
    CHECK_FALSE(guard->has_suspects());
    guard->suspect({name(7), name(3)});
  }
  auto guard = IntakeGuard::open(path);
  REQUIRE(guard);
  CHECK(guard->is_suspect(name(3)));
  CHECK(guard->is_suspect(name(7)));
  CHECK_FALSE(guard->is_suspect(name(5)));
  guard->acquit_all();
  CHECK_FALSE(IntakeGuard::open(path)->has_suspects());
}

TEST_CASE("intake guard: bytes that are no note count as none, and no more names are kept than fit") {
  const test::TempDir folder;
  const std::string path = path_in(folder);
  for (const std::string& bytes : {std::string{}, std::string{"\2"}, std::string{"\2\377\377\377\377xyz"}, std::string(100'000, '\2'),
                                   std::string{"\2\2\0\0\0\5", 6}}) {
    std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
    auto guard = IntakeGuard::open(path);
    REQUIRE(guard);
    CHECK(guard->failed_on().empty());
    CHECK_FALSE(guard->has_suspects());
  }
  auto guard = IntakeGuard::open(path);
  std::vector<Hash> many;
  for (unsigned i = 0; i < IntakeGuard::names_max + 5; ++i) {
    many.push_back(name(static_cast<std::uint8_t>(i)));
    many.back().bytes[0] = static_cast<std::uint8_t>(i >> 8);
  }
  guard->suspect(many);
  CHECK(IntakeGuard::open(path)->is_suspect(many.front()));
  CHECK_FALSE(IntakeGuard::open(path)->is_suspect(many.back()));
}

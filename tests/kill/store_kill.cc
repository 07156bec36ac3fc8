// Kills a program that commits, again and again, and looks whether anything it acknowledged is gone.
//
//   store_kill [cycles] [seed]     default 30 cycles; prints its seed, at the end figures; exit code 0: nothing lost, everything whole
//
// A child opens the encrypted store, commits numbered transactions and writes each number to a pipe once its commit has
// returned. The parent kills it (SIGKILL) after a random time, opens the store itself and checks: every acknowledged
// number is there, transactions are there whole or not at all, SQLite finds the database sound. Every tenth cycle
// starts without a store, so that creating one is killed too.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "libclient/database.h"
#include "libclient/page_vfs.h"
#include "tests/support/memory_vfs.h"
#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {

constexpr const char* vfs_name = "kill-test";

struct Figures {
  int kills = 0;
  std::int64_t commits = 0;
  std::int64_t lost = 0;  // acknowledged and gone
} figures;

void tell() {
  std::printf("store_kill: %d kills, %lld commits, lost %lld\n", figures.kills, static_cast<long long>(figures.commits), static_cast<long long>(figures.lost));
}

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "store_kill: %s\n", why.c_str());
  tell();
  std::exit(1);
}

PageVfs install() {
  auto vfs = PageVfs::install(vfs_name, "unix-excl", StoreKey{Bytes(32, 42)});
  if (!vfs) stop(vfs.error().context);
  return std::move(*vfs);
}

DatabaseOptions options_of(std::uint64_t seed) {
  constexpr int checkpoints[] = {7, 50, 1000};
  DatabaseOptions options;
  options.when = DatabaseOptions::When::create_if_missing;
  options.cache_kib = 80;  // spills, so that frames are overwritten in the log
  options.checkpoint_pages = checkpoints[seed % 3];
  return options;
}

Connection open(const std::string& path, std::uint64_t seed) {
  auto db = open_database(path, vfs_name, options_of(seed));
  if (!db) stop("does not open: " + std::string{name(db.error().code)} + " " + db.error().context);
  return std::move(*db);
}

void must(sqlite3* db, const std::string& sql) {
  if (auto done = execute(db, sql); !done) stop(done.error().context);
}

std::int64_t number(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) != SQLITE_OK) stop(sqlite3_errmsg(db));
  if (sqlite3_step(statement) != SQLITE_ROW) stop(std::string{sql} + ": " + sqlite3_errmsg(db));
  const std::int64_t out = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return out;
}

constexpr const char* tables =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS entry(id INTEGER PRIMARY KEY, body BLOB);"
    "CREATE TABLE IF NOT EXISTS sum(one INTEGER PRIMARY KEY, last INTEGER, bytes INTEGER);"
    "INSERT OR IGNORE INTO sum VALUES(1, 0, 0);"
    "COMMIT";

// One transaction: a new row, an older one rewritten, and a sum that only a whole transaction keeps right.
std::string transaction(std::int64_t id, SeededRandom& random) {
  const auto bytes = std::to_string(random.chance(50'000) ? 300'000 : random.below(3000));
  const auto older = std::to_string(1 + random.below(static_cast<std::uint64_t>(id)));
  const auto text = std::to_string(id);
  return "BEGIN IMMEDIATE; INSERT INTO entry VALUES(" + text + ", zeroblob(" + bytes + "));" +
         "UPDATE sum SET last = " + text + ", bytes = bytes + " + bytes + ";" +
         "UPDATE sum SET bytes = bytes - (SELECT length(body) FROM entry WHERE id = " + older + ");" +
         "UPDATE entry SET body = randomblob(500) WHERE id = " + older + ";" +  //
         "UPDATE sum SET bytes = bytes + 500; COMMIT";
}

int be_killed(const std::string& path, std::uint64_t seed, int acknowledgements) {
  const auto vfs = install();
  const auto db = open(path, seed);
  SeededRandom random{seed};
  must(db.get(), tables);
  for (std::int64_t id = number(db.get(), "SELECT last FROM sum") + 1;; ++id) {
    must(db.get(), transaction(id, random));
    if (::write(acknowledgements, &id, sizeof id) != sizeof id) return 1;
  }
}

// What came through the pipe until it is empty or closed; returns the last whole number, or `last`.
std::int64_t drain(int pipe, std::int64_t last) {
  std::int64_t id = 0;
  while (true) {
    const ssize_t n = ::read(pipe, &id, sizeof id);  // writes this small are not torn
    if (n < 0 && errno == EINTR) continue;
    if (n != sizeof id) return last;
    last = id;
  }
}

struct Pipe {
  int ends[2];
  Pipe() {
    if (::pipe2(ends, 0) != 0) stop("pipe");
    ::fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
};

// Keeps the pipe from filling up for so long. Returns the last number that came.
std::int64_t listen_for(std::chrono::microseconds time, int pipe, std::int64_t last) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    last = drain(pipe, last);
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  return last;
}

void wait_for_first(int pipe) {
  constexpr int milliseconds = 60'000;
  pollfd ready{pipe, POLLIN, 0};
  if (::poll(&ready, 1, milliseconds) <= 0) stop("the child commits nothing");
}

/// When a child is killed: a while after its first commit, or at any time after its start.
enum class Death { committing, starting };

// Lets a child live for a while, kills it; returns the last number it acknowledged.
std::int64_t live_and_die(Death death, const std::string& path, std::uint64_t seed, SeededRandom& random) {
  constexpr const char* program = "/proc/self/exe";
  const Pipe pipe;
  const std::string seed_text = std::to_string(seed);
  const std::string descriptor = std::to_string(pipe.ends[1]);
  const pid_t child = ::fork();
  if (child < 0) stop("fork");
  if (child == 0) {
    ::execl(program, program, "child", path.c_str(), seed_text.c_str(), descriptor.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(pipe.ends[1]);
  const std::uint64_t longest = death == Death::committing ? 40'000 : 15'000;
  if (death == Death::committing) wait_for_first(pipe.ends[0]);
  std::int64_t last = listen_for(std::chrono::microseconds{random.below(longest)}, pipe.ends[0], 0);
  ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) stop("the child ended by itself: it met an error");
  last = drain(pipe.ends[0], last);
  ::close(pipe.ends[0]);
  return last;
}

// Returns the last number in the store.
std::int64_t check(const std::string& path, std::uint64_t seed, std::int64_t acknowledged) {
  const auto db = open(path, seed + 1);
  must(db.get(), tables);
  if (number(db.get(), "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") != 0) {
    stop("the database is not sound");
  }
  const auto last = number(db.get(), "SELECT last FROM sum");
  if (last < acknowledged) {
    figures.lost += acknowledged - last;
    stop("acknowledged " + std::to_string(acknowledged) + ", found " + std::to_string(last));
  }
  if (last > acknowledged + 1) stop("more than one commit without acknowledgement");
  if (number(db.get(), "SELECT count(*) FROM entry") != last) stop("rows are missing");
  if (number(db.get(), "SELECT bytes - (SELECT coalesce(sum(length(body)), 0) FROM entry) FROM sum") != 0) {
    stop("half a transaction");
  }
  return last;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view{argv[1]} == "child") {
    return be_killed(argv[2], std::stoull(argv[3]), std::atoi(argv[4]));
  }
  const int cycles = argc > 1 ? std::atoi(argv[1]) : 30;
  const std::uint64_t seed =
      argc > 2 ? std::stoull(argv[2])
               : static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  std::printf("store_kill: seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);

  const TempDir dir;
  const std::string path = dir.file("store");
  const auto vfs = install();
  SeededRandom random{seed};
  std::int64_t in_store = 0;
  for (int cycle = 0; cycle < cycles; ++cycle) {
    if (cycle % 10 == 0) {
      for (const auto& entry : std::filesystem::directory_iterator{dir.path()}) std::filesystem::remove(entry.path());
      in_store = 0;
    }
    const Death death = cycle % 3 == 0 ? Death::starting : Death::committing;
    const std::uint64_t life = random.next() >> 1;
    const auto acknowledged = std::max(in_store, live_and_die(death, path, life, random));
    ++figures.kills;
    const auto now = check(path, life, acknowledged);
    figures.commits += now - in_store;
    in_store = now;
  }
  tell();
}

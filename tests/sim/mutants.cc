#include "tests/sim/mutants.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "protocol/mutants.h"
#include "tests/sim/world.h"

namespace kiz {

Mutant planted_mutant = Mutant::none;

namespace sim {
namespace {

constexpr std::string_view names[] = {
    "none",
#define KIZ_NAME(name) #name,
    KIZ_ALL_MUTANTS(KIZ_NAME)
#undef KIZ_NAME
};

// What a handful of seeds finds; the others take up to some hundreds.
constexpr std::string_view quick[] = {"skip_fsync", "ack_before_commit", "count_replays", "plain_pages", "read_everything", "forget_space"};

constexpr time_t seconds_max = 60;  // of the processor, for one seed: a bug may make a run endless, and that is a finding too
constexpr rlim_t memory_max = rlim_t{4} << 30;

struct Found {
  std::uint64_t seed = 0;  // 0: none did
  char how[120] = {};
  std::uint64_t seeds = 0, faults = 0, acknowledged = 0, lost = 0;  // of the worlds that came to an end
};

/// All worlds of a hunt; what is lost in them the planted bugs have lost.
struct Total {
  std::uint64_t seeds = 0;
  Outcome sum;

  void add(const Found& found) {
    seeds += found.seeds;
    sum.faults += found.faults;
    sum.acknowledged += found.acknowledged;
    sum.lost += found.lost;
  }
};

// In the child: never returns, and leaves the parent's folder alone.
[[noreturn]] void run_mutant(const Founding& founding, const Plan& plan, const Hunt& hunt, Mutant mutant, int out) {
  const rlimit memory{memory_max, memory_max};
  ::setrlimit(RLIMIT_AS, &memory);
  const rlimit core{0, 0};
  ::setrlimit(RLIMIT_CORE, &core);
  (void)!::freopen("/dev/null", "w", stderr);
  planted_mutant = mutant;
  Found found;
  for (std::uint64_t seed = hunt.start; seed < hunt.start + hunt.seeds && found.how[0] == 0; ++seed) {
    const itimerval patience{{}, {seconds_max, 0}};
    ::setitimer(ITIMER_PROF, &patience, nullptr);
    found.seed = seed;
    (void)!::write(out, &found, sizeof found);  // known even if this one ends the process
    const Outcome outcome = World{founding, seed, plan}.run();
    ++found.seeds;
    found.faults += outcome.faults;
    found.acknowledged += outcome.acknowledged;
    found.lost += outcome.lost;
    if (!outcome.findings.empty()) std::snprintf(found.how, sizeof found.how, "%s", outcome.findings.front().c_str());
  }
  if (found.how[0] == 0) found.seed = 0;
  (void)!::write(out, &found, sizeof found);
  ::_exit(0);
}

Found hunt_one(const Founding& founding, const Plan& plan, const Hunt& hunt, Mutant mutant, Total& total) {
  int pipe[2];
  if (::pipe(pipe) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) run_mutant(founding, plan, hunt, mutant, pipe[1]);
  ::close(pipe[1]);
  Found found, read;
  while (::read(pipe[0], &read, sizeof read) == static_cast<ssize_t>(sizeof read)) found = read;
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    std::snprintf(found.how, sizeof found.how, WTERMSIG(status) == SIGPROF ? "does not come to an end in time" : "ends the program");
  }
  total.add(found);
  return found;
}

}  // namespace

bool hunt_mutants(const Founding& founding, const Plan& plan, const Hunt& hunt) {
  unsigned planted = 0, found = 0;
  Total total;
  for (std::size_t i = 1; i < std::size(names); ++i) {
    if (!hunt.only.empty() && names[i] != hunt.only) continue;
    if (hunt.quick && std::find(std::begin(quick), std::end(quick), names[i]) == std::end(quick)) continue;
    ++planted;
    const Found result = hunt_one(founding, plan, hunt, static_cast<Mutant>(i), total);
    const std::string name{names[i]};
    // A seed that finds something without any planted bug shows another bug, and nothing about this one.
    const Hunt same{.start = result.seed, .seeds = 1};
    if (result.seed != 0 && hunt_one(founding, plan, same, Mutant::none, total).seed != 0) {
      std::printf("%-24s seed %llu finds something without it, too\n", name.c_str(), static_cast<unsigned long long>(result.seed));
      return false;
    }
    if (result.seed != 0) ++found;
    if (result.seed != 0) {
      std::printf("%-24s seed %-4llu %s\n", name.c_str(), static_cast<unsigned long long>(result.seed), result.how);
    } else {
      std::printf("%-24s NOT FOUND\n", name.c_str());
    }
    std::fflush(stdout);
  }
  std::printf("mutants %u, found %u\n%s\n", planted, found, last_line(total.seeds, total.sum).c_str());
  return planted != 0 && found + (planted >= 30 ? 1 : 0) >= planted;
}

}  // namespace sim
}  // namespace kiz

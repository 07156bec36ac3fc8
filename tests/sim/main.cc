// kiz-sim: many offices, one seed. See README.md.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/sim/memory.h"
#include "tests/sim/mutants.h"
#include "tests/sim/world.h"

namespace {

using namespace kiz::sim;

constexpr unsigned edits_of_a_year = 500;
constexpr unsigned edits_of_a_hunt = 150;  // most planted bugs show in short runs, of which more are run
constexpr std::uint64_t leak_bytes_max = 64u << 10;  // from one world to the next

char replay[300];  // the command that runs the current seed again

// A broken assertion ends the process: the seed must be known even then.
void on_abort(int signal) {
  (void)!::write(STDERR_FILENO, replay, std::char_traits<char>::length(replay));
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void remember(std::uint64_t seed, const Plan& plan) {
  const Plan usual;
  const int n = std::snprintf(replay, sizeof replay, "kiz-sim --seed %llu", static_cast<unsigned long long>(seed));
  std::string rest;
  if (!plan.drawn) rest += " --faults " + (write_dials(plan.dials).empty() ? "none" : write_dials(plan.dials));
  if (plan.offices != usual.offices) rest += " --offices " + std::to_string(plan.offices);
  if (plan.edits != usual.edits) rest += " --edits " + std::to_string(plan.edits);
  if (plan.days != usual.days) rest += " --days " + std::to_string(plan.days);
  if (plan.disks_lie) rest += " --disks-lie";
  std::snprintf(replay + n, sizeof replay - static_cast<std::size_t>(n), "%s\n", rest.c_str());
}

void print(const Outcome& outcome, bool json, bool trace) {
  if (json) {
    const nlohmann::json line = {{"seed", outcome.seed},     {"trace", outcome.trace},
                                 {"faults", outcome.faults}, {"acknowledged", outcome.acknowledged},
                                 {"lost", outcome.lost},     {"findings", outcome.findings}};
    std::printf("%s\n", line.dump().c_str());
  } else if (trace) {
    std::printf("seed %llu, trace %s\n", static_cast<unsigned long long>(outcome.seed), outcome.trace.c_str());
  }
  if (outcome.findings.empty()) return;
  for (const std::string& finding : outcome.findings) std::fprintf(stderr, "  %s\n", finding.c_str());
  std::fprintf(stderr, "%s", replay);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seeds = 1, start = 1, seed = 0;
  Plan plan;
  bool json = false;
  CLI::App app{"kiz-sim: a Kreis, its towns and the Land in one process, everything decided by a seed"};
  std::string faults;
  app.add_option("--seeds", seeds, "how many seeds")->check(CLI::Range(1, 100'000'000));
  app.add_option("--start", start, "the first of them");
  const auto* single = app.add_option("--seed", seed, "this seed alone");
  app.add_option("--offices", plan.offices, "drawn from the seed without this option")->check(CLI::Range(1, 40));
  app.add_option("--days", plan.days, "simulated")->check(CLI::Range(1, 4000));
  unsigned years = 0;
  app.add_option("--years", years, "growth: so many years with --edits each, one seed; with --faults prune or none")->check(CLI::Range(1, 100));
  const auto* listed = app.add_option("--faults", faults, "these alone: cut,power=3 or none; without this option each seed draws its own");
  app.add_option("--edits", plan.edits, "before all is healed; drawn from the seed without this option, 500 to 3,000")->check(CLI::Range(1, 1'000'000));
  app.add_flag("--disks-lie", plan.disks_lie, "disks do not keep what they say is synced: shows that it is found");
  bool mutants = false;
  Hunt hunt;
  app.add_flag("--mutants", mutants, "plants one bug after another and says which are found within 300 seeds");
  app.add_flag("--quick", hunt.quick, "with --mutants: those that few seeds find");
  app.add_option("--only", hunt.only, "with --mutants: this one");
  app.add_flag("--json", json, "one JSON object per line");
  CLI11_PARSE(app, argc, argv);
  if (listed->count() != 0) {
    plan.drawn = false;
    if (!read_dials(faults == "none" ? "" : faults, plan.dials)) {
      std::fprintf(stderr, "kiz-sim: no such faults: %s\n", faults.c_str());
      return 2;
    }
  }
  if (single->count() != 0) {
    start = seed;
    seeds = 1;
  }
  for (const int fatal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::signal(fatal, on_abort);

  remember(start, plan);
  const Founding founding{plan.offices == 0 ? 24 : plan.offices};
  if (mutants) {
    if (plan.edits == 0) plan.edits = edits_of_a_hunt;
    hunt.start = start;
    if (seeds > 1) hunt.seeds = seeds;
    return hunt_mutants(founding, plan, hunt) ? 0 : 1;
  }
  if (years != 0) {
    plan.days = 365;
    if (plan.edits == 0) plan.edits = edits_of_a_year;
    remember(start, plan);
    const Outcome outcome = World{founding, start, plan}.run_years(years);
    print(outcome, json, false);
    if (!json) std::printf("%s\n", last_line(1, outcome).c_str());
    return outcome.findings.empty() ? 0 : 1;
  }
  Outcome sum;
  bool failed = false;
  std::uint64_t heap = 0;  // what is left after the first world: tables that are made once
  for (std::uint64_t s = start; s < start + seeds; ++s) {
    remember(s, plan);
    Outcome outcome = World{founding, s, plan}.run();
    if (heap == 0) heap = live_bytes();
    if (live_bytes() > heap + leak_bytes_max) outcome.findings.push_back("memory is not given back: " + std::to_string((live_bytes() - heap) >> 10) + " KiB");
    heap = std::max(heap, live_bytes());
    print(outcome, json, seeds == 1);
    failed |= !outcome.findings.empty();
    sum.add(outcome);
  }
  if (json) {
    const nlohmann::json line = {{"seeds", seeds},      {"hours", sum.hours},         {"faults", sum.faults}, {"acknowledged", sum.acknowledged},
                                 {"lost", sum.lost},    {"values_dropped", sum.dropped}, {"epochs", sum.epochs}, {"heap_growth", sum.growth}, {"ok", !failed}};
    std::printf("%s\n", line.dump().c_str());
  } else {
    std::printf("simulated hours %llu, values dropped %llu, epochs opened %llu, at most %.1f MiB for one action\n", static_cast<unsigned long long>(sum.hours),
                static_cast<unsigned long long>(sum.dropped), static_cast<unsigned long long>(sum.epochs), static_cast<double>(sum.growth) / (1 << 20));
    std::printf("%s\n", last_line(seeds, sum).c_str());
  }
  return failed ? 1 : 0;
}

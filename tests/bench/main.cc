// kiz-bench: what the product does in a second, beside what the machine allows.
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>

#include "tests/bench/growth.h"
#include "tests/bench/limits.h"
#include "tests/bench/paths.h"
#include "tests/bench/scale.h"
#include "tests/bench/workloads.h"

namespace {

using namespace kiz::bench;

constexpr std::uint64_t entries_of_a_year = 8;  // of a municipality

// The best of several runs; the others tell of the machine's noise.
Report best_of(const Workload& workload, const Options& options) {
  Report best;
  std::vector<RunTime> runs;
  for (int i = 0; i < options.runs; ++i) {
    Report next = workload.run(options);
    runs.push_back({next.seconds, next.has_limit() ? next.ratio() : 0});
    if (i == 0 || next.seconds < best.seconds) best = std::move(next);
  }
  std::ranges::sort(runs, {}, &RunTime::seconds);
  best.runs = std::move(runs);
  return best;
}

int print_records(const Options& options) {
  OfferGenerator generator{options.seed};
  for (std::uint64_t i = 0; i < options.n; ++i) {
    const std::string line = to_json(generator.next()) + "\n";
    if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) return 1;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

void add_options(CLI::App& command, Options& options, bool& json) {
  command.add_option("--n,-n", options.n, "records")->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
  command.add_option("--seed", options.seed, "of the records");
  command.add_option("--runs", options.runs, "the best of so many is reported, with the spread of all")->check(CLI::Range(1, 100));
  command.add_option("--peers", options.peers, "hub, storm: connected replicas")->check(CLI::Range(1u, 100'000u));
  command.add_option("--minutes", options.minutes, "idle, flood, hub: how long")->check(CLI::Range(0.1, 10'000.0));
  command.add_flag("--shared", options.shared, "storm: edits that all towns read, not the node alone");
  command.add_option("--towns", options.towns, "growth: at most so many")->check(CLI::Range(1u, 1000u));
  command.add_option("--plots", options.plots, "growth: where its plots go");
  command.add_option("--folder", options.folder, "where to work: on the disk that is measured")
      ->check(CLI::ExistingDirectory);
  command.add_flag("--json", json, "one JSON object on one line");
}

}  // namespace

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  CLI::App app{"kiz-bench: what the product does in a second, beside what the machine allows"};
  Options options;
  bool json = false, everything = false;
  app.require_subcommand(0, 1);
  app.add_flag("--all", everything, "limits, every workload that takes minutes at most, growth apart");
  add_options(app, options, json);

  CLI::App* limits = app.add_subcommand("limits", "what this machine allows");
  add_options(*limits, options, json);
  CLI::App* gen = app.add_subcommand("gen", "the records, one JSON object per line");
  gen->add_option("n", options.n, "records")->required();
  gen->add_option("seed", options.seed, "of the records");
  CLI::App* paths = app.add_subcommand("paths", "five core paths without a clock, for guard.py");
  add_options(*paths, options, json);
  CLI::App* scale = app.add_subcommand("scale", "a country in memory, level by level; --n entries a municipality (8: a year)");
  add_options(*scale, options, json);
  CLI::App* growth = app.add_subcommand("growth", "what cost grows with, up to --n records and --towns; writes two plots");
  add_options(*growth, options, json);
  std::vector<std::pair<CLI::App*, const Workload*>> commands;
  for (const Workload& workload : workloads()) {
    commands.emplace_back(app.add_subcommand(std::string{workload.name}, std::string{workload.says}), &workload);
    add_options(*commands.back().first, options, json);
  }
  CLI11_PARSE(app, argc, argv);

  try {
    if (gen->parsed()) return print_records(options);
    if (paths->parsed()) return run_paths(options);
    if (scale->parsed()) {
      if (scale->count("--n") == 0) options.n = entries_of_a_year;
      return run_scale(options, json);
    }
    if (growth->parsed()) return run_growth(options, json);
    if (!everything && app.get_subcommands().empty()) throw std::invalid_argument{"nothing was asked; see --help"};
    if (limits->parsed() || everything) {
      const auto all = all_limits(options);
      std::puts((json ? to_json(all) : to_text(all)).c_str());
    }
    for (const auto& [command, workload] : commands) {
      if (!command->parsed() && !(everything && workload->in_all)) continue;
      const Report report = best_of(*workload, options);
      std::puts((json ? to_json(report) : to_text(report)).c_str());
      std::fflush(stdout);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kiz-bench: %s\n", error.what());
    return 1;
  }
}

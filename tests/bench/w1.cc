// W1: single edits, one durable commit each. W1b: bulk import in large edits.
#include "tests/bench/bench_realm.h"
#include "tests/bench/child.h"
#include "tests/bench/limits.h"
#include "tests/bench/workloads.h"

namespace kiz::bench {
namespace {

constexpr std::uint64_t single_edits = 2000;
constexpr std::uint64_t bulk_records = 4096;  // per edit: one durable transaction of some twenty entries

// Fills a replica that is empty but founded, in a process of its own.
Report filled(const Options& o, std::string_view workload, std::uint64_t n, std::uint64_t per_commit, Limit limit) {
  const WorkFolder folder{o.folder};
  const Folders folders = found_two(folder.path());
  const auto said =
      Child{[&] {
        const auto replica = open_replica(folders.kreis);
        const auto syncs = syncs_so_far();
        const ProcessorWatch processor;
        const Stopwatch watch;
        const std::uint64_t commits = fill(*replica, n, o.seed, per_commit);
        const double seconds = watch.seconds(), used = processor.seconds();
        const auto synced = static_cast<double>(syncs_so_far() - syncs);
        check_some(*replica, n, o.seed);
        return nlohmann::json{{"seconds", seconds},
                              {"fsyncs", synced / static_cast<double>(commits)},
                              {"cpu", used},
                              {"rss", peak_rss_bytes()}};
      }}.wait();
  Report out{
      .workload = std::string{workload}, .n = n, .seed = o.seed, .seconds = said["seconds"], .limit = std::move(limit)};
  out.fsyncs_per_commit = said["fsyncs"];
  out.peak_rss_bytes = {said["rss"]};
  out.cpu_seconds = {said["cpu"]};
  out.disk_bytes = disk_bytes(folders.kreis);
  return out;
}

}  // namespace

Report run_w1(const Options& o) { return filled(o, "W1", std::min(o.n, single_edits), 1, limit_signed_edit(o, Pages::encrypted)); }

Report run_w1b(const Options& o) { return filled(o, "W1b", o.n, bulk_records, limit_bulk_rows(o, Pages::encrypted)); }

}  // namespace kiz::bench

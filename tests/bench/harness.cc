#include "tests/bench/harness.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace kiz::bench {
namespace fs = std::filesystem;

WorkFolder::WorkFolder(const fs::path& parent) {
  std::string name = parent / "kiz-bench-XXXXXX";
  if (!::mkdtemp(name.data())) throw fs::filesystem_error("mkdtemp", parent, {errno, std::generic_category()});
  path_ = name;
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;  // a leftover folder is no reason to lose the figures
  fs::remove_all(path_, ignored);
}

std::uint64_t peak_rss_bytes() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    std::uint64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  throw std::runtime_error{"/proc/self/status has no VmHWM"};
}

double ProcessorWatch::now() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double ProcessorWatch::seconds() const { return now() - start_; }

std::uint64_t disk_bytes(const fs::path& folder) {
  std::uint64_t total = 0;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    struct stat at {};
    if (::lstat(entry.path().c_str(), &at) == 0) total += static_cast<std::uint64_t>(at.st_blocks) * 512;
  }
  return total;
}

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// Five digits say all that a noisy machine can; more would only look exact.
double rounded(double value) { return value == 0 ? 0 : std::stod(fmt::format("{:.5g}", value)); }

}  // namespace

std::string to_json(const Report& r) {
  Json out{{"schema", "kiz.bench/1"},
           {"workload", r.workload},
           {"n", r.n},
           {"seed", r.seed},
           {"seconds", rounded(r.seconds)},
           {"rate", rounded(r.rate())},
           {"limit", r.has_limit() ? Json{{"name", r.limit.name}, {"seconds", rounded(r.limit.seconds_for(r.n))}} : Json(nullptr)},
           {"ratio", r.has_limit() ? Json(rounded(r.ratio())) : Json(nullptr)},
           {"fsyncs_per_commit", or_null(r.fsyncs_per_commit)},
           {"peak_rss_bytes", r.peak_rss_bytes},
           {"cpu_seconds", Json::array()},
           {"wire_bytes", or_null(r.wire_bytes)},
           {"disk_bytes", or_null(r.disk_bytes)},
           {"runs", Json::array()}};
  for (const double seconds : r.cpu_seconds) out["cpu_seconds"].push_back(rounded(seconds));
  for (const RunTime& run : r.runs) {
    out["runs"].push_back({{"seconds", rounded(run.seconds)}, {"ratio", r.has_limit() ? Json(rounded(run.ratio)) : Json(nullptr)}});
  }
  for (const auto& [name, value] : r.extra) out[name] = rounded(value);
  return out.dump();
}

std::string to_json(const std::vector<Limit>& limits) {
  Json out{{"schema", "kiz.bench/1"}, {"workload", "limits"}, {"limits", Json::array()}};
  for (const auto& l : limits) {
    out["limits"].push_back(
        {{"name", l.name}, {"n", l.n}, {"unit", l.unit}, {"seconds", rounded(l.seconds)}, {"rate", rounded(l.rate())}});
  }
  return out.dump();
}

std::string to_text(const Report& r) {
  std::string out = fmt::format("{}: {} in {:.3f} s, {:.0f}/s", r.workload, r.n, r.seconds, r.rate());
  if (r.has_limit()) {
    out += fmt::format("; limit {} {:.3f} s, ratio {:.2f}", r.limit.name, r.limit.seconds_for(r.n), r.ratio());
  }
  out += "\n";
  if (r.runs.size() > 1) {
    out += fmt::format("  {} runs             {:.3f} to {:.3f} s", r.runs.size(), r.runs.front().seconds, r.runs.back().seconds);
    const auto [least, most] = std::ranges::minmax(r.runs, {}, &RunTime::ratio);
    if (r.has_limit()) out += fmt::format(", ratio {:.2f} to {:.2f}", least.ratio, most.ratio);
    out += "\n";
  }
  if (r.fsyncs_per_commit) out += fmt::format("  fsyncs per commit  {:.3f}\n", *r.fsyncs_per_commit);
  for (const double seconds : r.cpu_seconds) out += fmt::format("  processor time     {:.3f} s\n", seconds);
  for (const auto bytes : r.peak_rss_bytes)
    out += fmt::format("  peak memory        {:.1f} MiB\n", double(bytes) / 1048576);
  if (r.wire_bytes)
    out += fmt::format("  on the wire        {} B, {:.1f} per record\n", *r.wire_bytes,
                       double(*r.wire_bytes) / double(r.n));
  if (r.disk_bytes)
    out += fmt::format("  on the disk        {} B, {:.1f} per record\n", *r.disk_bytes,
                       double(*r.disk_bytes) / double(r.n));
  for (const auto& [name, value] : r.extra) out += fmt::format("  {:<18} {:.5g}\n", name, value);
  return out;
}

std::string to_text(const std::vector<Limit>& limits) {
  std::string out;
  for (const auto& l : limits) {
    out += fmt::format("{:<34} {:>9} {:<8} {:>9.4f} s {:>13.0f} /s {:>10.3f} us each\n", l.name, l.n, l.unit, l.seconds,
                       l.rate(), l.seconds / static_cast<double>(l.n) * 1e6);
  }
  return out;
}

}  // namespace kiz::bench

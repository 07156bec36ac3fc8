// One entry that this program cannot bear must not keep everything else away. What it has failed on twice, the second time
// alone, is set aside: a log pauses here, all others go on, and an upgrade tries it again.
//
// It is the log that is set aside, not one run of it: the same entries come again in runs that end elsewhere, and each would
// cost two failures more. The frontier ends before them, as at a waiting entry, so no state differs from other replicas'.
// Only what has not been verified yet goes by the run's own signature: nobody may set another's log aside by naming it.
#include <algorithm>
#include <exception>

#include "libclient/replica_core.h"

namespace kiz {
namespace {

constexpr char set_aside_prefix[] = "set_aside/";
constexpr std::size_t signature_bytes = 64, log_at = 2;

// A run ends with its signature, and begins with version, suite and log (SPEC.md 3).
Hash name_of_unverified(const IncomingRun& run) {
  const ByteView bytes{run.bytes};
  return bytes.size() < signature_bytes ? Hash{} : Hash::from(bytes.subspan(bytes.size() - signature_bytes, Hash{}.bytes.size()));
}
Hash claimed_log(const IncomingRun& run) {
  const ByteView bytes{run.bytes};
  return bytes.size() < log_at + Hash{}.bytes.size() ? Hash{} : Hash::from(bytes.subspan(log_at, Hash{}.bytes.size()));
}

}  // namespace

// The program may have ended by its own fault while runs were taken in: the first time what was under way becomes suspect.
// A suspect is taken alone, so the second time there is one culprit.
void ReplicaCore::judge_last_end() {
  const ByteView version = view(KIZ_VERSION);
  for (const auto& [name, by] : facts(set_aside_prefix)) {
    const Bytes bytes = from_hex(std::string_view{name}.substr(sizeof set_aside_prefix - 1));
    if (bytes.size() == Hash{}.bytes.size() && std::equal(by.begin(), by.end(), version.begin(), version.end())) {
      set_aside_.insert(Hash::from(bytes));
    }
  }
  IntakeGuard& guard = files_->intake_guard();
  const std::vector<Hash> failed_on = guard.failed_on();
  set_aside_suspects(failed_on);
  guard.suspect(failed_on);
}

void ReplicaCore::set_aside_suspects(const std::vector<Hash>& names) {
  for (const Hash& name : names) {
    if (!files_->intake_guard().is_suspect(name)) continue;
    set_aside_.insert(name);
    // Where the disk does not take it, it holds while this program runs.
    static_cast<void>(write([&]() -> Result<void> {
      put_fact(set_aside_prefix + to_hex(name), view(KIZ_VERSION));
      return {};
    }));
  }
}

Result<void> ReplicaCore::try_set_aside_again() {
  files_->intake_guard().acquit_all();
  auto dropped = write([&]() -> Result<void> {
    for (const Hash& name : set_aside_) drop_fact(set_aside_prefix + to_hex(name));
    return {};
  });
  if (dropped) set_aside_.clear();
  return dropped;
}

bool ReplicaCore::is_set_aside(const IncomingRun& run) const {
  return !set_aside_.empty() && (set_aside_.count(name_of_unverified(run)) > 0 || set_aside_.count(claimed_log(run)) > 0);
}

Result<std::vector<RunReport>> ReplicaCore::ingest(std::span<const IncomingRun> runs) {
  if (options_.base_vfs.empty() && is_reserve_reached(options_.directory)) return Error{Errc::no_space, "reserve"};
  IntakeGuard& guard = files_->intake_guard();
  if (set_aside_.empty() && !guard.has_suspects()) {
    try {
      return take_guarded(runs);
    } catch (const std::exception&) {
      guard.suspect(guard.under_way());
    }
  }
  std::vector<RunReport> out;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (is_set_aside(runs[i])) {
      out.push_back({Errc::set_aside, false, {}, {}});
      continue;
    }
    try {
      auto taken = take_guarded(runs.subspan(i, 1));
      out.push_back(taken ? taken->front() : RunReport{taken.error().code, false, {}, {}});
    } catch (const std::exception&) {
      const std::vector<Hash> failed_on = guard.under_way();
      set_aside_suspects(failed_on);
      guard.suspect(failed_on);
      out.push_back({Errc::set_aside, false, {}, {}});
    }
  }
  return out;
}

// An exception counts as a failure, too, and ends the note.
Result<std::vector<RunReport>> ReplicaCore::take_guarded(std::span<const IncomingRun> runs) {
  struct Noted {
    IntakeGuard& guard;
    ~Noted() { guard.end(); }
  } noted{files_->intake_guard()};
  return take_runs(runs);
}

void ReplicaCore::note_under_way(std::span<const IncomingRun> runs, Checked checked) {
  std::vector<Hash> names;
  for (const IncomingRun& run : runs) {
    if (checked != Checked::yes) names.push_back(name_of_unverified(run));
    if (checked != Checked::no) names.push_back(claimed_log(run));
  }
  files_->intake_guard().begin(names);
}

}  // namespace kiz

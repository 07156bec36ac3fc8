#include "tests/sim/checkers.h"

#include <algorithm>
#include <map>

#include "libclient/replica_core.h"
#include "protocol/registry.h"
#include "tests/sim/founding.h"
#include "tests/support/temp_dir.h"

namespace kiz::sim {
namespace {

std::string name_of(const Space& space) {
  return space.owner + "/" + std::to_string(static_cast<std::uint32_t>(space.collection));
}

void judge_promises(std::span<const Holder> holders, std::span<const Promise> promises,
                    Verdict& out) {
  for (const Promise& promise : promises) {
    if (promise.excused) continue;
    bool kept = true;
    for (const Holder& holder : holders) {
      if (!may_read(holder.member, promise.space) || holds(holder.replica, promise)) continue;
      kept = false;
      out.findings.push_back(holder.name + " lacks an acknowledged entry of machine " + std::to_string(promise.by) + " in " + name_of(promise.space));
    }
    if (!kept) ++out.lost;
  }
}

void judge_spaces(std::span<const Holder> holders, Verdict& out) {
  std::map<Space, std::map<std::string, Hash>> held;
  for (const Holder& holder : holders) {
    for (const SpaceStatus& status : holder.replica.spaces()) {
      if (holder.replica.core().slot(status.space)->heads().empty()) continue;  // nothing, or all of it in quarantine
      held[status.space][holder.name] = status.state_hash;
      if (!may_read(holder.member, status.space)) {
        out.findings.push_back(holder.name + " holds " + name_of(status.space) + ", which it may not read");
      }
    }
  }
  for (const auto& [space, hashes] : held) {
    for (const Holder& holder : holders) {
      if (!may_read(holder.member, space)) continue;
      const auto own = hashes.find(holder.name);
      if (own == hashes.end() || own->second != hashes.begin()->second) {
        out.findings.push_back(holder.name + " differs from " + hashes.begin()->first + " in " + name_of(space));
      }
    }
  }
}

void judge_tallies(std::span<const Holder> holders, std::span<const Promise> promises, std::span<const TallyBounds> tallies, Verdict& out) {
  for (const TallyBounds& tally : tallies) {
    std::int64_t least = 0;
    for (const Promise& promise : promises) {
      if (promise.space == tally.space && !promise.excused) least += promise.delta;
    }
    for (const Holder& holder : holders) {
      if (tally.most == 0 || !may_read(holder.member, tally.space)) continue;
      const auto record = holder.replica.read(tally.space, tally.record);
      const auto* field = record ? record->field(registry::fields::count::tally) : nullptr;
      const std::int64_t sum = field != nullptr ? field->sum : 0;
      if (sum >= least && sum <= tally.most) continue;
      out.findings.push_back(holder.name + " counts " + std::to_string(sum) + " in " + name_of(tally.space) + ", not " +
                             std::to_string(least) + " to " + std::to_string(tally.most));
    }
  }
}

// Entries that nobody else may read: no peer can ever acknowledge them.
std::uint64_t entries_for_itself(const Holder& holder, std::span<const Holder> holders) {
  std::uint64_t out = 0;
  for (const SpaceStatus& status : holder.replica.spaces()) {
    const auto readers = std::count_if(holders.begin(), holders.end(), [&](const Holder& other) {
      return may_read(other.member, status.space);
    });
    if (readers == 1) out += status.entries;
  }
  return out;
}

// locked_out: a device was; what it wrote beyond its end is in quarantine, and some of it was counted before.
void judge_stores(std::span<const Holder> holders, bool locked_out, Verdict& out) {
  for (const Holder& holder : holders) {
    const Verification verified = holder.replica.verify(true);
    if (!verified.ok) {
      out.findings.push_back(holder.name + " does not verify: " +
                             (verified.findings.empty() ? std::string{"no reason given"} : verified.findings.front()));
    }
    const StoreFigures figures = holder.replica.figures();
    if (figures.quarantined != 0 && !locked_out) out.findings.push_back(holder.name + " keeps entries in quarantine");
    if (figures.waiting != 0) out.findings.push_back(holder.name + " has entries that wait");
    if (figures.pending > entries_for_itself(holder, holders)) {
      out.findings.push_back(holder.name + " has own entries that no peer has acknowledged");
    }
    for (const std::string& file : holder.disk.names()) {
      if (test::contains(holder.disk.read(file), plaintext_marker)) {
        out.findings.push_back(holder.name + " has plaintext in " + file.substr(file.rfind('/') + 1));
      }
    }
  }
}

}  // namespace

bool may_read(const MemberId& member, const Space& space) {
  if (space.collection == Collection::counts) return member == space.owner || member == kreis_member;
  return space.collection != Collection::offers || member != land_member;
}

bool holds(Replica& replica, const Promise& promise) {
  const SpaceSlot* slot = replica.core().slot(promise.space);
  return slot != nullptr && slot->store.find(promise.entry) != 0;
}

Verdict judge(std::span<const Holder> holders, std::span<const Promise> promises, std::span<const TallyBounds> tallies,
              bool locked_out) {
  Verdict out;
  judge_promises(holders, promises, out);
  judge_spaces(holders, out);
  judge_tallies(holders, promises, tallies, out);
  judge_stores(holders, locked_out, out);
  return out;
}

}  // namespace kiz::sim

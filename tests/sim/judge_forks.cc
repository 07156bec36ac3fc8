// Where a log has forked, every reader can prove it and is told.
#include <algorithm>
#include <map>
#include <set>

#include "libclient/alarms.h"
#include "libclient/replica_core.h"
#include "protocol/crypto.h"
#include "tests/sim/checkers.h"

namespace kiz::sim {
namespace {

constexpr std::uint64_t told_for_ms = 29ull * 24 * 60 * 60 * 1000;  // a day less than the product promises

// Logs of which two entries at one place were acknowledged, whatever the store says of branches.
std::set<LogId> forked_logs(const Holder& holder, std::span<const Promise> promises) {
  std::map<std::pair<LogId, Seq>, std::set<EntryHash>> at;
  std::set<LogId> out;
  for (const Promise& promise : promises) {
    const SpaceSlot* slot = holder.replica.core().slot(promise.space);
    const EntryRef entry = slot == nullptr ? 0 : slot->store.find(promise.entry);
    if (entry == 0) continue;
    const Place place = slot->store.meta(entry).place;
    const LogId& log = slot->store.log(place.log).id;
    auto& entries = at[{log, place.seq}];
    entries.insert(promise.entry);
    if (entries.size() > 1) out.insert(log);
  }
  return out;
}

bool proves(const ForkProof& proof) {
  std::set<EntryHash> heads;
  for (const auto& branch : proof.branches) {
    if (crypto::verify(proof.author, run_label, branch.head.entry, branch.signature)) heads.insert(branch.head.entry);
  }
  return heads.size() > 1 && heads.size() == proof.branches.size();
}

}  // namespace

void judge_forks(std::span<const Holder> holders, std::span<const Promise> promises, bool clocks_were_right, Verdict& out) {
  for (const Holder& holder : holders) {
    const auto proofs = fork_proofs(holder.replica);
    bool recent = false;
    for (const ForkProof& proof : proofs) {
      if (!proves(proof)) out.findings.push_back(holder.name + " has a fork proof that proves nothing");
      recent |= holder.replica.now_ms() < proof.newest_ms + told_for_ms;
    }
    for (const LogId& log : forked_logs(holder, promises)) {
      const bool proven = std::any_of(proofs.begin(), proofs.end(), [&](const ForkProof& proof) { return proof.log == log; });
      if (!proven) out.findings.push_back(holder.name + " cannot prove that a log has forked");
    }
    if (!recent || !clocks_were_right) continue;
    const auto told = alarms(holder.replica);
    if (std::none_of(told.begin(), told.end(), [](const Alarm& alarm) { return alarm.code == "W_FORK" || alarm.code == "W_FORK_OWN"; })) {
      out.findings.push_back(holder.name + " is not told that a log has forked");
    }
  }
}

}  // namespace kiz::sim

#include "protocol/frontier.h"

#include <algorithm>
#include <iterator>

#include "protocol/frontier_fields.h"

namespace kiz {
namespace {

/// Last entry of the branch itself that the frontier reaches; fork_seq or less if none.
Seq end_of(const Branch& branch, Reach reach) {
  const Seq held = std::min(branch.tip, branch.quarantined_from - 1);
  return reach == Reach::held ? held : std::min(held, branch.waiting_from - 1);
}

void add_heads(const History& history, const LogInfo& info, Reach reach, std::vector<Head>& out) {
  for (BranchNo at = 0; at < info.branches.size(); ++at) {
    const Seq end = end_of(info.branches[at], reach);
    if (end <= info.branches[at].fork_seq) continue;
    const bool goes_on = std::any_of(info.branches.begin(), info.branches.end(), [&](const Branch& child) {
      return child.parent == at && child.fork_seq == end && end_of(child, reach) > end;
    });
    if (goes_on) continue;
    const EntryRef ref = history.source().at({info.ref, at, end});
    out.push_back({info.id, end, history.source().meta(ref).hash});
  }
}

}  // namespace

Hash Frontier::digest() const { return crypto::hash("kiz-sync frontier v1", wire::encode(*this)); }

bool Frontier::names(const Head& head) const { return std::binary_search(heads.begin(), heads.end(), head); }

Frontier frontier_of(const History& history, Reach reach) {
  Frontier out;
  for (LogRef ref = 1; ref <= history.source().log_count(); ++ref) {
    add_heads(history, history.source().log(ref), reach, out.heads);
  }
  std::sort(out.heads.begin(), out.heads.end());
  return out;
}

FrontierDifference difference(const Frontier& ours, const Frontier& theirs) {
  FrontierDifference out;
  std::set_difference(ours.heads.begin(), ours.heads.end(), theirs.heads.begin(), theirs.heads.end(),
                      std::back_inserter(out.only_ours));
  std::set_difference(theirs.heads.begin(), theirs.heads.end(), ours.heads.begin(), ours.heads.end(),
                      std::back_inserter(out.only_theirs));
  return out;
}

std::vector<Stretch> missing_from(const History& history, const Frontier& ours, const Frontier& theirs) {
  std::vector<Stretch> out;
  const LogSource& source = history.source();
  for (const Head& mine : ours.heads) {
    const EntryRef my_ref = source.find(mine.entry);
    if (my_ref == 0) continue;
    Seq after = 0;
    for (const Head& head : theirs.heads) {
      if (head.log != mine.log) continue;
      const EntryRef ref = source.find(head.entry);
      if (ref == 0) {
        after = std::max(after, std::min(head.seq, mine.seq));
        continue;
      }
      after = std::max(after, history.last_shared(source.meta(ref).place, source.meta(my_ref).place));
    }
    if (after < mine.seq) out.push_back({after, mine});
  }
  return out;
}

}  // namespace kiz

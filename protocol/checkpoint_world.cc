#include "protocol/checkpoint_world.h"

#include <algorithm>
#include <map>

#include "protocol/intake.h"
#include "protocol/memory_log.h"

namespace kiz {
namespace {

constexpr std::size_t records_per_step = 256;

/// The entry with this seq on the way to `tip`.
EntryRef on_the_way(const LogSource& from, const LogInfo& info, const Place& tip, Seq seq) {
  BranchNo branch = tip.branch;
  while (seq <= info.branches[branch].fork_seq) branch = info.branches[branch].parent;
  return from.at({tip.log, branch, seq});
}

}  // namespace

struct CheckpointWorld::Held {
  MemoryLog logs;
  MemoryRecords records;
  Merge merge;
  const FieldTypes& types;

  Held(const Rulings& rulings, const FieldTypes& known) : merge(logs, records, rulings, known), types(known) {}
};

CheckpointWorld::CheckpointWorld(const Rulings& rulings, const FieldTypes& types) : held_(std::make_unique<Held>(rulings, types)) {}
CheckpointWorld::~CheckpointWorld() = default;

Result<void> CheckpointWorld::fill(const LogSource& from, const std::vector<CheckpointHead>& heads,
                                   const std::function<EntryBody(EntryRef)>& body) {
  for (const CheckpointHead& named : heads) {
    const EntryRef ref = from.find(named.head.entry);
    if (ref == 0) return Error{Errc::gap, "checkpoint"};
    const Place tip = from.meta(ref).place;
    const LogInfo info = from.log(tip.log);
    if (info.id != named.head.log || tip.seq != named.head.seq) return Error{Errc::gap, "checkpoint"};
    if (info.author != named.author) return Error{Errc::unknown_log, "checkpoint"};
    EntryHash before = EntryHash::from(named.head.log);
    for (Seq seq = 1; seq <= tip.seq; ++seq) {
      const EntryRef at = on_the_way(from, info, tip, seq);
      const EntryHash hash = from.meta(at).hash;
      EntryBody content = body(at);
      for (Op& op : content.ops) op.value.reset();
      if (auto taken = take_in(held_->logs, held_->merge.history(), {named.head.log, named.author, seq, before, hash, content}); !taken) {
        return taken.error();
      }
      before = hash;
    }
  }
  held_->merge.rebuild();
  return {};
}

Hash CheckpointWorld::state() const {
  StateHasher hasher;
  for (const auto& [id, state] : held_->records.all()) {
    if (!state.empty()) hasher.add(id, record_digest(id, state));
  }
  return hasher.finish();
}

std::vector<OpsOfEntry> CheckpointWorld::superseded(const Space& space) const {
  std::map<EntryHash, std::vector<std::uint32_t>> found;
  std::vector<RecordId> ids;
  std::optional<RecordId> after;
  do {
    ids.clear();
    held_->logs.records_after(after, records_per_step, ids);
    for (const RecordId& id : ids) {
      if (!may_be_pruned(space, id.kind)) continue;
      for (const CellName& op : superseded_ops(held_->merge.history(), held_->types, id)) found[op.entry].push_back(op.op);
    }
    if (!ids.empty()) after = ids.back();
  } while (ids.size() == records_per_step);
  for (auto& [entry, ops] : found) std::sort(ops.begin(), ops.end());
  return {found.begin(), found.end()};
}

}  // namespace kiz

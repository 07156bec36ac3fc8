#include "libclient/older_state.h"

#include <algorithm>
#include <optional>

#include "libclient/stored_facts.h"
#include "protocol/entry_fields.h"

namespace kiz::older_state {
namespace {

constexpr char prefix[] = "older_state/";

struct StoredNote {
  TransportKey peer;
  Space space;
  Head head;  // that the peer lacked
  std::uint64_t at_ms = 0;

  template <class Archive>
  void serialize(Archive& ar) { ar(peer, space, head, at_ms); }
};

/// Where a peer can be expected to hold this entry once it has had it; log 0: it cannot.
Place expected(const ReplicaCore& core, const SpaceSlot& slot, const Head& head) {
  const Place place = slot.merge.history().held(head.entry);
  if (!place || slot.merge.history().newest_cut(place.log, core.control().last_seq())) return {};
  return place;
}

bool is_covered(const SpaceSlot& slot, const Place& place, const std::vector<Head>& heads) {
  const LogId& log = slot.store.log(place.log).id;
  return std::any_of(heads.begin(), heads.end(), [&](const Head& head) {
    if (head.log != log) return false;
    const Place tip = slot.merge.history().held(head.entry);
    return tip ? tip == place || slot.merge.history().is_ancestor(place, tip) : head.seq > place.seq;  // it has more than is held here
  });
}

std::optional<Head> lacking(const ReplicaCore& core, const TransportKey& peer, const SpaceSlot& slot, const std::vector<Head>& heads) {
  const PeerMemory::Marks* marks = core.peers().of(peer);
  if (marks == nullptr) return std::nullopt;
  const SpaceNumber number = slot.store.number();
  for (auto at = marks->lower_bound({number, 0}); at != marks->end() && at->first.space == number; ++at) {
    const Head head{slot.store.log(at->first.log).id, at->second.seq, at->second.entry};
    if (std::binary_search(heads.begin(), heads.end(), head)) continue;  // nearly every log: nothing to look up
    const Place place = expected(core, slot, head);
    if (place && !is_covered(slot, place, heads)) return head;
  }
  return std::nullopt;
}

}  // namespace

Result<void> note(ReplicaCore& core, const TransportKey& peer, const Space& space, const std::vector<Head>& heads) {
  const SpaceSlot* slot = core.slot(space);
  const auto lacked = slot == nullptr ? std::nullopt : lacking(core, peer, *slot, heads);
  if (!lacked) return {};
  const Bytes stored = wire::encode(StoredNote{peer, space, *lacked, core.now_ms()});
  return core.write([&]() -> Result<void> {
    core.put_fact(prefix + to_hex(peer), stored);
    return {};
  });
}

std::vector<Noted> noted(const ReplicaCore& core) {
  std::vector<Noted> out;
  for (const StoredNote& stored : stored_facts<StoredNote>(core, prefix)) {
    const SpaceSlot* slot = core.slot(stored.space);
    if (slot != nullptr && expected(core, *slot, stored.head)) out.push_back({stored.peer, stored.space, stored.at_ms});
  }
  return out;
}

}  // namespace kiz::older_state

#include "libclient/agreement.h"

#include <algorithm>

#include "libclient/stored_facts.h"
#include "protocol/entry_fields.h"
#include "protocol/registry.h"
#include "protocol/sync_digest.h"

namespace kiz::agreement {
namespace {

constexpr char prefix[] = "state_seen/";

std::string fact_name(const Space& space) { return prefix + to_hex(wire::encode(space)); }

struct StoredNote {
  std::uint64_t verdict = 0, at_ms = 0;
  TransportKey peer;
  Space space;

  template <class Archive>
  void serialize(Archive& ar) { ar(verdict, at_ms, peer, space); }
};

}  // namespace

Result<Verdict> compare(ReplicaCore& core, SpaceSlot& slot, const Hash& told) {
  if (core.state_hash(slot) == told) return Verdict::same;
  if (auto evaluated = core.evaluate_anew(slot); !evaluated) return evaluated.error();
  return core.state_hash(slot) == told ? Verdict::mended : Verdict::differs;
}

Result<void> note(ReplicaCore& core, const Space& space, Verdict verdict, const TransportKey& peer) {
  const std::string name = fact_name(space);
  const auto held = core.fact(name);
  if (verdict == Verdict::same) {
    const auto before = held ? wire::decode<StoredNote>(*held) : Result<StoredNote>{Error{Errc::not_found, "note"}};
    if (!before || before->verdict != static_cast<std::uint64_t>(Verdict::differs) || before->peer != peer) return {};
    return core.write([&]() -> Result<void> {
      core.drop_fact(name);
      return {};
    });
  }
  const Bytes stored = wire::encode(StoredNote{static_cast<std::uint64_t>(verdict), core.now_ms(), peer, space});
  return core.write([&]() -> Result<void> {
    core.put_fact(name, stored);
    return {};
  });
}

std::vector<Noted> noted(const ReplicaCore& core) {
  std::vector<Noted> out;
  for (const StoredNote& stored : stored_facts<StoredNote>(core, prefix)) {
    out.push_back({stored.space, stored.verdict == static_cast<std::uint64_t>(Verdict::mended) ? Verdict::mended : Verdict::differs,
                   stored.at_ms, stored.peer});
  }
  return out;
}

ShortDigest counters_known() {
  static const ShortDigest digest = [] {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> counters;
    for (const registry::Kind& kind : registry::all_kinds()) {
      for (const registry::Field& field : kind.fields) {
        if (field.merge == registry::Merge::counter) counters.emplace_back(kind.number, field.number);
      }
    }
    std::sort(counters.begin(), counters.end());
    wire::Writer ar;
    ar.varint(counters.size());
    for (auto [kind, field] : counters) ar(kind, field);
    return shortened(crypto::hash("kiz-sync counters v1", ar.bytes()));
  }();
  return digest;
}

}  // namespace kiz::agreement

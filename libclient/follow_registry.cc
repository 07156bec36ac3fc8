#include <map>
#include <vector>

#include "libclient/replica_core.h"
#include "protocol/entry_fields.h"

namespace kiz {
namespace {

constexpr std::size_t kinds_max = 100'000;
constexpr std::size_t records_per_step = 1000;  // so many lie in memory at once

using Kinds = std::map<std::uint32_t, Hash>;

struct StoredKind {
  std::uint32_t kind = 0;
  Hash digest;

  template <class Archive>
  void serialize(Archive& ar) { ar(kind, digest); }
};

struct StoredKinds {
  std::vector<StoredKind> kinds;

  template <class Archive>
  void serialize(Archive& ar) { ar(wire::list(kinds, kinds_max, 33)); }
};

Kinds decode_kinds(ByteView fact) {
  Kinds out;
  const auto stored = wire::decode<StoredKinds>(fact);
  if (!stored) return out;  // then all is derived once more
  for (const StoredKind& each : stored->kinds) out[each.kind] = each.digest;
  return out;
}

/// What two programs say of one kind.
bool agree(std::uint32_t kind, const Kinds& one, const Kinds& other) {
  const auto a = one.find(kind), b = other.find(kind);
  if (a == one.end() || b == other.end()) return a == one.end() && b == other.end();
  return a->second == b->second;
}

}  // namespace

// Records lie as the program derived them that took their entries. One that knows more fields, or otherwise how they merge,
// derives other sums and other conflicts from the same entries. Damage is left for the doctor to find. Where nothing is noted
// yet nothing has changed yet.
void ReplicaCore::follow_registry() {
  constexpr char name[] = "registered_kinds";
  const Kinds known = registered_kinds();
  const auto noted = fact(name);
  const Kinds before = noted ? decode_kinds(*noted) : known;
  if (noted && before == known) return;
  static_cast<void>(write([&]() -> Result<void> {
    for (SpaceSlot* slot : slots_as_made_) {
      std::vector<RecordId> records;
      auto query = db_->query("SELECT kind, key FROM records WHERE space = ? ORDER BY id");  // neighbours were written by the same entry
      query << slot->store.number();
      while (query.step()) {
        const auto kind = static_cast<std::uint32_t>(query.number(0));
        if (!agree(kind, before, known)) records.push_back({kind, RecordKey::from(query.blob(1))});
      }
      for (std::size_t i = 0; i < records.size(); ++i) {
        slot->merge.refresh(records[i]);
        if ((i + 1) % records_per_step == 0) slot->store.flush();
      }
    }
    StoredKinds stored;
    for (const auto& [kind, digest] : known) stored.kinds.push_back({kind, digest});
    put_fact(name, wire::encode(stored));
    return {};
  }));
}

}  // namespace kiz

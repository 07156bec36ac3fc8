#include "libclient/receipts.h"

#include <algorithm>

#include "protocol/limits.h"
#include "protocol/wire.h"

namespace kiz::receipts {
namespace {

constexpr char held_prefix[] = "receipt/";
constexpr char given_prefix[] = "receipt_given/";

std::string space_key(const Space& space) { return space.owner + "/" + std::to_string(static_cast<unsigned>(space.collection)) + "/" + space.counterpart; }

std::optional<Receipt> decode(ByteView bytes) {
  auto receipt = decode_message<Receipt>(bytes);
  if (!receipt) return std::nullopt;
  return std::move(*receipt);
}

}  // namespace

std::vector<Receipt> make_due(ReplicaCore& core, const TransportKey& peer) {
  std::vector<Receipt> out;
  const Device* own = core.own_device();
  const Device* device = core.membership().device(peer);
  if (own == nullptr || own->member != core.membership().authority() || device == nullptr || device->revoked || device->member == own->member) return out;
  std::vector<std::pair<std::string, Hash>> given;
  for (const SpaceSlot* slot : core.slots_read_by(device->member)) {
    const Space& space = slot->store.space();
    const auto& heads = slot->heads();
    if (space.owner != device->member || heads.empty() || heads.size() > limits::receipt_heads_max) continue;
    const std::string name = given_prefix + to_hex(peer) + "/" + space_key(space);
    const Hash digest = slot->digest();
    const auto before = core.fact(name);
    if (before && std::equal(before->begin(), before->end(), digest.bytes.begin(), digest.bytes.end())) continue;
    Receipt receipt{SpaceName::of(space), core.now_ms(), heads, core.files().author(), {}};
    receipt.signature = core.files().signing().sign(receipt_label, receipt_hash(receipt, core.realm()));
    out.push_back(std::move(receipt));
    given.emplace_back(name, digest);
  }
  if (given.empty()) return out;
  const auto kept = core.write([&]() -> Result<void> {
    for (const auto& [name, digest] : given) core.put_fact(name, digest);
    return {};
  });
  if (!kept) out.clear();
  return out;
}

bool take(ReplicaCore& core, const Receipt& receipt) {
  const Device* own = core.own_device();
  const Device* issuer = core.membership().device(receipt.issuer);
  if (own == nullptr || receipt.space.owner != own->member) return false;
  if (issuer == nullptr || issuer->member != core.membership().authority()) return false;
  if (!crypto::verify(receipt.issuer, receipt_label, receipt_hash(receipt, core.realm()), receipt.signature)) return false;
  const std::string name = held_prefix + space_key(receipt.space.in(core.realm()));
  if (const auto before = core.fact(name)) {
    const auto held = decode(*before);
    if (held && held->time_ms >= receipt.time_ms) return false;
  }
  const auto kept = core.write([&]() -> Result<void> {
    core.put_fact(name, encode_message(receipt).body);
    return {};
  });
  return static_cast<bool>(kept);
}

std::vector<Receipt> held(const ReplicaCore& core) {
  std::vector<Receipt> out;
  for (const auto& [name, bytes] : core.facts(held_prefix)) {
    if (auto receipt = decode(bytes)) out.push_back(std::move(*receipt));
  }
  return out;
}

std::uint64_t not_covered(const ReplicaCore& core, const Receipt& receipt) {
  const SpaceSlot* slot = core.slot(receipt.space.in(core.realm()));
  if (slot == nullptr) return 0;
  std::uint64_t out = 0;
  for (const Head& head : slot->heads()) {
    if (slot->store.log(slot->store.find_log(head.log)).author != core.files().author()) continue;
    Seq named = 0;
    for (const Head& known : receipt.heads) {
      if (known.log == head.log) named = std::max(named, known.seq);
    }
    if (head.seq > named) out += head.seq - named;
  }
  return out;
}

}  // namespace kiz::receipts

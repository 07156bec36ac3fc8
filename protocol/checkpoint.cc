#include "protocol/checkpoint.h"

#include <algorithm>

#include "protocol/checkpoint_fields.h"
#include "protocol/control_log.h"
#include "protocol/crypto.h"

namespace kiz {
namespace {
constexpr std::uint32_t kind_of_counts = 3;  // registry_tables.h: the numbers themselves, not their returns and reviews
}

Hash checkpoint_hash(const CheckpointClaim& claim) { return crypto::hash(checkpoint_label, wire::encode(claim)); }

Result<void> check_claim(const CheckpointClaim& claim) {
  if (claim.heads.empty()) return Error{Errc::malformed, "checkpoint"};
  for (std::size_t i = 0; i < claim.heads.size(); ++i) {
    if (claim.heads[i].head.seq == 0) return Error{Errc::malformed, "checkpoint"};
    if (i > 0 && claim.heads[i - 1].head.log == claim.heads[i].head.log) return Error{Errc::malformed, "checkpoint"};
  }
  return {};
}

Result<void> check_checkpoint(const Checkpoint& checkpoint) {
  if (auto good = check_claim(checkpoint.claim); !good) return good;
  if (!crypto::verify(checkpoint.signer, checkpoint_label, checkpoint_hash(checkpoint.claim), checkpoint.signature)) {
    return Error{Errc::bad_signature, "checkpoint"};
  }
  return {};
}

bool lies_below(const Cut& cut, const CheckpointClaim& claim) {
  return std::any_of(claim.heads.begin(), claim.heads.end(), [&](const CheckpointHead& held) {
    if (held.head.log != cut.log) return false;
    return cut.seq < held.head.seq || (cut.seq == held.head.seq && cut.head != held.head.entry);
  });
}

bool may_be_pruned(const Space& space) {
  switch (space.collection) {
    case Collection::offers:
    case Collection::needs:
    case Collection::counts:
    case Collection::actors:
    case Collection::events: return true;
    default: return false;
  }
}

bool may_be_pruned(const Space& space, std::uint32_t record_kind) {
  return may_be_pruned(space) && (space.collection != Collection::counts || record_kind == kind_of_counts);
}

}  // namespace kiz

// Checkpoints: a frontier of a space below which superseded values may go, for good. Rules: SPEC.md §15. What a replica
// evaluates there: checkpoint_world.h.
#pragma once

#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"

namespace kiz {

struct Cut;

/// How the state hash of a claim is computed: SPEC.md §5.9 as it stands.
inline constexpr std::uint64_t checkpoint_schema = 1;

struct CheckpointHead {
  Head head;
  AuthorKey author;  // of the log: whom a revocation would concern

  auto operator<=>(const CheckpointHead&) const = default;
  template <class Archive>
  void serialize(Archive& ar);
};

/// What is said of a space: its state hash at these heads.
struct CheckpointClaim {
  Space space;
  std::uint64_t schema = checkpoint_schema;
  Hash state;
  std::vector<CheckpointHead> heads;  // ascending, one for each log

  bool operator==(const CheckpointClaim&) const = default;
  template <class Archive>
  void serialize(Archive& ar);
};

/// Payload of control records of kind 11.
struct Checkpoint {
  CheckpointClaim claim;
  AuthorKey signer;  // a device of the space's owner
  Signature signature;

  template <class Archive>
  void serialize(Archive& ar);
};

inline constexpr char checkpoint_label[] = "kiz-sync checkpoint v1";
/// What the signer signs, under the same label.
Hash checkpoint_hash(const CheckpointClaim& claim);

/// Form and signature. errors: malformed (no head, a seq of 0, two heads of one log), bad_signature
Result<void> check_checkpoint(const Checkpoint& checkpoint);
Result<void> check_claim(const CheckpointClaim& claim);

/// True if this end of a log would take away what the checkpoint counts on.
bool lies_below(const Cut& cut, const CheckpointClaim& claim);

/// Where superseded values go at all: what documents an agreement or a locked month keeps its past.
bool may_be_pruned(const Space& space);
bool may_be_pruned(const Space& space, std::uint32_t record_kind);

}  // namespace kiz

// The field lists of checkpoint.h, kept apart so that only codecs see cereal. Layout in words: SPEC.md §15.
#pragma once

#include "protocol/checkpoint.h"
#include "protocol/limits.h"
#include "protocol/wire.h"

namespace kiz {

template <class Archive>
void CheckpointHead::serialize(Archive& ar) { ar(cereal::make_nvp("head", head), cereal::make_nvp("author", author)); }

template <class Archive>
void CheckpointClaim::serialize(Archive& ar) {
  constexpr std::size_t head_and_author_bytes_min = 32 + 1 + 32 + 32;
  ar(cereal::make_nvp("space", space), cereal::make_nvp("schema", schema), cereal::make_nvp("state", state),
     cereal::make_nvp("heads", wire::sorted_set(heads, limits::checkpoint_heads_max, head_and_author_bytes_min)));
}

template <class Archive>
void Checkpoint::serialize(Archive& ar) {
  ar(cereal::make_nvp("claim", claim), cereal::make_nvp("signer", signer), cereal::make_nvp("signature", signature));
}

}  // namespace kiz

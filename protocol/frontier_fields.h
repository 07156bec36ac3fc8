// The field list of frontier.h, kept apart so that only codecs see cereal.
#pragma once

#include "protocol/frontier.h"
#include "protocol/limits.h"
#include "protocol/wire.h"

namespace kiz {

template <class Archive>
void Frontier::serialize(Archive& ar) {
  constexpr std::size_t head_bytes = 32 + 1 + 32;
  ar(cereal::make_nvp("heads", wire::sorted_set(heads, limits::heads_max, head_bytes)));
}

}  // namespace kiz

// The property of every decoder: refuse, or re-encode to the same bytes.
#pragma once

#include "kiz/assert.h"
#include "protocol/wire.h"

namespace kiz::fuzz {

/// The decoded structure when the bytes were accepted.
template <class T>
Result<T> decode_and_compare(ByteView in) {
  auto decoded = wire::decode<T>(in);
  if (decoded) KIZ_ASSERT(std::ranges::equal(wire::encode(*decoded), in));
  return decoded;
}

}  // namespace kiz::fuzz

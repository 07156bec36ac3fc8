// A fuzz target is one file, <name>_fuzz.cc, that defines the two functions below. It is built twice: with libFuzzer
// (preset fuzz), and as fuzz_<name>, which ctest runs on the corpus, the seeds and mutations of both, the same each
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kiz/bytes.h"

namespace kiz::fuzz {

/// Takes any bytes. Refuses them silently or accepts them; aborts through KIZ_ASSERT when what it accepted is wrong.
int one(ByteView in);

/// Right inputs, built with the product's own encoders: what mutations start from.
std::vector<Bytes> seeds();

/// What one input may make a decoder hold at most, in bytes of heap: a length in the input must not buy memory.
inline constexpr std::size_t held_bytes_max(std::size_t input_bytes) {
  return (std::size_t{4} << 20) + 64 * input_bytes;
}

}  // namespace kiz::fuzz

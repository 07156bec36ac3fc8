// Canonical bytes of what holds keys, written into memory that does not move: a buffer that grows leaves copies of keys
// in the memory it gives back.
#pragma once

#include "kiz/assert.h"
#include "protocol/wire.h"

namespace kiz {

/// As wire::encode. `bytes_max`: what the structure can come to at most; memory that is never written costs nothing.
/// The caller wipes the bytes.
template <class T>
Bytes encode_secret(const T& value, std::size_t bytes_max) {
  wire::Writer writer;
  writer.reserve(bytes_max);
  const std::uint8_t* const before = writer.bytes().data();
  writer(const_cast<T&>(value));  // a field list serves both directions; writing changes nothing
  KIZ_ASSERT(writer.bytes().data() == before);
  return writer.take();
}

}  // namespace kiz

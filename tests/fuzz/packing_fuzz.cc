// One zstd frame from outside: bombs, missing content sizes, dictionaries.
#include "protocol/packing.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

namespace {
constexpr std::size_t content_bytes_max = 64u << 10;
}

int one(ByteView in) {
  const auto content = unpack(in, content_bytes_max);
  if (content) KIZ_ASSERT(content->size() <= content_bytes_max && content->size() > in.size());
  return 0;
}

std::vector<Bytes> seeds() {
  Bytes text;
  while (text.size() < 3000)
    text.insert(text.end(), {'S', 'p', 'r', 'a', 'c', 'h', 'e', static_cast<std::uint8_t>(text.size())});
  return {*pack(text), *pack(Bytes(content_bytes_max, 0)), *pack(Bytes(content_bytes_max + 1, 0))};
}

}  // namespace kiz::fuzz

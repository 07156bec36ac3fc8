// What a member sends inside the channel: messages, packed ones among them.
#include "protocol/message_stream.h"

#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

int one(ByteView in) {
  // Where frames were cut must not matter.
  KIZ_ASSERT(reads_as_messages(in, in.size()) == reads_as_messages(in, 7));
  return 0;
}

std::vector<Bytes> seeds() {
  Bytes small, packed, several;
  KIZ_ASSERT(append_message(1, Bytes{1, 2, 3}, small));
  KIZ_ASSERT(append_message(300, Bytes(5000, 'a'), packed));
  for (const std::size_t size : {0u, 1u, 200u, 400u}) KIZ_ASSERT(append_message(7, Bytes(size, 'b'), several));
  return {small, packed, several};
}

}  // namespace kiz::fuzz

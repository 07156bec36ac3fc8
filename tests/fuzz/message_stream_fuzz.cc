// The plaintext stream of a channel: messages cut anywhere, packed or not.
#include "protocol/message_stream.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

// Where the pieces are cut must not decide what is read.
int one(ByteView in) {
  const bool whole = reads_as_messages(in, in.size());
  KIZ_ASSERT(reads_as_messages(in, 7) == whole);
  if (in.size() < 4096) KIZ_ASSERT(reads_as_messages(in, 1) == whole);
  return 0;
}

std::vector<Bytes> seeds() {
  Bytes several;
  KIZ_ASSERT(append_message(1, {}, several));
  KIZ_ASSERT(append_message(200, Bytes(10, 5), several));
  KIZ_ASSERT(append_message(10, Bytes(5000, 7), several));  // packed
  Bytes alone;
  KIZ_ASSERT(append_message(3, view("abc"), alone));
  return {several, alone};
}

}  // namespace kiz::fuzz

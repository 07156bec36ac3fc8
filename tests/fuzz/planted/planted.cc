// A decoder with the two classic mistakes; ctest expects the runner to fail on it, else the runner finds nothing.
#include "kiz/assert.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

// A count of 4-byte items follows a zero byte; the second mistake needs two wrong bytes at once.
int one(ByteView in) {
  if (in.size() < 4 || in[0] != 0) return 0;
#ifdef PLANTED_ALLOCATION
  std::vector<std::uint32_t> items;
  items.reserve(std::size_t{in[1]} << 20);  // the length is believed before it is checked
#else
  KIZ_ASSERT(in[1] != 0xff || in[2] == 2);
#endif
  return 0;
}

std::vector<Bytes> seeds() { return {{0, 1, 2, 3}}; }

}  // namespace kiz::fuzz

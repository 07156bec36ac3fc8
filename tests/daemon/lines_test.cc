#include "daemon/lines.h"

#include <doctest/doctest.h>

using namespace kiz;

namespace {
const TransportKey ahaus = TransportKey::from(Bytes(32, 1));
const TransportKey bocholt = TransportKey::from(Bytes(32, 2));
const int first = 0, second = 0, third = 0;  // their addresses are lines
}  // namespace

TEST_CASE("lines: a device comes once and goes once, however many lines it has meanwhile") {
  Lines lines;
  CHECK(lines.began(&first, ahaus));
  CHECK_FALSE(lines.began(&second, ahaus));  // the first one is dead, and nobody has noticed yet
  CHECK(lines.began(&third, bocholt));
  CHECK_FALSE(lines.ended(&first));
  CHECK(lines.ended(&second));
  CHECK(lines.ended(&third));
  CHECK(lines.began(&first, ahaus));
}

TEST_CASE("lines: one that was hung up on before it was used is no loss") {
  Lines lines;
  CHECK_FALSE(lines.ended(&first));
  CHECK(lines.began(&first, ahaus));
  CHECK_FALSE(lines.ended(&second));  // both had called each other; this call was not kept
  CHECK(lines.ended(&first));
  CHECK_FALSE(lines.ended(&first));
}

#include "libclient/references.h"

#include <doctest/doctest.h>

using namespace kiz;
using namespace kiz::references;

namespace {
RecordKey key() { return RecordKey::from(from_hex("3a6f00112233445566778899aabbccdd")); }
}  // namespace

TEST_CASE("references: a spelt key is read back as its first bits") {
  const auto prefix = parse("A", "A-" + spell(key(), 3));
  REQUIRE(prefix.has_value());
  CHECK(prefix->bits == 15);
  CHECK(spell(prefix->key, 3) == spell(key(), 3));
  CHECK(parse("A", spell(key(), 26))->key == key());
  CHECK(parse("A", to_hex(key()))->key == key());
}

TEST_CASE("references: what is heard on the telephone is read all the same") {
  CHECK(parse("A", "a-1o1")->key == parse("A", "A-1O1")->key);
  CHECK(parse("A", "A-LOI")->key == parse("A", "101")->key);
  CHECK(parse("PE", "pe 7k3")->bits == 15);
}

TEST_CASE("references: another kind's letter, foreign signs and too many characters are no reference") {
  CHECK_FALSE(parse("A", "S-7K3").has_value());
  CHECK_FALSE(parse("A", "A-").has_value());
  CHECK_FALSE(parse("A", "A-7$3").has_value());
  CHECK_FALSE(parse("A", "A-" + std::string(27, '0')).has_value());
  CHECK_FALSE(parse("A", std::string(26, 'Z')).has_value());  // 130 bits: more than a key has
}

// The body of an entry, as it travels inside a run.
#include "protocol/entry.h"
#include "protocol/entry_fields.h"
#include "tests/fuzz/entry_shapes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/round_trip.h"

namespace kiz::fuzz {

// What is accepted can be hashed and can lose its values; none of it changes what the entry is called.
int one(ByteView in) {
  auto body = decode_and_compare<EntryBody>(in);
  if (!body || !check_body(*body)) return 0;
  const Hash root = ops_root(*body);
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < body->ops.size(); ++i) all.push_back(i);
  drop_values(*body, all);
  KIZ_ASSERT(ops_root(*body) == root);
  KIZ_ASSERT(wire::decode<EntryBody>(wire::encode(*body)));
  return 0;
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (const EntryBody& body : bodies_of_every_shape()) out.push_back(wire::encode(body));
  return out;
}

}  // namespace kiz::fuzz

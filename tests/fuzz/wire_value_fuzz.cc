// The content of an op.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/round_trip.h"

namespace kiz::fuzz {

int one(ByteView in) {
  (void)decode_and_compare<Value>(in);
  return 0;
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (const Value& value :
       {Value{}, Value{std::int64_t{0}}, Value{std::int64_t{-300}}, Value{INT64_MAX}, Value{INT64_MIN},
        Value{std::string{"Sprachcafé"}}, Value{std::string(300, 'x')}, Value{Bytes{0, 1, 2, 0xff}}}) {
    out.push_back(wire::encode(value));
  }
  return out;
}

}  // namespace kiz::fuzz

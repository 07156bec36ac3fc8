// An invite and a check number as a person pasted or typed them.
#include "protocol/enrolment_code.h"

#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

int one(ByteView in) {
  const std::string_view text{reinterpret_cast<const char*>(in.data()), in.size()};
  if (const auto invite = decode_invite(text)) {
    const auto written = encode_invite(*invite);
    KIZ_ASSERT(written);  // what is read can be written
    const auto again = decode_invite(*written);
    KIZ_ASSERT(again && *encode_invite(*again) == *written && again->id() == invite->id());
  }
  if (const auto number = CheckNumber::parse(text)) KIZ_ASSERT(*CheckNumber::parse(number->text()) == *number);
  return 0;
}

std::vector<Bytes> seeds() {
  Invite invite{{}, {}, Secret<16>{Bytes(16, 3)}, {"sync.kreis.example:7420", "[2001:db8::1]:7420"}, 1'800'000'000'000};
  std::vector<Bytes> out;
  for (const std::string& text : {*encode_invite(invite), std::string{"1234 5678"}, std::string{"KIZ1-"}}) {
    out.emplace_back(text.begin(), text.end());
  }
  return out;
}

}  // namespace kiz::fuzz

// What a local program sends to the daemon's control socket.
#include "libclient/control_frame.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

int one(ByteView in) {
  const auto message = control_frame::decode({reinterpret_cast<const char*>(in.data()), in.size()});
  if (message) KIZ_ASSERT(message->is_object() && control_frame::encode(*message));
  if (in.size() >= control_frame::header_bytes) {
    std::array<std::uint8_t, control_frame::header_bytes> header{};
    std::copy_n(in.begin(), header.size(), header.begin());
    const auto bytes = control_frame::body_bytes(header);
    KIZ_ASSERT(!bytes || (*bytes > 0 && *bytes <= control_frame::body_bytes_max));
  }
  return 0;
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (const std::string_view text :
       {R"({"v":1,"request":"offer.new","args":{"title":"Sprachcafé"},"lang":"de","dry_run":false})",
        R"({"a":[[[[{"b":null}]]]],"n":-1.5e300,"t":"\u00e4\n"})"}) {
    out.emplace_back(text.begin(), text.end());
  }
  out.emplace_back(200, std::uint8_t{'['});
  return out;
}

}  // namespace kiz::fuzz

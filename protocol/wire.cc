#include "protocol/wire.h"

#include "protocol/limits.h"

namespace kiz::wire {

std::uint64_t Reader::varint() {
  std::uint64_t out = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at_ == end_) throw Refused{Errc::malformed, "cut short"};
    const std::uint8_t b = *at_++;
    if (shift == 63 && b > 1) throw Refused{Errc::over_limit, "number"};
    out |= std::uint64_t{b & 0x7fu} << shift;
    if ((b & 0x80) == 0) {
      if (b == 0 && shift > 0) throw Refused{Errc::not_canonical, "number"};
      return out;
    }
  }
  throw Refused{Errc::over_limit, "number"};
}

bool is_text(std::string_view in) {
  const auto* p = reinterpret_cast<const unsigned char*>(in.data());
  const auto* end = p + in.size();
  while (p < end) {
    const unsigned lead = *p++;
    if (lead == 0) return false;
    if (lead < 0x80) continue;
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || end - p < more) return false;
    unsigned code = lead & (0x3fu >> more);
    for (int i = 0; i < more; ++i) {
      if ((*p & 0xc0) != 0x80) return false;
      code = code << 6 | (*p++ & 0x3fu);
    }
    const bool overlong = (more == 2 && code < 0x800) || (more == 3 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
  }
  return true;
}

}  // namespace kiz::wire

namespace cereal {

using kiz::Bytes;
using kiz::limits::op_bytes_max;

// 0 nothing | 1 number | 2 text | 3 bytes
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::Value& v) {
  ar.varint(v.index());
  if (const auto* number = std::get_if<std::int64_t>(&v)) ar(*number);
  if (const auto* text = std::get_if<std::string>(&v)) ar(kiz::wire::text(*text, op_bytes_max));
  if (const auto* bytes = std::get_if<Bytes>(&v)) ar(kiz::wire::blob(*bytes, op_bytes_max));
}

void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, kiz::Value& v) {
  switch (ar.varint()) {
    case 0: v = kiz::Null{}; return;
    case 1: ar(v.emplace<std::int64_t>()); return;
    case 2: {
      auto text = kiz::wire::text(v.emplace<std::string>(), op_bytes_max);
      ar(text);
      return;
    }
    case 3: {
      auto blob = kiz::wire::blob(v.emplace<Bytes>(), op_bytes_max);
      ar(blob);
      return;
    }
    default: throw kiz::wire::Refused{kiz::Errc::malformed, "value"};
  }
}

}  // namespace cereal

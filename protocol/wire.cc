#include "protocol/wire.h"

#include <cstring>

#include "protocol/limits.h"

namespace kiz::wire {

std::uint64_t Reader::long_varint() {
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

namespace {

// Eight bytes of plain ASCII without a NUL: most of what people write.
bool is_plain(const unsigned char* p) {
  constexpr std::uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  return (((word - ones) | word) & high) == 0;  // no byte is above 127, and none was 0 and borrowed
}

}  // namespace

bool is_text(std::string_view in) {
  const auto* p = reinterpret_cast<const unsigned char*>(in.data());
  const auto* end = p + in.size();
  while (p < end) {
    if (end - p >= 8 && is_plain(p)) {
      p += 8;
      continue;
    }
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

// 0 nothing | 1 number | 2 text | 3 bytes
ValueBytes::ValueBytes(const Value& value) {
  head_[head_size_++] = static_cast<std::uint8_t>(value.index());
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    head_size_ += put_varint(zigzag(*number), head_ + head_size_);
    return;
  }
  if (const auto* text = std::get_if<std::string>(&value)) content_ = kiz::view(*text);
  if (const auto* bytes = std::get_if<Bytes>(&value)) content_ = *bytes;
  if (value.index() > 1) head_size_ += put_varint(content_.size(), head_ + head_size_);
}

void pass_over_value(Reader& ar) {
  switch (ar.varint()) {
    case 0: return;
    case 1: ar.varint(); return;
    case 2:
    case 3: ar.raw(ar.count(limits::op_bytes_max, 1)); return;
    default: throw Refused{Errc::malformed, "value"};
  }
}

}  // namespace kiz::wire

namespace cereal {

using kiz::Bytes;
using kiz::limits::op_bytes_max;

void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::Value& v) {
  const kiz::wire::ValueBytes bytes{v};
  const auto* text = std::get_if<std::string>(&v);
  KIZ_ASSERT(bytes.content().size() <= op_bytes_max && (text == nullptr || kiz::wire::is_text(*text)));
  ar.raw(bytes.head());
  ar.raw(bytes.content());
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

#include "libclient/text_encoding.h"

#include <fmt/format.h>

#include <array>

#include "protocol/wire.h"

namespace kiz::text_encoding {
namespace {

// Windows-1252, 0x80..0x9F; the rest is Latin-1. 0: not defined.
constexpr std::array<char32_t, 32> high = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                           0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                           0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                           0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

char32_t from_1252(unsigned char byte) { return byte >= 0x80 && byte < 0xA0 ? high[byte - 0x80] : byte; }

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool starts_with_utf16_mark(std::string_view bytes) {
  return bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF") ||
         bytes.starts_with(std::string_view("\0\0\xFE\xFF", 4));
}

/// Appends one line; returns the index of a byte that Windows-1252 does not define, or npos.
std::size_t append_1252(std::string& out, std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char32_t c = from_1252(static_cast<unsigned char>(line[i]));
    if (c == 0) return i;
    append_utf8(out, c);
  }
  return std::string_view::npos;
}

}  // namespace

Read<Decoded> to_utf8(std::string_view bytes) {
  if (starts_with_utf16_mark(bytes)) return Complaint{.code = Complaint::Code::utf16, .line = 1, .column = 1};
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);

  Decoded out;
  if (wire::is_text(bytes)) {  // the usual file: one pass, one copy
    out.text = bytes;
    return out;
  }
  bool utf8_seen = false;
  std::size_t line_number = 0;
  for (std::size_t start = 0; start < bytes.size();) {
    ++line_number;
    const auto end = bytes.find('\n', start);
    const std::string_view line = bytes.substr(start, end == std::string_view::npos ? end : end + 1 - start);
    start += line.size();
    if (const auto nul = line.find('\0'); nul != std::string_view::npos) {
      return Complaint{.code = Complaint::Code::nul_byte, .line = line_number, .column = nul + 1};
    }
    if (wire::is_text(line)) {
      out.text += line;
      for (const char c : line) utf8_seen = utf8_seen || static_cast<unsigned char>(c) >= 0x80;
      continue;
    }
    if (const auto at = append_1252(out.text, line); at != std::string_view::npos) {
      return Complaint{.code = Complaint::Code::broken_encoding,
                       .given = fmt::format("{:02X}", static_cast<unsigned char>(line[at])),
                       .line = line_number,
                       .column = at + 1};
    }
    if (out.lines_1252++ == 0) out.first_line_1252 = line_number;
  }
  out.encoding = utf8_seen ? Encoding::mixed : Encoding::windows_1252;
  return out;
}

}  // namespace kiz::text_encoding

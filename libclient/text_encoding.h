// Files as offices have them, as UTF-8. Detected by content, never by name or locale.
//
// Rule, line by line (a line ends at LF): well-formed UTF-8 is UTF-8; any other line is read as Windows-1252, unless it
// holds a byte that Windows-1252 does not define (81 8D 8F 90 9D), which is refused with line and column. By line,
// because lists get put together from several sources: one real list has a name in UTF-8 and two in Windows-1252, and
// either encoding for the whole file would lose one of them. A line in Windows-1252 with umlauts is practically never
// well-formed UTF-8: that needs "Ã" or "Â" followed by a sign.
#pragma once

#include <string>
#include <string_view>

#include "libclient/complaint.h"

namespace kiz::text_encoding {

enum class Encoding : std::uint8_t { utf8, windows_1252, mixed };

struct Decoded {
  std::string text;  // UTF-8 without byte order mark; line ends untouched
  Encoding encoding = Encoding::utf8;
  std::size_t lines_1252 = 0;       // how many lines were read as Windows-1252 ...
  std::size_t first_line_1252 = 0;  // ... and the first of them, from 1; worth a look in the preview when mixed
};

/// complaints  utf16 (a UTF-16 or UTF-32 byte order mark), nul_byte, broken_encoding; with line and column
Read<Decoded> to_utf8(std::string_view bytes);

}  // namespace kiz::text_encoding

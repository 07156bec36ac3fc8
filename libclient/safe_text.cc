#include "libclient/safe_text.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace kiz::safe_text {
namespace {

constexpr std::string_view ellipsis = "…";

bool hides(UChar32 c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;
  if (c == 0xAD || c == 0x61C || c == 0x115F || c == 0x1160 || c == 0x17B4 || c == 0x17B5 || c == 0x180E) return true;
  if (c >= 0x200B && c <= 0x200F && c != 0x200D) return true;
  if ((c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || c == 0x3164 || c == 0xFFA0)
    return true;
  return (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF) || U_IS_UNICODE_NONCHAR(c);
}

std::string shown(UChar32 c) { return c < 0x80 ? fmt::format("\\x{:02x}", c) : fmt::format("\\u{{{:x}}}", c); }

/// How many characters at the beginning are printable ASCII: most text is nothing else, and needs no looking up.
std::size_t plain_prefix(std::string_view text) {
  std::size_t out = 0;
  while (out < text.size() && text[out] >= ' ' && text[out] <= '~') ++out;
  return out;
}

/// The character at `i`, which moves behind it; -1 - byte for one broken byte, so that what follows is still read.
UChar32 next(std::string_view text, std::size_t& i) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const std::size_t start = i;
  UChar32 c = 0;
  U8_NEXT(bytes, i, text.size(), c);
  if (c >= 0) return c;
  i = start + 1;
  return -1 - bytes[start];
}

std::string escape(std::string_view text, bool one_line) {
  std::string out;
  out.reserve(text.size());
  UChar32 before = ' ';
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t plain = plain_prefix(text.substr(i)); plain > 0) {
      out += text.substr(i, plain);
      i += plain;
      before = text[i - 1];
      continue;
    }
    const std::size_t start = i;
    const UChar32 c = next(text, i);
    // a joiner is needed between letters of Indic scripts and between emoji, and shows nowhere else
    const bool joiner =
        c == 0x200D && (u_isalpha(before) || before >= 0x2190 || u_charType(before) == U_NON_SPACING_MARK);
    if (c < 0) {
      out += fmt::format("\\x{:02x}", -1 - c);
    } else if (c == '\t') {
      out += ' ';
    } else if (c == '\n') {
      out += one_line ? "\\n" : "\n";
    } else if (hides(c) || (c == 0x200D && !joiner)) {
      out += c == '\r' && one_line ? "\\r" : shown(c);
    } else {
      out += text.substr(start, i - start);
    }
    before = c < 0 ? ' ' : c;
  }
  return out;
}

std::size_t columns_of(UChar32 c) {
  if (c < 0 || (c >= 0x20 && c < 0x300 && c != 0xAD)) return 1;  // most text: nothing to look up
  switch (u_charType(c)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_FORMAT_CHAR:
      return 0;
    default:
      break;
  }
  const auto wide = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  const bool emoji = u_hasBinaryProperty(c, UCHAR_EMOJI_PRESENTATION);
  return wide == U_EA_WIDE || wide == U_EA_FULLWIDTH || emoji ? 2 : 1;
}

}  // namespace

std::optional<std::size_t> plain_width(std::string_view text) {
  std::size_t letters_of_two = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(text[i]);
    if (c >= ' ' && c <= '~') continue;
    const auto next = i + 1 < text.size() ? static_cast<std::uint8_t>(text[i + 1]) : std::uint8_t{0};
    const bool continues = next >= 0x80 && next <= 0xBF;
    const bool letter = (c == 0xC2 && next >= 0xA1 && next != 0xAD) || (c >= 0xC3 && c <= 0xC9);  // U+00A1 to U+027F
    if (!continues || !letter) return std::nullopt;
    ++letters_of_two;
    ++i;
  }
  return text.size() - letters_of_two;
}

std::string lines(std::string_view text) { return escape(text, false); }

std::string line(std::string_view text, std::size_t columns_max) { return clip(escape(text, true), columns_max); }

std::size_t width(std::string_view text) {
  constexpr UChar32 joiner = 0x200D;  // what follows is joined to the picture before
  std::size_t columns = 0;
  UChar32 before = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t plain = plain_prefix(text.substr(i)); plain > 0) {
      columns += plain - (before == joiner ? 1u : 0u);
      i += plain;
      before = text[i - 1];
      continue;
    }
    const UChar32 c = next(text, i);
    if (before != joiner) columns += columns_of(c);
    before = c;
  }
  return columns;
}

std::string clip(std::string_view text, std::size_t columns_max) {
  if (text.size() <= columns_max || width(text) <= columns_max)
    return std::string(text);  // no byte is wider than one column
  if (columns_max == 0) return {};
  std::size_t columns = 0, kept = 0;
  UChar32 before = 0;
  for (std::size_t i = 0; i < text.size();) {
    const UChar32 c = next(text, i);
    const std::size_t more = before == 0x200D ? 0 : columns_of(c);
    if (columns + more > columns_max - 1) break;
    columns += more;
    kept = i;
    before = c;
  }
  return std::string(text.substr(0, kept)) + std::string(ellipsis);
}

std::string pad(std::string_view text, std::size_t columns) {
  std::string out = clip(text, columns);
  return out.append(columns - width(out), ' ');
}

std::string html(std::string_view text) {
  std::string out;
  for (const char c : escape(text, false)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace kiz::safe_text

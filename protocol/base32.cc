#include "protocol/base32.h"

namespace kiz::base32 {
namespace {

// Crockford's: no I, L, O, U.
constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Characters that mail programs, word processors and people put into a long code; UTF-8.
constexpr std::string_view separators[] = {
    " ", "\t", "\r", "\n", "-", "\xc2\xa0", "\xc2\xad", "\xe2\x80\x8b", "\xe2\x80\x90", "\xe2\x80\x91", "\xe2\x80\x92",
    "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95", "\xe2\x80\xaf", "\xef\xbb\xbf"};

}  // namespace

std::string encode(ByteView in) {
  std::string out;
  unsigned bits = 0;
  unsigned held = 0;
  for (const std::uint8_t byte : in) {
    held = held << 8 | byte;
    for (bits += 8; bits >= 5; bits -= 5) out.push_back(alphabet[held >> (bits - 5) & 31]);
    held &= 31;  // fewer than 5 bits wait
  }
  if (bits > 0) out.push_back(alphabet[held << (5 - bits) & 31]);
  return out;
}

std::optional<Bytes> decode(std::string_view in) {
  Bytes out;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : in) {
    const auto digit = alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    held = held << 5 | static_cast<unsigned>(digit);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<std::uint8_t>(held >> bits));
    held &= (1u << bits) - 1;
  }
  if (bits >= 5 || held != 0) return std::nullopt;
  return out;
}

std::string without_separators(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t skip = 0;
    for (const auto separator : separators) {
      if (text.starts_with(separator)) skip = separator.size();
    }
    if (skip == 0) out.push_back(text.front());
    text.remove_prefix(std::max<std::size_t>(skip, 1));
  }
  return out;
}

char as_meant(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') return '0';
  if (c == 'I' || c == 'L') return '1';
  return c;
}

std::string in_groups(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += group_characters) {
    if (at != 0) out += '-';
    out += text.substr(at, group_characters);
  }
  return out;
}

}  // namespace kiz::base32

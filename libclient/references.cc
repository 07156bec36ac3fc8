#include "libclient/references.h"

#include <algorithm>

namespace kiz::references {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr unsigned bits_per_character = 5;
constexpr unsigned key_bits = RecordKey::size_bytes * 8;
constexpr unsigned characters_max = 26;  // 26 * 5 = 130 bits cover the key

unsigned bit(const RecordKey& key, unsigned at) { return at < key_bits ? key.bytes[at / 8] >> (7 - at % 8) & 1U : 0U; }

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::optional<unsigned> number_of(char c) {
  const char big = upper(c);
  const char read = big == 'O' ? '0' : big == 'I' || big == 'L' ? '1' : big;
  const auto at = alphabet.find(read);
  return at == std::string_view::npos ? std::nullopt : std::optional{static_cast<unsigned>(at)};
}

/// What follows the letter and its hyphen or blank; the text itself where there is neither.
std::string_view without_letter(std::string_view letter, std::string_view text, bool& other_letter) {
  const auto cut = text.find_first_of("- ");
  if (cut == std::string_view::npos) return text;
  const std::string_view given = text.substr(0, cut);
  other_letter = given.size() != letter.size();
  for (std::size_t i = 0; !other_letter && i < given.size(); ++i) other_letter = upper(given[i]) != letter[i];
  return text.substr(cut + 1);
}

}  // namespace

std::string spell(const RecordKey& key, unsigned characters) {
  std::string out;
  for (unsigned i = 0; i < std::min(characters, characters_max); ++i) {
    unsigned number = 0;
    for (unsigned b = 0; b < bits_per_character; ++b) number = number << 1 | bit(key, i * bits_per_character + b);
    out += alphabet[number];
  }
  return out;
}

std::optional<Prefix> parse(std::string_view letter, std::string_view text) {
  if (text.size() == 2 * RecordKey::size_bytes) {
    if (const Bytes whole = from_hex(text); whole.size() == RecordKey::size_bytes) {
      return Prefix{RecordKey::from(whole), key_bits};
    }
  }
  bool other_letter = false;
  const std::string_view rest = without_letter(letter, text, other_letter);
  if (other_letter || rest.empty() || rest.size() > characters_max) return std::nullopt;
  Prefix out;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const auto number = number_of(rest[i]);
    if (!number) return std::nullopt;
    for (unsigned b = 0; b < bits_per_character; ++b) {
      const unsigned at = static_cast<unsigned>(i) * bits_per_character + b;
      if ((*number >> (bits_per_character - 1 - b) & 1U) == 0) continue;
      if (at >= key_bits) return std::nullopt;
      out.key.bytes[at / 8] = static_cast<std::uint8_t>(out.key.bytes[at / 8] | 0x80U >> at % 8);
    }
  }
  out.bits = std::min<unsigned>(static_cast<unsigned>(rest.size()) * bits_per_character, key_bits);
  return out;
}

std::string full_of(const RecordId& record) { return to_hex(record.key); }

}  // namespace kiz::references

#include <algorithm>
#include <bit>

#include "libclient/references.h"
#include "libclient/safe_text.h"
#include "protocol/registry.h"

namespace kiz::references {
namespace {
constexpr unsigned characters_min = 3, characters_max = 26;
constexpr unsigned bits_per_character = 5;
constexpr std::size_t quoted_columns_max = 40;

unsigned shared_bits(const RecordKey& a, const RecordKey& b) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < RecordKey::size_bytes; ++i, bits += 8) {
    const unsigned different = static_cast<unsigned>(a.bytes[i] ^ b.bytes[i]);
    if (different != 0) return bits + static_cast<unsigned>(std::countl_zero(static_cast<std::uint8_t>(different)));
  }
  return bits;
}
}  // namespace

std::string short_of(const Replica& replica, const RecordId& record) {
  const registry::Kind* kind = registry::find_kind(record.kind);
  if (kind == nullptr || kind->letter.empty()) return full_of(record);
  unsigned characters = characters_min;
  for (; characters < characters_max; ++characters) {
    const std::string text = spell(record.key, characters);
    const auto prefix = parse(kind->letter, text);
    if (!prefix || replica.find_by_prefix(record.kind, prefix->key, prefix->bits, 2).size() <= 1) break;
  }
  return std::string(kind->letter) + "-" + spell(record.key, characters);
}

ShortReferences::ShortReferences(const Replica& replica, std::uint32_t kind) {
  const registry::Kind* described = registry::find_kind(kind);
  if (described == nullptr || described->letter.empty()) return;
  letter_ = described->letter;
  for (const auto& [space, record] : replica.find_by_prefix(kind, {}, 0, SIZE_MAX)) keys_.push_back(record.key);
  if (!std::is_sorted(keys_.begin(), keys_.end())) std::sort(keys_.begin(), keys_.end());  // of one space they are
}

std::string ShortReferences::of(const RecordId& record) const {
  if (letter_.empty()) return full_of(record);
  const auto at = std::lower_bound(keys_.begin(), keys_.end(), record.key);
  unsigned shared = 0;  // bits that it shares with the nearest other key
  if (at != keys_.begin()) shared = std::max(shared, shared_bits(*std::prev(at), record.key));
  const auto next = at != keys_.end() && *at == record.key ? std::next(at) : at;
  if (next != keys_.end()) shared = std::max(shared, shared_bits(*next, record.key));
  return letter_ + "-" + spell(record.key, std::clamp(shared / bits_per_character + 1, characters_min, characters_max));
}

Result<std::pair<Space, RecordId>> find(const Replica& replica, std::uint32_t kind, std::string_view text) {
  const registry::Kind* described = registry::find_kind(kind);
  const std::string quoted = safe_text::line(text, quoted_columns_max);
  const auto prefix = described != nullptr ? parse(described->letter, text) : std::nullopt;
  if (!prefix) return Error{Errc::not_found, quoted};
  auto found = replica.find_by_prefix(kind, prefix->key, prefix->bits, 2);
  if (found.empty()) return Error{Errc::not_found, quoted};
  if (found.size() > 1) return Error{Errc::ambiguous, quoted};
  return std::move(found.front());
}

}  // namespace kiz::references

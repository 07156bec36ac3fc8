#include "libclient/references.h"
#include "libclient/safe_text.h"
#include "protocol/registry.h"

namespace kiz::references {
namespace {
constexpr unsigned characters_min = 3, characters_max = 26;
constexpr std::size_t quoted_columns_max = 40;
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

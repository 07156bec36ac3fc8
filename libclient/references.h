// Short references that can be said on the telephone: "A-7K3" for an offer, "S-2F9" for a subject of consent.
//
// The letter is the kind's (registry.h), what follows is the beginning of the record's key in Crockford's base 32: digits
// and letters without I, L, O, U, where I and L are read as 1 and O as 0. Shown is as much as tells the record apart from
// all others of its kind held here, at least three characters. So a reference grows as records come; an old one that has
// become ambiguous says so. The full id, 32 hexadecimal digits, always works.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kiz/replica.h"
#include "kiz/result.h"

namespace kiz::references {

/// The first `characters` (at most 26) of a key in base 32.
std::string spell(const RecordKey& key, unsigned characters);

struct Prefix {
  RecordKey key;      // zero beyond the prefix
  unsigned bits = 0;  // 128: the whole key
};
/// "A-7K3", "a 7k3", "7K3" (letter left out) or the full id. Empty: no reference, or one of another kind's letter.
std::optional<Prefix> parse(std::string_view letter, std::string_view text);

/// The shortest reference that tells this record apart here.
std::string short_of(const Replica& replica, const RecordId& record);
/// The same for many records of one kind: reads all keys of the kind once.
class ShortReferences {
 public:
  ShortReferences(const Replica& replica, std::uint32_t kind);
  std::string of(const RecordId& record) const;

 private:
  std::string letter_;             // empty: records of this kind have full ids only
  std::vector<RecordKey> keys_;    // ascending
};
/// The full id: 32 hexadecimal digits.
std::string full_of(const RecordId& record);

/// errors   not_found, ambiguous; the context is the text as given
Result<std::pair<Space, RecordId>> find(const Replica& replica, std::uint32_t kind, std::string_view text);

}  // namespace kiz::references

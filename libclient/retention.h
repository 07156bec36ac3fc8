// What has been kept as long as it may be (DOMAIN table of personal data): contacts two years after an offer ended, names of
// acting persons three years, counts ten years. Consents are kept for good and due when their subject is closed: to be offered
// to the archive, never to go. Nothing is erased by itself: a person orders it (erasure.h), after it was offered
// (archive_offer.h).
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "kiz/replica.h"

namespace kiz::retention {

enum class What : std::uint8_t { contacts, actors, counts, consents };
const char* name(What what);
/// What falls due in records of this kind; nullopt: nothing ever does.
std::optional<What> of_kind(std::uint32_t kind);
/// The fields that a period ends for; empty: all of them.
std::set<std::uint32_t> fields_of(What what);

struct Due {
  What what = What::contacts;
  Space space;
  RecordId record;              // kind 0: the names of acting persons in the space
  std::uint64_t since_ms = 0;   // when the period was over
  std::uint64_t values = 0;     // held here
};

/// In the spaces that this device's member owns.
std::vector<Due> due(Replica& replica);

inline constexpr std::uint64_t contacts_years = 2, actors_years = 3, counts_years = 10;
inline constexpr std::uint64_t year_ms = 31'556'952ull * 1000;  // of 365.2425 days
inline constexpr std::uint64_t actors_kept_ms = actors_years * year_ms;

}  // namespace kiz::retention

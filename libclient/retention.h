// What has been kept as long as it may be (DOMAIN table of personal data): contacts two years after an offer ended, names of
// acting persons three years, counts ten years. Nothing is erased by itself: a person orders it (erasure.h), after it was
// offered to the archive where the law on archives demands that.
#pragma once

#include <vector>

#include "kiz/replica.h"

namespace kiz::retention {

enum class What : std::uint8_t { contacts, actors, counts };
const char* name(What what);

struct Due {
  What what = What::contacts;
  Space space;
  RecordId record;              // kind 0: the names of acting persons in the space
  std::uint64_t since_ms = 0;   // when the period was over
  std::uint64_t values = 0;     // held here
};

/// In the spaces that this device's member owns.
std::vector<Due> due(Replica& replica);

inline constexpr std::uint64_t actors_kept_ms = 3ull * 31'556'952 * 1000;

}  // namespace kiz::retention

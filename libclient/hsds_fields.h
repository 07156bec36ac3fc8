// What writer and reader of HSDS agree on. Part of hsds.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/registry.h"

namespace kiz::hsds {

inline constexpr std::string_view taxonomy = "kiz-sync";

/// HSDS knows no "planned": such a service is not there yet, hence inactive.
inline std::string_view status_word(std::uint32_t status) {
  switch (status) {
    case registry::offer_status::planned:
      return "inactive";
    case registry::offer_status::paused:
      return "temporarily closed";
    case registry::offer_status::ended:
      return "defunct";
    default:
      return "active";
  }
}

/// The registry's name for a status of HSDS, for services that others wrote; empty: not a status.
inline std::string_view status_name(std::string_view word) {
  if (word == "active") return "active";
  if (word == "inactive" || word == "temporarily closed") return "paused";
  return word == "defunct" ? "ended" : "";
}

}  // namespace kiz::hsds

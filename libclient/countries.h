// States of origin. We keep ISO 3166-1 alpha-3, with XXA stateless, XXB and XXC refugee, XXX unknown, and beside it the
// key as the authority wrote it ("destatis:277"): German offices count by the three-digit state key of Destatis, which
// tells apart what ISO does not (276 and 277 are both Sudan) and knows states that are no more.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libclient/complaint.h"

namespace kiz::countries {

/// alpha-3 for a Destatis state key ("121", "-1", "997"). Former states give their former code (138 YUG, 132 SCG);
/// keys that stand for several states or for none known (199, 998, 999, -1) give XXX. Kosovo is XKX (user-assigned).
/// nullopt: not a key of the list.
std::optional<std::string> from_destatis(std::string_view key);

/// A German or English name, alpha-2, alpha-3, or "destatis:121".
/// complaints  unknown_country, with the nearest name
Read<std::string> resolve(std::string_view text, std::string_view field);

bool known(std::string_view alpha_3);

/// "Syrien", "Syria"; the code itself when nothing is known about it.
std::string name(std::string_view alpha_3, Tongue tongue);

}  // namespace kiz::countries

// The names of collections and spaces in JSON, events and status: English, frozen.
#pragma once

#include <string>
#include <string_view>

#include "kiz/ids.h"

namespace kiz {

/// "offers"; every collection that an embedding program brings along is "extension".
const char* name_of(Collection collection);

/// True for the name in English or German, in any spelling of upper and lower case.
bool is_name_of(Collection collection, std::string_view text);

/// "05554004/offers", with "/" and the counterpart where there is one; extensions carry their number.
std::string name_of(const Space& space);

}  // namespace kiz

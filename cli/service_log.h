// What kizd has told the journal of this machine.
#pragma once

#include <string>
#include <vector>

#include "kiz/result.h"

namespace kiz::cli {

/// The last lines, oldest first. errors: not_found (no journal here), not_permitted
Result<std::vector<std::string>> service_log(unsigned lines);

}  // namespace kiz::cli

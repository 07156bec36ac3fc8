// What a unit of kizd has told the journal of this machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/unit.h"
#include "kiz/result.h"

namespace kiz::cli {

/// The last lines of this unit alone, oldest first. errors: not_found (no unit, no journal here), not_permitted
Result<std::vector<std::string>> service_log(const std::optional<Unit>& unit, unsigned lines);

}  // namespace kiz::cli

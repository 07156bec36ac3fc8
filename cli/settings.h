// The configuration of the daemon that this run of kiz asks.
#pragma once

#include <string>

#include "cli/shell.h"

namespace kiz::cli {

/// What holds: in the daemon that answers; for a file, or where none runs, as a kizd started now would read it.
/// The daemon's own envelope, or one around what kizd printed.
Json settings(Shell& shell, const std::string& request, const std::string& file);

}  // namespace kiz::cli

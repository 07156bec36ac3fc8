// kiz regel: what the Kreis decides for all its towns.
#pragma once

#include "cli/commands.h"

namespace kiz::cli {

std::vector<Command> rule_commands();

}  // namespace kiz::cli

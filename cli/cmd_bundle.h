// kiz paket: cmd_bundle.cc.
#pragma once

#include "cli/commands.h"

namespace kiz::cli {

std::vector<Command> bundle_commands();

}  // namespace kiz::cli

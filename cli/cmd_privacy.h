// kiz datenschutz: cmd_privacy.cc.
#pragma once

#include "cli/commands.h"

namespace kiz::cli {

std::vector<Command> privacy_commands();

}  // namespace kiz::cli

// kiz loeschung, kiz auskunft: cmd_erasure.cc.
#pragma once

#include "cli/commands.h"

namespace kiz::cli {

std::vector<Command> erasure_commands();

}  // namespace kiz::cli

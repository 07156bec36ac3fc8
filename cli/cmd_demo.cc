#include "cli/commands.h"
namespace kiz::cli {
std::vector<Command> demo_commands() { return {}; }
}  // namespace kiz::cli

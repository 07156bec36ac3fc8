// Help: what a group holds, what a command takes. Wrapped to the screen, in the reader's language.
#pragma once

#include "cli/commands.h"
#include "cli/output.h"

namespace kiz::cli {

/// `path`: the words that led here, without "kiz".
void print_group_help(Output& out, const std::string& path, const Command& group);
void print_command_help(Output& out, const std::string& path, const Command& command, const Form& form, const CLI::App& app,
                        const CLI::App& everywhere);

}  // namespace kiz::cli

// All that the command line understands, as data: what man pages and the shells' completions are made of
// (packaging/man, packaging/completions), so that they say what the program does.
#pragma once

#include "cli/commands.h"

namespace kiz::cli {

/// {"program", "version", "options": [option], "commands": [command], "errors": [{"code", "exit", "text", "hint"}]}
///
///   command  {"german", "english", "also": [word], "summary", "operands": [{"name", "help", "optional", "many"}],
///             "options": [option], "commands": [command]}
///   option   {"names": ["-y", "--yes"], "value": what it takes or null, "many", "help"}
///
/// Texts are in the present language. `kiz --describe` prints it; the option stands in no help.
Json description(const CLI::App& everywhere);

}  // namespace kiz::cli

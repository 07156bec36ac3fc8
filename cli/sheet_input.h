// The emergency sheet as a person gives it: a file, standard input (-), or typed in. Never an option: it is the root key.
#pragma once

#include <string>

#include "protocol/emergency_sheet.h"

namespace kiz::cli {

class Shell;

/// Throws UsageError where the file cannot be read or nobody can be asked.
std::string sheet_text(Shell& shell, const std::string& file);

}  // namespace kiz::cli

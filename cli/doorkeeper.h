// Whom the daemon behind a socket lets in.
#pragma once

#include <filesystem>
#include <string>

namespace kiz::cli {

/// The group that the socket, or a closed folder around it, belongs to. Empty: that cannot be seen.
std::string group_let_in(const std::filesystem::path& socket);

}  // namespace kiz::cli

// Files of packaging/ that the library carries inside itself: the register of municipalities and the import mappings.
#pragma once

#include <span>
#include <string_view>

namespace kiz {

struct EmbeddedFile {
  std::string_view name;  // "municipalities.tsv", "bamf.toml"
  std::string_view text;
};

/// In the order of their names' groups; written at build time by packaging/cmake/embed.cmake.
std::span<const EmbeddedFile> embedded_files();

}  // namespace kiz

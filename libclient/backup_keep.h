// How backups are called, and which of them stay. Names: kiz-sync-05554004-1a2b3c4d-20261122T103000Z.kizbackup: member,
// first digits of the device's key, moment in UTC. Only files of that form and of this very device are ever removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kiz/ids.h"

namespace kiz::backup {

/// Of each of so many days, weeks, months the newest backup stays. All 0: everything stays.
struct KeepRules {
  std::size_t days = 0, weeks = 0, months = 0;
  bool any() const { return days + weeks + months > 0; }
};

/// "kiz-sync-05554004-1a2b3c4d"
std::string name_stem(const MemberId& member, const AuthorKey& author);
std::string file_name(const std::string& stem, std::uint64_t created_ms);
/// The moment in a file's name, if the name is one of this stem.
std::optional<std::uint64_t> moment_of(std::string_view file, const std::string& stem);

/// The moments that no rule keeps; never the newest.
std::vector<std::uint64_t> surplus(std::vector<std::uint64_t> moments_ms, const KeepRules& rules);

}  // namespace kiz::backup

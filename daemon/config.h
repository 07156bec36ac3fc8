// What kizd is told: command line over file over what the place suggests. The file is TOML; each key is explained in
// packaging/kiz-sync.toml. A key that is not known is refused, with its line and the nearest known one: a setting that
// is silently ignored is worse than a daemon that does not start.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "daemon/log.h"
#include "kiz/result.h"
#include "libclient/requests.h"

namespace kiz {

struct Config {
  std::filesystem::path file;  // empty: there is none
  std::filesystem::path store;
  std::filesystem::path socket;
  std::string socket_group;                        // empty: nobody's in particular
  std::optional<std::filesystem::path> password_file;
  std::optional<std::vector<std::string>> listen;  // absent: what was said at set-up
  std::vector<std::string> dial;                   // empty: what the invite says
  std::size_t peers_max = 512;
  bool offline = false;
  log::Level level = log::Level::info;
  /// "anna" or "@group" by the role they have here, read to administer.
  std::array<std::vector<std::string>, 4> roles = {
      {{}, {"@kiz-sync"}, {"@kiz-einvernehmen"}, {"root", "@kiz-admin"}}};
};

struct CommandLine {
  std::optional<std::string> config, store, socket;
  std::vector<std::string> listen;
  bool check_config = false;
};

/// errors: invalid_input (a sentence with file and line), io_error, not_found (a file was named and is not there)
Result<Config> read_config(const CommandLine& given);

/// "kiz.example:7411", "[::1]:7411", "127.0.0.1", ":7411" -> host (empty: all addresses) and port. errors: invalid_input
struct HostPort {
  std::string host, port;
};
Result<HostPort> parse_address(const std::string& text);

}  // namespace kiz

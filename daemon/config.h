// What kizd is told: command line over files over what the place suggests. The files are TOML: kiz-sync.toml, then
// conf.d/*.toml beside it in the order of their names; what stands in a later one holds. The keys, what each takes and
// what it is for: config_keys.h. A key that is not known is refused, with file, line and the nearest known one: a
// setting that is silently ignored is worse than a daemon that does not start.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/log.h"
#include "kiz/result.h"
#include "libclient/requests.h"
#include "protocol/limits.h"

namespace kiz {

/// Where a value comes from.
struct ConfigOrigin {
  enum class Kind { fallback, file, environment, command_line };
  Kind kind = Kind::fallback;
  std::string place;     // the file; the variable's or the option's name
  std::size_t line = 0;  // of the file
};

/// Another device of the realm that this one calls directly, beside the Kreis.
struct PeerAddress {
  std::string device;   // "G-3", its name in the realm, or its key in hexadecimal
  std::string address;
};

struct Config {
  std::filesystem::path store;
  std::filesystem::path socket;
  std::string socket_group;                        // empty: nobody's in particular
  std::optional<std::filesystem::path> password_file;
  std::optional<std::vector<std::string>> listen;  // absent: what was said at set-up
  std::vector<std::string> dial;                   // empty: what the invite says
  std::vector<std::string> peers;                  // as in parse_peer()
  std::size_t peers_max = 512;
  bool offline = false;
  log::Level level = log::Level::info;
  std::string metrics_listen;                      // empty: nobody may look
  std::filesystem::path backup_folder;             // empty: a target is named each time
  std::optional<std::filesystem::path> backup_password_file;
  std::size_t backup_keep_days = 7;                // of each of so many days, weeks, months the newest backup stays
  std::size_t backup_keep_weeks = 5;
  std::size_t backup_keep_months = 12;
  std::size_t backup_age_max_days = 8;
  std::size_t checkpoint_days = 90;                // between two checkpoints of a collection; 0: none
  std::size_t author_burst_mib = limits::author_burst_bytes >> 20;
  std::size_t author_daily_mib = limits::author_daily_bytes >> 20;
  /// "anna" or "@group" by the role they have here, read to administer.
  std::array<std::vector<std::string>, 4> roles = {
      {{}, {"@kiz-sync"}, {"@kiz-einvernehmen"}, {"root", "@kiz-admin"}}};

  std::vector<std::filesystem::path> files;        // that were read, in this order
  std::map<std::string, ConfigOrigin> origins;     // by key ("log.level"); absent: nobody said anything
};

struct CommandLine {
  std::optional<std::string> config, store, socket;
  std::vector<std::string> listen;
  bool check_config = false, show_config = false, config_reference = false;
};

/// errors: invalid_input (a sentence with file and line), io_error, not_found (a file was named and is not there)
Result<Config> read_config(const CommandLine& given);

/// Where a configuration is looked for when none is named.
std::filesystem::path default_config_file();

/// "kiz.example:7411", "[::1]:7411", "127.0.0.1", ":7411" -> host (empty: all addresses) and port. errors: invalid_input
struct HostPort {
  std::string host, port;
};
Result<HostPort> parse_address(const std::string& text);

/// "G-2 = 192.0.2.7:7411". errors: invalid_input
Result<PeerAddress> parse_peer(const std::string& text);

}  // namespace kiz

// The unit of systemd that runs the daemon behind a control socket, by the paths that packaging/systemd gives each of them:
// the machine's kizd, one of several Kreise on it (kizd@NAME), or a user's own.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace kiz::cli {

struct Unit {
  std::string name = "kizd";  // without ".service"; of an instance "kizd@NAME"
  bool of_user = false;       // run by the user's own service manager

  bool operator==(const Unit&) const = default;

  /// "systemctl restart kizd@ahaus", "systemctl --user restart kizd"
  std::string systemctl(const std::string& verb) const;
  /// The command of a finding that is for the machine's kizd, for this one; any other as it is.
  std::string mend(const std::string& command) const;
  /// journalctl's option for its lines alone.
  std::string journal_option() const;
  /// The configuration it is started with; empty: the one that kizd finds by itself.
  std::filesystem::path config_file() const;
};

/// `runtime`: the user's $XDG_RUNTIME_DIR, empty where there is none. Empty: a daemon that somebody started otherwise.
std::optional<Unit> unit_at(const std::filesystem::path& socket, const std::filesystem::path& runtime);

}  // namespace kiz::cli

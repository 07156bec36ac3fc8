#include "cli/unit.h"

#include <algorithm>
#include <string_view>

namespace kiz::cli {

namespace {
constexpr std::string_view instance = "kizd@", instance_folder = "kiz-sync-";

// What systemd lets stand in an instance's name. It becomes part of a command that root pastes into a shell.
bool is_instance_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ':';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}
}  // namespace

std::string Unit::systemctl(const std::string& verb) const {
  return std::string{"systemctl "} + (of_user ? "--user " : "") + verb + " " + name;
}

std::string Unit::mend(const std::string& command) const {
  for (const char* verb : {"start", "restart"}) {
    if (command == Unit{}.systemctl(verb)) return systemctl(verb);
  }
  return command;
}

std::string Unit::journal_option() const { return (of_user ? "--user-unit=" : "--unit=") + name + ".service"; }

std::filesystem::path Unit::config_file() const {
  if (!name.starts_with(instance)) return {};
  return std::filesystem::path{"/etc/kiz-sync/instanzen"} / (name.substr(instance.size()) + ".toml");
}

std::optional<Unit> unit_at(const std::filesystem::path& socket, const std::filesystem::path& runtime) {
  const auto path = socket.lexically_normal();
  if (!runtime.empty() && path == (runtime / "kiz-sync" / "control.sock").lexically_normal()) return Unit{"kizd", true};
  const auto folder = path.parent_path();
  if (path.filename() != "control.sock" || folder.parent_path() != "/run") return std::nullopt;
  const std::string of = folder.filename().string();
  if (of == "kiz-sync") return Unit{};
  if (!of.starts_with(instance_folder) || !is_instance_name(of.substr(instance_folder.size()))) return std::nullopt;
  return Unit{std::string{instance} + of.substr(instance_folder.size()), false};
}

}  // namespace kiz::cli

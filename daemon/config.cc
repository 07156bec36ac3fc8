#include "daemon/config.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <toml++/toml.h>

#include "daemon/config_keys.h"
#include "libclient/complaint.h"
#include "libclient/translate.h"

namespace kiz {
namespace {
namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

fs::path home() {
  if (const auto set = environment("HOME"); !set.empty()) return set;
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr ? user->pw_dir : "/";
}

fs::path xdg(const char* variable, const fs::path& otherwise) {
  const auto set = environment(variable);
  return (set.empty() ? otherwise : fs::path{set}) / "kiz-sync";
}

// The machine's daemon (started by systemd, or by root) or one person's own.
bool is_system() { return ::geteuid() == 0 || !environment("STATE_DIRECTORY").empty(); }

fs::path default_store() {
  if (const auto given = environment("KIZ_STORE"); !given.empty()) return given;
  if (const auto given = environment("STATE_DIRECTORY"); !given.empty()) return given.substr(0, given.find(':'));
  return is_system() ? fs::path{"/var/lib/kiz-sync"} : xdg("XDG_DATA_HOME", home() / ".local" / "share");
}

fs::path default_socket(const fs::path& store, bool store_was_given) {
  if (const auto given = environment("KIZ_SOCKET"); !given.empty()) return given;
  if (store_was_given) return store / "control.sock";
  if (const auto given = environment("RUNTIME_DIRECTORY"); !given.empty()) {
    return fs::path{given.substr(0, given.find(':'))} / "control.sock";
  }
  if (is_system()) return "/run/kiz-sync/control.sock";
  const auto runtime = environment("XDG_RUNTIME_DIR");
  return runtime.empty() ? store / "control.sock" : fs::path{runtime} / "kiz-sync" / "control.sock";
}

fs::path default_file() {
  return is_system() ? fs::path{"/etc/kiz-sync/kiz-sync.toml"} : xdg("XDG_CONFIG_HOME", home() / ".config") / "kiz-sync.toml";
}

constexpr std::uintmax_t file_bytes_max = 1u << 20;
constexpr std::size_t files_max = 64;

Error refused_at(const fs::path& file, std::size_t line, const std::string& clause) {
  return {Errc::invalid_input, tr("{}, line {}: {}", {file.string(), std::to_string(line), clause})};
}

std::size_t line_of(const toml::source_region& region) { return static_cast<std::size_t>(region.begin.line); }

ConfigValue value_of(const toml::node& node) {
  ConfigValue out;
  if (const auto text = node.value_exact<std::string>()) {
    out.kind = ConfigValue::Kind::text;
    out.text = *text;
  } else if (const auto number = node.value_exact<std::int64_t>()) {
    out.kind = ConfigValue::Kind::number;
    out.number = *number;
  } else if (const auto flag = node.value_exact<bool>()) {
    out.kind = ConfigValue::Kind::flag;
    out.flag = *flag;
  } else if (const toml::array* list = node.as_array()) {
    out.kind = ConfigValue::Kind::texts;
    for (const toml::node& each : *list) {
      const auto word = each.value_exact<std::string>();
      if (!word) return ConfigValue{};
      out.texts.push_back(*word);
    }
  }
  return out;
}

const ConfigKey* find_key(const std::string& section, const std::string& name) {
  for (const ConfigKey& key : config_keys()) {
    if (section == key.section && (name == key.name || (*key.also != '\0' && name == key.also))) return &key;
  }
  return nullptr;
}

bool is_section(const std::string& name) {
  const auto keys = config_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const ConfigKey& key) { return name == key.section; });
}

/// Words that may stand in this section; at the top also the names of sections.
std::vector<std::string> words_of(const std::string& section) {
  std::vector<std::string> out;
  for (const ConfigKey& key : config_keys()) {
    if (section == key.section) {
      out.emplace_back(key.name);
      if (*key.also != '\0') out.emplace_back(key.also);
    } else if (section.empty()) {
      out.emplace_back(key.section);
    }
  }
  return out;
}

Result<void> take_table(const fs::path& file, const std::string& section, const toml::table& table, Config& config) {
  for (const auto& [name, value] : table) {
    const std::string given{name.str()};
    if (section.empty() && is_section(given)) {
      const toml::table* inside = value.as_table();
      if (inside == nullptr) return refused_at(file, line_of(value.source()), tr("a section is expected here"));
      if (auto taken = take_table(file, given, *inside, config); !taken) return taken;
      continue;
    }
    const ConfigKey* key = find_key(section, given);
    if (key == nullptr) {
      const auto near = nearest(given, words_of(section));
      return refused_at(file, line_of(name.source()),
                        near.empty() ? tr("there is no setting \"{}\"", {given})
                                     : tr("there is no setting \"{}\"; is \"{}\" meant?", {given, near}));
    }
    if (auto wrong = take(*key, value_of(value), config)) return refused_at(file, line_of(value.source()), *wrong);
    config.origins[key->whole_name()] = {ConfigOrigin::Kind::file, file.string(), line_of(value.source())};
  }
  return {};
}

Result<void> read_file(const fs::path& path, Config& config) {
  std::error_code failed;
  const auto bytes = fs::file_size(path, failed);
  if (!failed && bytes > file_bytes_max) return Error{Errc::invalid_input, tr("The configuration {} is too long.", {path.string()})};
  std::ifstream in{path, std::ios::binary};
  if (!in || failed) return Error{Errc::not_found, tr("The configuration {} cannot be read.", {path.string()})};
  std::ostringstream text;
  text << in.rdbuf();
  config.files.push_back(path);
  try {
    return take_table(path, {}, toml::parse(text.str(), path.string()), config);
  } catch (const toml::parse_error& wrong) {
    return refused_at(path, line_of(wrong.source()), tr("this is no line of TOML"));
  }
}

/// conf.d/*.toml beside the file, by name.
Result<std::vector<fs::path>> fragments_of(const fs::path& file) {
  const fs::path folder = file.parent_path() / "conf.d";
  std::vector<fs::path> out;
  std::error_code failed;
  for (fs::directory_iterator at{folder, failed}, end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() != ".toml" || at->path().filename().string().starts_with('.')) continue;
    if (out.size() == files_max) return Error{Errc::invalid_input, tr("There are more than {} files in {}.", {std::to_string(files_max), folder.string()})};
    out.push_back(at->path());
  }
  if (failed && failed != std::errc::no_such_file_or_directory && failed != std::errc::not_a_directory) {
    return Error{Errc::not_found, tr("The configuration {} cannot be read.", {folder.string()})};
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<void> read_files(const CommandLine& given, Config& config) {
  const fs::path file = given.config ? fs::path{*given.config} : default_file();
  std::error_code ignored;
  if (given.config || fs::exists(file, ignored)) {
    if (auto read = read_file(file, config); !read) return read;
  }
  auto fragments = fragments_of(file);
  if (!fragments) return fragments.error();
  for (const fs::path& fragment : *fragments) {
    if (auto read = read_file(fragment, config); !read) return read;
  }
  return {};
}

void say(Config& config, const char* key, ConfigOrigin::Kind kind, const char* place) {
  config.origins[key] = {kind, place, 0};
}

}  // namespace

Result<HostPort> parse_address(const std::string& text) {
  const Error refused{Errc::invalid_input, tr("\"{}\" is not an address such as 192.0.2.7:7411.", {text})};
  const std::size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  HostPort out{text, "7411"};
  if (colon != std::string::npos && (!bracketed || text[colon - 1] == ']')) {
    out = {text.substr(0, colon), text.substr(colon + 1)};
  }
  if (bracketed) {
    if (out.host.size() < 4 || !out.host.ends_with(']')) return refused;
    out.host = out.host.substr(1, out.host.size() - 2);
  } else if (out.host.find(':') != std::string::npos) {
    return refused;  // an IPv6 address needs its brackets, or its last group would be taken for the port
  }
  if (out.host == "*") out.host.clear();
  const bool clean = std::none_of(out.host.begin(), out.host.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; });
  const bool digits = !out.port.empty() && out.port.size() <= 5 &&
                      std::all_of(out.port.begin(), out.port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!clean || !digits || std::stoul(out.port) > 65535 || (text.empty())) return refused;
  return out;
}

Result<PeerAddress> parse_peer(const std::string& text) {
  const auto trimmed = [](std::string part) {
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
    return part;
  };
  const std::size_t sign = text.rfind('=');
  if (sign == std::string::npos) return Error{Errc::invalid_input, "peer"};
  PeerAddress out{trimmed(text.substr(0, sign)), trimmed(text.substr(sign + 1))};
  if (out.device.empty() || !parse_address(out.address)) return Error{Errc::invalid_input, "peer"};
  return out;
}

fs::path default_config_file() { return default_file(); }

Result<Config> read_config(const CommandLine& given) {
  using Kind = ConfigOrigin::Kind;
  Config config;
  config.socket_group = ::geteuid() == 0 && ::getgrnam("kiz-sync") != nullptr ? "kiz-sync" : "";
  // A store named on the command line is somebody's own, perhaps one of many: it serves no figures unasked.
  config.metrics_listen = given.store ? "" : "127.0.0.1:7413";
  if (auto read = read_files(given, config); !read) return read.error();
  const bool store_given = given.store.has_value() || !config.store.empty();
  if (given.store) {
    config.store = *given.store;
    say(config, "store", Kind::command_line, "--store");
  }
  if (config.store.empty()) {
    config.store = default_store();
    for (const char* variable : {"STATE_DIRECTORY", "KIZ_STORE"}) {
      if (!environment(variable).empty()) say(config, "store", Kind::environment, variable);
    }
  }
  if (given.socket) {
    config.socket = *given.socket;
    say(config, "socket", Kind::command_line, "--socket");
  } else if (given.store || config.socket.empty()) {
    // A store named on the command line has its socket inside, where `kiz --store` looks for it.
    config.socket = default_socket(config.store, store_given);
    config.origins.erase("socket");
    if (!environment("KIZ_SOCKET").empty()) say(config, "socket", Kind::environment, "KIZ_SOCKET");
  }
  for (const std::string& address : given.listen) {
    if (auto parsed = parse_address(address); !parsed) return parsed.error();
  }
  if (!given.listen.empty()) {
    config.listen = given.listen;
    say(config, "listen", Kind::command_line, "--listen");
  }
  config.store = fs::absolute(config.store);
  config.socket = fs::absolute(config.socket);
  return config;
}

}  // namespace kiz

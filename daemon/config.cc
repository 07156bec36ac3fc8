#include "daemon/config.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <toml++/toml.h>

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

// One file being read: remembers the first thing that is wrong with it, and where.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  void refuse(const toml::node& at, const std::string& sentence) {
    refuse_at(static_cast<std::size_t>(at.source().begin.line), sentence);
  }
  void refuse_at(std::size_t line, const std::string& sentence) {
    if (!refused_) refused_ = tr("{}, line {}: {}", {file_, std::to_string(line), sentence});
  }
  const std::optional<std::string>& refused() const { return refused_; }

  using Take = std::function<void(const toml::node&)>;
  struct Key {
    std::string name;
    Take take;
  };

  // Every key of the table is one of these.
  void take_table(const toml::table& table, const std::vector<Key>& keys) {
    std::vector<std::string> names;
    for (const Key& key : keys) names.push_back(key.name);
    for (const auto& [name, value] : table) {
      const std::string given{name.str()};
      const auto known = std::find(names.begin(), names.end(), given);
      if (known != names.end()) {
        keys[static_cast<std::size_t>(known - names.begin())].take(value);
        continue;
      }
      const auto near = nearest(given, names);
      const auto line = static_cast<std::size_t>(name.source().begin.line);
      refuse_at(line, near.empty() ? tr("there is no setting \"{}\"", {given})
                                   : tr("there is no setting \"{}\"; is \"{}\" meant?", {given, near}));
    }
  }

  std::string text(const toml::node& node) {
    const auto value = node.value_exact<std::string>();
    if (!value) refuse(node, tr("a text in quotation marks is expected here"));
    return value.value_or("");
  }
  std::vector<std::string> texts(const toml::node& node) {
    std::vector<std::string> out;
    const toml::array* list = node.as_array();
    if (list == nullptr) {
      refuse(node, tr("a list such as [\"one\", \"two\"] is expected here"));
      return out;
    }
    for (const toml::node& each : *list) out.push_back(text(each));
    return out;
  }
  bool flag(const toml::node& node) {
    const auto value = node.value_exact<bool>();
    if (!value) refuse(node, tr("true or false is expected here"));
    return value.value_or(false);
  }
  std::size_t number(const toml::node& node, std::int64_t least, std::int64_t most) {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < least || *value > most) {
      refuse(node, tr("a number from {} to {} is expected here", {std::to_string(least), std::to_string(most)}));
    }
    return static_cast<std::size_t>(value.value_or(least));
  }
  std::vector<std::string> addresses(const toml::node& node) {
    auto out = texts(node);
    for (const std::string& address : out) {
      if (!parse_address(address)) refuse(node, tr("\"{}\" is not an address such as 192.0.2.7:7411", {address}));
    }
    return out;
  }

 private:
  std::string file_;
  std::optional<std::string> refused_;
};

std::optional<log::Level> level_of(const std::string& word) {
  if (word == "debug") return log::Level::debug;
  if (word == "info") return log::Level::info;
  if (word == "warning") return log::Level::warning;
  if (word == "error") return log::Level::error;
  return std::nullopt;
}

void take_log(Reader& reader, const toml::node& node, Config& config) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return reader.refuse(node, tr("a section is expected here"));
  reader.take_table(*table, {{"level", [&](const toml::node& at) {
                                const auto level = level_of(reader.text(at));
                                if (!level) reader.refuse(at, tr("one of debug, info, warning, error is expected here"));
                                config.level = level.value_or(config.level);
                              }}});
}

void take_roles(Reader& reader, const toml::node& node, Config& config) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return reader.refuse(node, tr("a section is expected here"));
  std::vector<Reader::Key> keys;
  const std::array<std::pair<const char*, const char*>, 4> words = {
      {{"lesen", "read"}, {"bearbeiten", "edit"}, {"einvernehmen", "consent"}, {"verwalten", "administer"}}};
  for (std::size_t role = 0; role < words.size(); ++role) {
    const Reader::Take take = [&reader, &config, role](const toml::node& at) { config.roles[role] = reader.texts(at); };
    keys.push_back({words[role].first, take});
    keys.push_back({words[role].second, take});
  }
  reader.take_table(*table, keys);
}

Result<void> read_file(const fs::path& path, Config& config) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return Error{Errc::not_found, tr("The configuration {} cannot be read.", {path.string()})};
  std::ostringstream text;
  text << in.rdbuf();
  Reader reader{path.string()};
  toml::table table;
  try {
    table = toml::parse(text.str(), path.string());
  } catch (const toml::parse_error& wrong) {
    reader.refuse_at(static_cast<std::size_t>(wrong.source().begin.line), std::string{wrong.description()});
    return Error{Errc::invalid_input, *reader.refused()};
  }
  reader.take_table(
      table,
      {{"store", [&](const toml::node& at) { config.store = reader.text(at); }},
       {"socket", [&](const toml::node& at) { config.socket = reader.text(at); }},
       {"socket_group", [&](const toml::node& at) { config.socket_group = reader.text(at); }},
       {"password_file", [&](const toml::node& at) { config.password_file = reader.text(at); }},
       {"listen", [&](const toml::node& at) { config.listen = reader.addresses(at); }},
       {"dial", [&](const toml::node& at) { config.dial = reader.addresses(at); }},
       {"peers_max", [&](const toml::node& at) { config.peers_max = reader.number(at, 1, 10'000); }},
       {"offline", [&](const toml::node& at) { config.offline = reader.flag(at); }},
       {"log", [&](const toml::node& at) { take_log(reader, at, config); }},
       {"roles", [&](const toml::node& at) { take_roles(reader, at, config); }}});
  if (reader.refused()) return Error{Errc::invalid_input, *reader.refused()};
  config.file = path;
  return {};
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

Result<Config> read_config(const CommandLine& given) {
  Config config;
  config.socket_group = ::geteuid() == 0 && ::getgrnam("kiz-sync") != nullptr ? "kiz-sync" : "";
  const fs::path file = given.config ? fs::path{*given.config} : default_file();
  std::error_code ignored;
  if (given.config || fs::exists(file, ignored)) {
    if (auto read = read_file(file, config); !read) return read.error();
  }
  const bool store_given = given.store.has_value() || !config.store.empty();
  if (given.store) config.store = *given.store;
  if (config.store.empty()) config.store = default_store();
  if (given.socket) config.socket = *given.socket;
  // A store named on the command line is somebody's own: its socket lies inside, where `kiz --store` looks for it.
  else if (given.store || config.socket.empty()) config.socket = default_socket(config.store, store_given);
  for (const std::string& address : given.listen) {
    if (auto parsed = parse_address(address); !parsed) return parsed.error();
  }
  if (!given.listen.empty()) config.listen = given.listen;
  config.store = fs::absolute(config.store);
  config.socket = fs::absolute(config.socket);
  return config;
}

}  // namespace kiz

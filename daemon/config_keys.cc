#include "daemon/config_keys.h"

#include <algorithm>

#include "libclient/translate.h"

namespace kiz {
namespace {

constexpr std::array<std::pair<const char*, log::Level>, 4> levels = {{{"debug", log::Level::debug},
                                                                       {"info", log::Level::info},
                                                                       {"warning", log::Level::warning},
                                                                       {"error", log::Level::error}}};

const ConfigKey keys[] = {
    {"", "store", "", &Config::store, false, "\"/var/lib/kiz-sync\"",
     translatable("Where the store lies. One's own daemon: ~/.local/share/kiz-sync")},
    {"", "socket", "", &Config::socket, false, "\"/run/kiz-sync/control.sock\"",
     translatable("Where kiz asks. One's own daemon: $XDG_RUNTIME_DIR/kiz-sync/control.sock; with --store: control.sock in the store.")},
    {"", "socket_group", "", &Config::socket_group, false, "\"kiz-sync\"",
     translatable("The group whose members may ask at all; what each of them may do stands under [roles]. \"\" = only root and the owner.")},
    {"", "password_file", "", &Config::password_file, false, "\"/etc/kiz-sync/passphrase\"",
     translatable("First line: the passphrase of the store, for a store that was set up with one. Not needed with a key file or a systemd credential (kiz-store-key).")},
    {"", "listen", "", OptionalAddresses{&Config::listen}, false, "[\"0.0.0.0:7411\", \"[::]:7411\"]",
     translatable("Where the node of a Kreis waits for its towns. Without it: what `kiz init --listen` said, else port 7411 on all addresses. A town calls and waits only where this says so, for devices that call it directly; [] = nowhere.")},
    {"", "dial", "", Addresses{&Config::dial}, true, "[\"kiz.kreis-borken.de:7411\"]",
     translatable("Whom a town calls, in this order. Without it: the addresses in the invite.")},
    {"", "peers", "", DirectPeers{&Config::peers}, false, "[\"G-2 = 192.0.2.7:7411\"]",
     translatable("Other devices of the realm that this one calls directly, beside the Kreis: two offices of a town then exchange while the Kreis is not there. The device as `kiz device list` shows it, or its name. It waits where its own `listen` says.")},
    {"", "peers_max", "", Number{&Config::peers_max, 1, 10'000}, true, "512",
     translatable("Connections at most, those included that have not said yet who they are.")},
    {"", "offline", "", &Config::offline, true, "false",
     translatable("true = does not exchange with others, as after `kiz offline`.")},

    {"log", "level", "", &Config::level, true, "\"info\"",
     translatable("How much is told: debug, info, warning or error.")},

    {"metrics", "listen", "", OneAddress{&Config::metrics_listen}, true, "\"127.0.0.1:7413\"",
     translatable("Where /metrics (Prometheus) and /health (live and ready) are served once the installation is set up; \"\" = nowhere. A daemon with --store serves them only where this says so. There is no password: keep it on this machine.")},

    {"backup", "folder", "", &Config::backup_folder, true, "\"/var/backups/kiz-sync\"",
     translatable("Where `kiz backup write` writes when no target is named. Without it a target must be named.")},
    {"backup", "password_file", "", &Config::backup_password_file, true, "\"/etc/kiz-sync/recovery-passphrase\"",
     translatable("First line: a recovery passphrase that opens the backups on any machine. Without it they open only with the key file of this store, so keep a copy of that elsewhere.")},
    {"backup", "keep_days", "", Number{&Config::backup_keep_days, 0, 3650}, true, "7",
     translatable("Of each of so many days the newest backup in the folder stays.")},
    {"backup", "keep_weeks", "", Number{&Config::backup_keep_weeks, 0, 520}, true, "5",
     translatable("The same for weeks.")},
    {"backup", "keep_months", "", Number{&Config::backup_keep_months, 0, 120}, true, "12",
     translatable("The same for months. What no rule keeps is removed after the next good backup; all three 0 = nothing is removed.")},
    {"backup", "age_max_days", "", Number{&Config::backup_age_max_days, 1, 3650}, true, "8",
     translatable("`kiz doctor` warns when the last good backup is older than so many days.")},

    {"checkpoints", "every_days", "", Number{&Config::checkpoint_days, 0, 3650}, true, "90",
     translatable("The node of a Kreis: every so many days it begins to let overwritten values go, once every device admitted has received what overwrote them. 0 = never; `kiz privacy prune` does it by hand.")},

    {"intake", "author_burst_mib", "", Number{&Config::author_burst_mib, 1, 1 << 20}, false, "1024",
     translatable("How many MiB of one other device's entries are taken in at once. More is put off, not refused: it is offered again and taken bit by bit. So a device that floods fills nobody's disk.")},
    {"intake", "author_daily_mib", "", Number{&Config::author_daily_mib, 1, 1 << 20}, false, "64",
     translatable("And so many MiB a day after that.")},

    {"roles", "lesen", "read", RoleList{0}, true, "[]", translatable("May see everything.")},
    {"roles", "bearbeiten", "edit", RoleList{1}, true, "[\"@kiz-sync\"]",
     translatable("May enter offers, needs and counts.")},
    {"roles", "einvernehmen", "consent", RoleList{2}, true, "[\"@kiz-einvernehmen\"]",
     translatable("May give, refuse and withdraw consents as well.")},
    {"roles", "verwalten", "administer", RoleList{3}, true, "[\"root\", \"@kiz-admin\"]",
     translatable("May do all: invite, lock out, back up, stop.")},
};

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) {
      constexpr char hex[] = "0123456789abcdef";
      out += "\\u00";
      out += hex[(c >> 4) & 0xF];
      out += hex[c & 0xF];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string quoted(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + quoted(text);
  return "[" + out + "]";
}

std::string choices() {
  std::string out;
  for (const auto& [word, level] : levels) out += (out.empty() ? "" : ", ") + std::string{word};
  return out;
}

using Wrong = std::optional<std::string>;  // what is expected instead

Wrong want_text(const ConfigValue& value) {
  if (value.kind == ConfigValue::Kind::text) return std::nullopt;
  return tr("a text in quotation marks is expected here");
}

Wrong want_texts(const ConfigValue& value) {
  if (value.kind == ConfigValue::Kind::texts) return std::nullopt;
  return tr("a list such as [\"one\", \"two\"] is expected here");
}

Wrong want_address(const std::string& text) {
  if (parse_address(text)) return std::nullopt;
  return tr("\"{}\" is not an address such as 192.0.2.7:7411", {text});
}

Wrong want_addresses(const ConfigValue& value) {
  if (auto wrong = want_texts(value)) return wrong;
  for (const std::string& text : value.texts) {
    if (auto wrong = want_address(text)) return wrong;
  }
  return std::nullopt;
}

// One struct for each thing that is asked of a target, with one operator for each type.
struct Taker {
  const ConfigValue& value;
  Config& config;

  Wrong operator()(std::string Config::*member) const {
    if (auto wrong = want_text(value)) return wrong;
    config.*member = value.text;
    return std::nullopt;
  }
  Wrong operator()(std::filesystem::path Config::*member) const {
    if (auto wrong = want_text(value)) return wrong;
    config.*member = value.text;
    return std::nullopt;
  }
  Wrong operator()(std::optional<std::filesystem::path> Config::*member) const {
    if (auto wrong = want_text(value)) return wrong;
    config.*member = value.text.empty() ? std::nullopt : std::optional<std::filesystem::path>{value.text};
    return std::nullopt;
  }
  Wrong operator()(bool Config::*member) const {
    if (value.kind != ConfigValue::Kind::flag) return tr("true or false is expected here");
    config.*member = value.flag;
    return std::nullopt;
  }
  Wrong operator()(log::Level Config::*member) const {
    if (auto wrong = want_text(value)) return wrong;
    const auto at = std::find_if(levels.begin(), levels.end(), [&](const auto& level) { return value.text == level.first; });
    if (at == levels.end()) return tr("one of debug, info, warning, error is expected here");
    config.*member = at->second;
    return std::nullopt;
  }
  Wrong operator()(const Number& target) const {
    if (value.kind != ConfigValue::Kind::number || value.number < target.least || value.number > target.most) {
      return tr("a number from {} to {} is expected here", {std::to_string(target.least), std::to_string(target.most)});
    }
    config.*target.number = static_cast<std::size_t>(value.number);
    return std::nullopt;
  }
  Wrong operator()(const Addresses& target) const {
    if (auto wrong = want_addresses(value)) return wrong;
    config.*target.list = value.texts;
    return std::nullopt;
  }
  Wrong operator()(const OptionalAddresses& target) const {
    if (auto wrong = want_addresses(value)) return wrong;
    config.*target.list = value.texts;
    return std::nullopt;
  }
  Wrong operator()(const OneAddress& target) const {
    if (auto wrong = want_text(value)) return wrong;
    if (auto wrong = value.text.empty() ? std::nullopt : want_address(value.text)) return wrong;
    config.*target.address = value.text;
    return std::nullopt;
  }
  Wrong operator()(const DirectPeers& target) const {
    if (auto wrong = want_texts(value)) return wrong;
    constexpr std::size_t peers_max = 64;  // each has a dialler of its own
    if (value.texts.size() > peers_max) return tr("at most {} peers are called directly", {std::to_string(peers_max)});
    for (const std::string& text : value.texts) {
      if (!parse_peer(text)) return tr("\"{}\" is not a device and its address such as G-2 = 192.0.2.7:7411", {text});
    }
    config.*target.list = value.texts;
    return std::nullopt;
  }
  Wrong operator()(const RoleList& target) const {
    if (auto wrong = want_texts(value)) return wrong;
    config.roles[target.role] = value.texts;
    return std::nullopt;
  }
};

struct Shower {
  const Config& config;

  std::string operator()(std::string Config::*member) const { return quoted(config.*member); }
  std::string operator()(std::filesystem::path Config::*member) const { return quoted((config.*member).string()); }
  std::string operator()(std::optional<std::filesystem::path> Config::*member) const {
    return config.*member ? quoted((config.*member)->string()) : "";
  }
  std::string operator()(bool Config::*member) const { return config.*member ? "true" : "false"; }
  std::string operator()(log::Level Config::*member) const {
    for (const auto& [word, level] : levels) {
      if (level == config.*member) return quoted(std::string{word});
    }
    return {};
  }
  std::string operator()(const Number& target) const { return std::to_string(config.*target.number); }
  std::string operator()(const Addresses& target) const { return quoted(config.*target.list); }
  std::string operator()(const OptionalAddresses& target) const {
    return config.*target.list ? quoted(*(config.*target.list)) : "";
  }
  std::string operator()(const OneAddress& target) const { return quoted(config.*target.address); }
  std::string operator()(const DirectPeers& target) const { return quoted(config.*target.list); }
  std::string operator()(const RoleList& target) const { return quoted(config.roles[target.role]); }
};

struct Typer {
  const char* operator()(std::string Config::*) const { return "text"; }
  const char* operator()(std::filesystem::path Config::*) const { return "path"; }
  const char* operator()(std::optional<std::filesystem::path> Config::*) const { return "path"; }
  const char* operator()(bool Config::*) const { return "true or false"; }
  const char* operator()(log::Level Config::*) const { return "word"; }
  const char* operator()(const Number&) const { return "number"; }
  const char* operator()(const Addresses&) const { return "list of addresses"; }
  const char* operator()(const OptionalAddresses&) const { return "list of addresses"; }
  const char* operator()(const OneAddress&) const { return "address"; }
  const char* operator()(const DirectPeers&) const { return "list of peers"; }
  const char* operator()(const RoleList&) const { return "list of users"; }
};

struct Copier {
  const Config& from;
  Config& to;

  template <class T>
  void operator()(T Config::*member) const { to.*member = from.*member; }
  void operator()(const Number& target) const { (*this)(target.number); }
  void operator()(const Addresses& target) const { (*this)(target.list); }
  void operator()(const OptionalAddresses& target) const { (*this)(target.list); }
  void operator()(const OneAddress& target) const { (*this)(target.address); }
  void operator()(const DirectPeers& target) const { (*this)(target.list); }
  void operator()(const RoleList& target) const { to.roles[target.role] = from.roles[target.role]; }
};

const char* word_for(ConfigOrigin::Kind kind) {
  switch (kind) {
    case ConfigOrigin::Kind::fallback: return "default";
    case ConfigOrigin::Kind::file: return "file";
    case ConfigOrigin::Kind::environment: return "environment";
    case ConfigOrigin::Kind::command_line: return "command_line";
  }
  return "default";
}

// A paragraph as comment lines of at most 118 characters.
std::string commented(const std::string& text) {
  constexpr std::size_t width = 118;
  std::string out, line = "#";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (line.size() > 1 && line.size() + 1 + word.size() > width) {
      out += line + "\n";
      line = "#";
    }
    line += " " + word;
    at = end + 1;
  }
  return out + line + "\n";
}

}  // namespace

std::string ConfigKey::whole_name() const { return (*section != '\0' ? std::string{section} + "." : std::string{}) + name; }

std::span<const ConfigKey> config_keys() { return keys; }

const char* config_section_text(const std::string& section) {
  if (section == "roles") {
    return translatable("What local users may do: names, or groups with @. Each role contains the ones above it. Root and the owner of the store may do everything. Words may be English too: read, edit, consent, administer.");
  }
  return "";
}

const char* type_of(const ConfigKey& key) { return std::visit(Typer{}, key.target); }

std::string bounds_of(const ConfigKey& key) {
  if (const auto* number = std::get_if<Number>(&key.target)) {
    return std::to_string(number->least) + " to " + std::to_string(number->most);
  }
  return std::holds_alternative<log::Level Config::*>(key.target) ? choices() : "";
}

std::optional<std::string> take(const ConfigKey& key, const ConfigValue& value, Config& config) {
  return std::visit(Taker{value, config}, key.target);
}

std::string shown(const ConfigKey& key, const Config& config) { return std::visit(Shower{config}, key.target); }

void copy(const ConfigKey& key, const Config& from, Config& to) { std::visit(Copier{from, to}, key.target); }

Json config_json(const Config& config) {
  Json files = Json::array(), list = Json::array();
  for (const auto& file : config.files) files.push_back(file.string());
  for (const ConfigKey& key : keys) {
    const auto at = config.origins.find(key.whole_name());
    const ConfigOrigin origin = at == config.origins.end() ? ConfigOrigin{} : at->second;
    const std::string value = shown(key, config);
    list.push_back({{"key", key.whole_name()},
                    {"type", type_of(key)},
                    {"bounds", bounds_of(key)},
                    {"default", key.fallback},
                    {"value", value.empty() ? Json() : Json(value)},
                    {"origin", word_for(origin.kind)},
                    {"place", origin.place.empty() ? Json() : Json(origin.place)},
                    {"line", origin.line == 0 ? Json() : Json(origin.line)},
                    {"reload", key.live},
                    {"text", tr(key.text)}});
  }
  return {{"files", std::move(files)}, {"looked_at", Json::array({default_config_file().string()})}, {"keys", std::move(list)}};
}

std::string config_reference() {
  std::string out =
      commented(tr("Configuration of kizd. All of it may stay as it is: what is commented out is what holds without it, or an example.")) +
      commented(tr("Check with `kizd --check-config`. `systemctl reload kizd` is enough for keys marked (reload), the others need a restart.")) + "#\n" +
      commented(tr("Read from /etc/kiz-sync/kiz-sync.toml (the machine's daemon) or ~/.config/kiz-sync/kiz-sync.toml (one's own), then from conf.d/*.toml beside it in the order of their names; what stands later holds.")) +
      commented(tr("The command line (--store, --socket, --listen) goes before these files."));
  std::string section;
  for (const ConfigKey& key : keys) {
    out += "\n";
    if (section != key.section) {
      section = key.section;
      if (const char* text = config_section_text(section); *text != '\0') out += commented(tr(text));
      out += "[" + section + "]\n";
    }
    out += commented(tr(key.text) + (key.live ? " (reload)" : ""));
    if (std::holds_alternative<Number>(key.target)) out += commented(tr("A number from {} to {}.", {std::to_string(std::get<Number>(key.target).least), std::to_string(std::get<Number>(key.target).most)}));
    out += "#" + std::string{key.name} + " = " + key.fallback + "\n";
  }
  return out;
}

}  // namespace kiz

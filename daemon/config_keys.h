// The one table of what can be configured. The reader of the files, `kizd --show-config` (for `kiz config show`), the
// shipped kiz-sync.toml, its man page and the reload on SIGHUP all come from it, so that none of them can say anything
// else than the program does.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "daemon/config.h"

namespace kiz {

/// A value as it stands in a file.
struct ConfigValue {
  enum class Kind { text, texts, number, flag, other };
  Kind kind = Kind::other;
  std::string text;
  std::vector<std::string> texts;
  std::int64_t number = 0;
  bool flag = false;
};

struct Addresses {
  std::vector<std::string> Config::*list;
};
struct OptionalAddresses {
  std::optional<std::vector<std::string>> Config::*list;
};
struct OneAddress {
  std::string Config::*address;
};
struct DirectPeers {
  std::vector<std::string> Config::*list;
};
struct Number {
  std::size_t Config::*number;
  std::int64_t least, most;
};
struct RoleList {
  std::size_t role;  // index into Config::roles
};

struct ConfigKey {
  /// Which member it sets; decides the type as well.
  using Target = std::variant<std::string Config::*, std::filesystem::path Config::*,
                              std::optional<std::filesystem::path> Config::*, bool Config::*, log::Level Config::*,
                              Number, Addresses, OptionalAddresses, OneAddress, DirectPeers, RoleList>;

  const char* section;   // "": none
  const char* name;
  const char* also;      // another name that is taken; "": none
  Target target;
  bool live;             // takes effect on SIGHUP, without a restart
  const char* fallback;  // what holds where nobody says anything, as TOML; what depends on the place is told in `text`
  const char* text;      // what it is for; English msgid

  std::string whole_name() const;  // "log.level"
};

std::span<const ConfigKey> config_keys();

/// What a section is for; English msgid, may be empty.
const char* config_section_text(const std::string& section);

/// "text", "path", "true or false", "word", "number", "list of addresses", "address", "list of peers", "list of users"
const char* type_of(const ConfigKey& key);
/// "1 to 10000", "debug, info, warning, error"; may be empty.
std::string bounds_of(const ConfigKey& key);

/// Sets the member. The refusal is a clause without a full stop: "a number from 1 to 10000 is expected here".
std::optional<std::string> take(const ConfigKey& key, const ConfigValue& value, Config& config);
/// The present value as TOML: "\"info\"", "[\"a\", \"b\"]", "512". Empty: not set.
std::string shown(const ConfigKey& key, const Config& config);
/// Makes `to` hold what `from` holds under this key.
void copy(const ConfigKey& key, const Config& from, Config& to);

/// {"files": [...], "looked_at": [...], "keys": [{"key", "type", "bounds", "default", "value", "origin", "place", "line", "reload", "text"}]}
Json config_json(const Config& config);
/// The whole of kiz-sync.toml, every key commented out with its default, in the present language.
std::string config_reference();

}  // namespace kiz

// kiz-sync.toml as somebody wrote it: refused with a sentence, or written out again it says the same.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "daemon/config_keys.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {
namespace {

Result<Config> read(ByteView text) {
  static const int file = ::memfd_create("config", MFD_CLOEXEC);
  KIZ_ASSERT(file >= 0 && ::ftruncate(file, 0) == 0);
  KIZ_ASSERT(::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  CommandLine given;
  given.config = "/proc/self/fd/" + std::to_string(file);
  return read_config(given);
}

std::map<std::string, std::string> all_shown(const Config& config) {
  std::map<std::string, std::string> out;
  for (const ConfigKey& key : config_keys()) out[key.whole_name()] = shown(key, config);
  return out;
}

std::string as_toml(const Config& config) {
  std::map<std::string, std::string> sections;
  for (const ConfigKey& key : config_keys()) {
    const std::string value = shown(key, config);
    if (!value.empty()) sections[key.section] += std::string{key.name} + " = " + value + "\n";
  }
  std::string out = sections[""];
  for (const auto& [name, lines] : sections) {
    if (!name.empty()) out += "[" + name + "]\n" + lines;
  }
  return out;
}

}  // namespace

int one(ByteView in) {
  const auto config = read(in);
  if (!config) {
    KIZ_ASSERT(!config.error().context.empty());
    return 0;
  }
  const std::string written = as_toml(*config);
  const auto again = read({reinterpret_cast<const std::uint8_t*>(written.data()), written.size()});
  KIZ_ASSERT(again && all_shown(*again) == all_shown(*config));
  return 0;
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (const std::string_view text :
       {"store = \"/var/lib/kiz-sync\"\nlisten = [\"[::]:7411\", \"192.0.2.7\"]\npeers = [\"G-2 = 192.0.2.7:7411\"]\noffline = true\n",
        "[log]\nlevel = \"debug\"\n[metrics]\nlisten = \"127.0.0.1:7413\"\n[backup]\nfolder = \"/mnt/\\u00e4 \\\"b\\\"\"\nkeep_days = 3\n",
        "[roles]\nread = [\"anna\", \"@amt\"]\nadminister = ['root']\n", "stroe = 1\n", "[[store]]\n", "a.b.c = {d = [1, [2, {e = 1979-05-27}]]}\n"}) {
    out.emplace_back(text.begin(), text.end());
  }
  for (const std::size_t depth : {100u, 2'000u}) {
    const std::string nested = "listen = " + std::string(depth, '[');
    out.emplace_back(nested.begin(), nested.end());
  }
  return out;
}

}  // namespace kiz::fuzz

#include "libclient/iso_codes.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "kiz/bytes.h"

namespace kiz::iso_codes {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::uint32_t word(std::string_view bytes, std::size_t at, bool swapped) {
  if (at + 4 > bytes.size()) return 0;
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[at + i]);
    out |= std::uint32_t{byte} << 8 * (swapped ? 3 - i : i);
  }
  return out;
}

std::vector<Code> read_list(std::string_view standard) {
  const std::string name(standard);
  const auto json = nlohmann::json::parse(read_file("/usr/share/iso-codes/json/" + name + ".json"), nullptr, false);
  const std::string key = name.substr(name.find('_') + 1);
  std::vector<Code> out;
  if (!json.is_object() || !json.contains(key) || !json[key].is_array()) return out;
  const auto german = read_catalogue("/usr/share/locale/de/LC_MESSAGES/" + name + ".mo");
  for (const auto& entry : json[key]) {
    if (!entry.is_object()) continue;
    const auto text = [&](const char* field) {
      const auto at = entry.find(field);
      return at != entry.end() && at->is_string() ? at->get<std::string>() : std::string{};
    };
    Code code{text("alpha_3"), text("alpha_2"), text("name"), {}};
    if (code.alpha_3.empty() || code.english.empty()) continue;
    for (const std::string& english : {text("common_name"), code.english}) {
      const auto at = german.find(english);
      if (!english.empty() && at != german.end() && !at->second.empty()) code.german = at->second;
      if (!code.german.empty()) break;
    }
    out.push_back(std::move(code));
  }
  return out;
}

}  // namespace

std::map<std::string, std::string> read_catalogue(const std::string& path) {
  const std::string bytes = read_file(path);
  std::map<std::string, std::string> out;
  if (bytes.size() < 28) return out;
  const bool swapped = word(bytes, 0, false) == 0xDE120495;
  if (!swapped && word(bytes, 0, false) != 0x950412DE) return out;
  const std::size_t count = word(bytes, 8, swapped), ids = word(bytes, 12, swapped), texts = word(bytes, 16, swapped);
  const auto string_at = [&](std::size_t table, std::size_t i) -> std::string {
    const std::size_t size = word(bytes, table + 8 * i, swapped), start = word(bytes, table + 8 * i + 4, swapped);
    return start <= bytes.size() && size <= bytes.size() - start ? bytes.substr(start, size) : std::string{};
  };
  for (std::size_t i = 0; i < count && ids + 8 * i < bytes.size(); ++i)
    out.emplace(string_at(ids, i), string_at(texts, i));
  return out;
}

const std::vector<Code>& list(std::string_view standard) {
  if (standard == "iso_639-3") {
    static const std::vector<Code> languages = read_list(standard);
    return languages;
  }
  static const std::vector<Code> countries = read_list("iso_3166-1");
  return countries;
}

}  // namespace kiz::iso_codes

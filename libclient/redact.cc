#include "libclient/redact.h"

#include <algorithm>
#include <regex>

namespace kiz {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string without(std::string text, const Marker& marker) {
  if (marker.word.size() < 2) return text;
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  for (auto from = text.begin();;) {
    const auto at = std::search(from, text.end(), marker.word.begin(), marker.word.end(), same);
    if (at == text.end()) return text;
    const auto place = at - text.begin();
    text.replace(static_cast<std::size_t>(place), marker.word.size(), marker.shown);
    from = text.begin() + place + static_cast<std::ptrdiff_t>(marker.shown.size());
  }
}

struct Rule {
  std::regex pattern;
  const char* shown;
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = [] {
    constexpr auto how = std::regex::ECMAScript | std::regex::optimize;
    return std::vector<Rule>{
        {std::regex{R"([\w.+-]{1,64}@[\w-]{1,64}(\.[\w-]{1,64}){1,8})", how}, "<mail>"},
        // But for "GNU/Linux", which every report's first lines name.
        {std::regex{R"((~|\.{1,2})?/(?!Linux(?:\s|$))[\w.@+-][^\s"':,;)\]]{0,1000})", how}, "<path>"},
        {std::regex{R"(\[?[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){3,8}(%\w{1,16})?\]?(:\d{1,5})?)", how}, "<address>"},
        {std::regex{R"(\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(:\d{1,5})?)", how}, "<address>"},
        {std::regex{R"(\b([A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(:\d{1,5})\b)", how}, "<address>"},
        {std::regex{R"(\b([a-z0-9-]{1,63}\.){1,8}(de|eu|org|net|com|nrw|local|lan|internal)\b)", how}, "<host>"},
        {std::regex{R"([A-Za-z0-9+/_-]{24,2000}=*)", how}, "<digits>"},
        {std::regex{R"(\b[0-9a-fA-F]{16,2000}\b)", how}, "<digits>"},
    };
  }();
  return all;
}

}  // namespace

std::string redacted(std::string_view text, const std::vector<Marker>& markers) {
  std::string out;
  // Line by line: std::regex recurses, and a journal is long.
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line{text.substr(at, std::min<std::size_t>(end - at, 2000))};
    for (const Rule& rule : rules()) line = std::regex_replace(line, rule.pattern, rule.shown);
    for (const Marker& marker : markers) line = without(std::move(line), marker);
    out += line;
    if (end < text.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

}  // namespace kiz

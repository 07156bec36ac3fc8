#include "libclient/places.h"

#include <algorithm>
#include <charconv>

#include "libclient/embedded.h"
#include "protocol/registry.h"

namespace kiz::places {
namespace {

constexpr std::string_view aachen_city = "05334002";
constexpr std::string_view land = "05";

struct Register {
  std::vector<Municipality> municipalities;
  std::vector<District> districts;
  std::vector<Area> areas;
};

std::vector<std::string> split(std::string_view line, char separator) {
  std::vector<std::string> out;
  for (std::size_t start = 0;;) {
    const auto end = line.find(separator, start);
    out.emplace_back(line.substr(start, end == std::string_view::npos ? end : end - start));
    if (end == std::string_view::npos) return out;
    start = end + 1;
  }
}

std::string_view register_text() {
  for (const auto& file : embedded_files()) {
    if (file.name == "municipalities.tsv") return file.text;
  }
  KIZ_ASSERT(!"municipalities.tsv is part of the library");
  return {};
}

std::vector<Area> make_areas(const Register& all) {
  std::vector<Area> out;
  for (const District& district : all.districts) {
    Area area{district.key, district.full_name(), district.kind == "kreisfreie Stadt", {}};
    for (const Municipality& town : all.municipalities) {
      if (town.district == district.key && town.ags != aachen_city) area.members.push_back(town.ags);
    }
    out.push_back(std::move(area));
  }
  out.push_back({std::string(aachen_city), "Stadt Aachen", true, {std::string(aachen_city)}});
  std::sort(out.begin(), out.end(), [](const Area& a, const Area& b) { return a.key < b.key; });
  return out;
}

Register read() {
  Register out;
  for (const std::string& line : split(register_text(), '\n')) {
    const auto fields = split(line, '\t');
    if (fields[0] == "D") {
      KIZ_ASSERT(fields.size() == 5);
      out.districts.push_back({fields[1], fields[2], fields[3], fields[4]});
    } else if (fields[0] == "M") {
      KIZ_ASSERT(fields.size() == 7);
      Municipality town{fields[1], fields[2], fields[3], fields[3], fields[5], fields[1].substr(0, 5), 0};
      if (!fields[4].empty()) town.name += ", " + fields[4];
      std::from_chars(fields[6].data(), fields[6].data() + fields[6].size(), town.population);
      out.municipalities.push_back(std::move(town));
    }
  }
  out.areas = make_areas(out);
  return out;
}

const Register& all() {
  static const Register once = read();
  return once;
}

template <class List, class Key>
auto find_sorted(const List& list, std::string_view key, Key Item) -> decltype(&list[0]) {
  const auto at = std::lower_bound(list.begin(), list.end(), key, [&](const auto& item, std::string_view k) {
    return std::string_view(item.*Item) < k;
  });
  return at != list.end() && std::string_view((*at).*Item) == key ? &*at : nullptr;
}

/// Names are compared without blanks and hyphens: "Rhein Kreis Neuss", "Kreis-Borken".
std::string squeezed(std::string_view name) {
  std::string out = registry::fold(name);
  std::erase_if(out, [](char c) { return c == '_' || c == '.' || c == ','; });
  return out;
}

std::string_view without_brackets(std::string_view name) {
  const auto bracket = name.find(" (");
  return name.substr(0, bracket == std::string_view::npos ? name.find('/') : bracket);
}

std::string_view without_prefix(std::string_view name) {
  for (const std::string_view prefix : {"kreis", "stadt", "gemeinde", "staedteregion"}) {
    if (name.size() > prefix.size() && name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

std::vector<std::string> all_names() {
  std::vector<std::string> out;
  for (const auto& town : municipalities()) out.push_back(town.short_name);
  for (const auto& area : areas()) out.push_back(area.name);
  return out;
}

}  // namespace

std::string District::full_name() const {
  if (kind == "kreisfreie Stadt") return "Stadt " + name;
  const bool says_it = name.find("reis") != std::string::npos || name.starts_with("Städteregion");
  return says_it ? name : "Kreis " + name;
}

std::span<const Municipality> municipalities() { return all().municipalities; }
std::span<const District> districts() { return all().districts; }
std::span<const Area> areas() { return all().areas; }

const Municipality* find_municipality(std::string_view ags) {
  return find_sorted(all().municipalities, ags, &Municipality::ags);
}

const District* find_district(std::string_view key) { return find_sorted(all().districts, key, &District::key); }

const Area* find_area(std::string_view key) {
  if (const Area* area = find_sorted(all().areas, key, &Area::key)) return area;
  if (key.size() != 8 || !key.ends_with("000")) return nullptr;
  const Area* area = find_sorted(all().areas, key.substr(0, 5), &Area::key);
  return area && area->single_city ? area : nullptr;
}

const Area* area_of(std::string_view ags) {
  if (!find_municipality(ags)) return nullptr;
  if (const Area* own = find_area(ags)) return own;
  return find_area(ags.substr(0, 5));
}

std::vector<const Municipality*> find_municipalities(std::string_view name) {
  const std::string wanted = squeezed(name);
  std::vector<const Municipality*> out;
  for (const auto& town : municipalities()) {
    const bool fits = squeezed(town.short_name) == wanted || squeezed(town.name) == wanted ||
                      squeezed(without_brackets(town.short_name)) == wanted;
    if (fits) out.push_back(&town);
  }
  if (out.empty() && without_prefix(wanted) != wanted && !wanted.starts_with("kreis")) {
    return find_municipalities(without_prefix(wanted));
  }
  return out;
}

std::vector<const Area*> find_areas(std::string_view name) {
  const std::string wanted = squeezed(name);
  std::vector<const Area*> exact, loose;
  for (const auto& area : areas()) {
    const std::string own = squeezed(area.name);
    if (own == wanted) exact.push_back(&area);
    if (without_prefix(own) == without_prefix(wanted)) loose.push_back(&area);
  }
  return exact.empty() ? loose : exact;
}

Read<std::string> resolve(std::string_view text, std::string_view field) {
  const auto known = [&](std::string_view key) { return key == land || find_municipality(key) || find_district(key); };
  Complaint unknown{.code = Complaint::Code::unknown_ags, .field = std::string(field), .given = std::string(text)};
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits) {
    if (known(text)) return std::string(text);
    const std::string eight = "0" + std::string(text);  // Excel has eaten the leading zero
    if (known(eight)) unknown.suggestion = eight;
    return unknown;
  }
  std::vector<std::pair<std::string, std::string>> found;  // key, name
  for (const auto* town : find_municipalities(text)) found.emplace_back(town->ags, town->short_name);
  if (found.empty()) {
    for (const auto* area : find_areas(text)) found.emplace_back(area->key, area->name);
  }
  if (found.size() == 1) return found.front().first;
  if (found.empty()) {
    unknown.suggestion = nearest(text, all_names());
    return unknown;
  }
  Complaint unclear{.code = Complaint::Code::ambiguous_place, .field = std::string(field), .given = std::string(text)};
  for (const auto& [key, name] : found) {
    if (!unclear.allowed.empty()) unclear.allowed += ", ";
    unclear.allowed += name + " (" + key + ")";
  }
  return unclear;
}

std::string display_name(std::string_view key) {
  if (key == land) return "Land Nordrhein-Westfalen";
  if (const auto* town = find_municipality(key)) return town->short_name;
  if (const auto* district = find_district(key)) return district->full_name();
  return std::string(key);
}

}  // namespace kiz::places

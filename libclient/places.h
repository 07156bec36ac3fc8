// The built-in register of municipalities of North Rhine-Westphalia: 396 municipalities in 31 Kreise and 22 cities, and
// the 54 KIZ areas that they form. A realm starts from it; what the control log says of its members counts from then
// on.
//
// A KIZ area is not a 5-digit key: the city of Aachen (05334002) runs a centre of its own inside the Staedteregion
// Aachen (05334), whose area has the other nine towns. Source and licence: packaging/data/municipalities.tsv.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libclient/complaint.h"

namespace kiz::places {

struct Municipality {
  std::string ags;         // 8 digits
  std::string ars;         // 12 digits
  std::string name;        // official, "Ahaus, Stadt"
  std::string short_name;  // "Ahaus"; unique in the register
  std::string kind;        // "kreisfreie Stadt", "Stadt", "Gemeinde"
  std::string district;    // key of its Kreis, 5 digits
  std::uint32_t population = 0;
};

struct District {
  std::string key;   // 5 digits
  std::string name;  // "Borken", "Rhein-Kreis Neuss", "Düsseldorf"
  std::string kind;  // "Kreis", "Städteregion", "kreisfreie Stadt"
  std::string seat;
  std::string full_name() const;  // "Kreis Borken", "Rhein-Kreis Neuss", "Stadt Düsseldorf"
};

/// Where one Kommunales Integrationszentrum works.
struct Area {
  std::string key;                   // 5 digits of a Kreis or city; 05334002 for the city of Aachen
  std::string name;                  // "Kreis Borken", "Stadt Aachen"
  bool single_city = false;          // no consent of other towns is needed
  std::vector<std::string> members;  // AGS, ascending
};

std::span<const Municipality> municipalities();  // by AGS
std::span<const District> districts();           // by key
std::span<const Area> areas();                   // by key

/// nullptr: not in the register.
const Municipality* find_municipality(std::string_view ags);
const District* find_district(std::string_view key);
/// By key; a city of its own is found by its AGS as well ("05111" and "05111000").
const Area* find_area(std::string_view key);
/// The area a municipality belongs to.
const Area* area_of(std::string_view ags);

/// By short or official name: any case, "Muenster" for "Münster", with or without what stands in brackets.
std::vector<const Municipality*> find_municipalities(std::string_view name);
/// By name with or without "Kreis" and "Stadt".
std::vector<const Area*> find_areas(std::string_view name);

/// What a person means by `text`: an AGS, a 5-digit key, "05" for the Land, or a name. Names of towns win over names of
/// Kreise of the same name, which are reached by "Kreis Borken".
/// returns     the official key
/// complaints  unknown_ags (with the nearest name), ambiguous_place
Read<std::string> resolve(std::string_view text, std::string_view field);

/// Name for an official key: "Ahaus", "Kreis Borken", "Land Nordrhein-Westfalen"; the key itself when unknown.
std::string display_name(std::string_view key);

}  // namespace kiz::places

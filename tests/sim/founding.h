// The realm that every run starts from, made once: stretching check numbers takes longer than a whole run.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "kiz/ids.h"
#include "protocol/emergency_sheet.h"
#include "tests/support/temp_dir.h"

namespace kiz::sim {

inline constexpr const char* kreis_member = "05554";
inline constexpr const char* land_member = "05";

/// libsodium and SQLite draw from this seed from now on, in the whole process.
void seed_process(std::uint64_t seed);

class Founding {
 public:
  /// The hub, the second device of the Kreis, the reader of the Land, and as many offices. All have joined.
  explicit Founding(unsigned offices);

  struct Place {
    std::string name;
    MemberId member;
    TransportKey transport;
    std::map<std::string, Bytes> files;  // of its disk
  };
  std::size_t places() const { return places_.size(); }
  /// In a realm of so many places. The hub knows of no other ones.
  Place place(std::size_t which, std::size_t places) const;
  const EmergencySheet& sheet() const { return sheet_; }
  /// Puts the key files of the first places back as they were, in a folder that is theirs alone. Returns it.
  std::filesystem::path lay_out(std::size_t places) const;

 private:
  test::TempDir folder_;
  std::vector<Place> places_;
  std::map<std::size_t, std::map<std::string, Bytes>> hub_files_;  // when so many places had joined
  EmergencySheet sheet_;
};

/// In the list of places.
inline constexpr std::size_t hub_place = 0, second_place = 1, land_place = 2, first_office = 3;

}  // namespace kiz::sim

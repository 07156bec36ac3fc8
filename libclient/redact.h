// Makes text fit to leave the house: what could name a person, an office, a machine or a key is replaced by a word in
// angle brackets. For bug reports; rather too much is taken out than too little.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiz {

/// A word that must not get out, and what stands in its place: {"Ahaus", "<member>"}.
struct Marker {
  std::string word;
  std::string shown;
};

/// In this order: mail addresses, paths, addresses of networks, host names with a dot, runs of 16 and more hexadecimal or
/// base64 digits; then the markers, in any case, from two characters on. The shapes come first: a marker inside a mail
/// address would leave the person's name before it.
std::string redacted(std::string_view text, const std::vector<Marker>& markers);

}  // namespace kiz

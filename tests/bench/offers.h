// The record every benchmark works on: an "offer" of 14 fields, about 620 bytes as JSON, a pure function of a seed.
//
// Other systems were measured on the same records, made by a generator in JavaScript; this one gives the same bytes
// (offers_test.cc holds their hash), so figures can stand side by side.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace kiz::bench {

struct Offer {
  std::string id;  // 32 hexadecimal digits
  std::string title;
  std::string description;  // 205 to 225 characters of German words
  std::string_view provider;
  std::string_view field_of_action;
  std::string_view stage;
  std::array<std::string_view, 3> target_groups;  // distinct
  std::array<std::string_view, 3> languages;      // distinct, ISO 639-1
  std::string municipality;                       // 8 digits
  int capacity = 0;
  std::string_view status;
  std::string valid_from;  // YYYY-MM-DD
  std::string valid_until;
  std::string contact;
};

inline constexpr std::uint32_t usual_seed = 20240501;

class OfferGenerator {
 public:
  explicit OfferGenerator(std::uint32_t seed = usual_seed) : state_(seed) {}
  Offer next();

 private:
  std::uint32_t below(std::uint32_t n);  // 0 .. n-1
  template <class List>
  std::string_view pick(const List& list);
  template <class List>
  std::array<std::string_view, 3> pick_three(const List& list);
  std::string hex(int digits);
  std::string date(int first_year);

  std::uint32_t state_;
};

/// One line of compact JSON, fields in the order above, without a line end.
std::string to_json(const Offer& offer);

}  // namespace kiz::bench

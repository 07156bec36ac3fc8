#include "tests/bench/offers.h"

#include <cstdio>

namespace kiz::bench {
namespace {

constexpr auto words = std::to_array<std::string_view>({"Der",
                                                        "Kurs",
                                                        "richtet",
                                                        "sich",
                                                        "an",
                                                        "neu",
                                                        "zugewanderte",
                                                        "Menschen",
                                                        "und",
                                                        "ihre",
                                                        "Familien",
                                                        "die",
                                                        "in",
                                                        "der",
                                                        "Gemeinde",
                                                        "leben",
                                                        "Sprache",
                                                        "Beratung",
                                                        "Begleitung",
                                                        "Schule",
                                                        "Ausbildung",
                                                        "Arbeit",
                                                        "Anerkennung",
                                                        "Kinder",
                                                        "Jugendliche",
                                                        "Frauen",
                                                        "Männer",
                                                        "Gespräch",
                                                        "Gruppe",
                                                        "Treffpunkt",
                                                        "Unterstützung",
                                                        "bei",
                                                        "Behörden",
                                                        "Anträgen",
                                                        "Formularen",
                                                        "Wohnung",
                                                        "Gesundheit",
                                                        "Übersetzung",
                                                        "ehrenamtlich",
                                                        "kostenlos",
                                                        "wöchentlich",
                                                        "Anmeldung",
                                                        "erforderlich",
                                                        "telefonisch",
                                                        "persönlich",
                                                        "Träger",
                                                        "Förderung",
                                                        "Integration",
                                                        "Teilhabe",
                                                        "Grundbildung",
                                                        "Alphabetisierung",
                                                        "Prüfung",
                                                        "Zertifikat",
                                                        "Niveau",
                                                        "mit",
                                                        "ohne",
                                                        "für",
                                                        "auf",
                                                        "nach",
                                                        "während",
                                                        "außerhalb",
                                                        "der",
                                                        "Ferien"});
constexpr auto fields = std::to_array<std::string_view>({"Sprache", "Bildung", "Arbeit und Ausbildung", "Gesundheit",
                                                         "Wohnen", "Beratung", "Ehrenamt", "Kultur und Sport"});
constexpr auto stages =
    std::to_array<std::string_view>({"Ankommen", "Orientierung", "Vertiefung", "Verselbstständigung"});
constexpr auto groups = std::to_array<std::string_view>(
    {"Erwachsene", "Kinder", "Jugendliche", "Frauen", "Familien", "Seiteneinsteiger", "Geflüchtete", "Fachkräfte"});
constexpr auto languages =
    std::to_array<std::string_view>({"de", "en", "ar", "uk", "ru", "tr", "fa", "fr", "ku", "ro", "bg", "pl"});
constexpr auto providers =
    std::to_array<std::string_view>({"VHS", "Caritas", "Diakonie", "AWO", "DRK", "Kommunales Integrationszentrum",
                                     "Jugendmigrationsdienst", "Stadtbibliothek", "Sportbund", "Bildungswerk"});
constexpr auto states = std::to_array<std::string_view>({"entwurf", "aktiv", "pausiert", "beendet"});

std::size_t characters(std::string_view utf8) {
  std::size_t n = 0;
  for (const char c : utf8) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return n;
}

std::string host_of(std::string_view provider) {
  std::string out;
  for (const char c : provider) out += c == ' ' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

}  // namespace

// mulberry32: 32 bits of state, one multiplication chain per number. Scaling by n and dropping 32 bits equals the
// floor(random * n) of the JavaScript original, whose doubles hold these products exactly.
std::uint32_t OfferGenerator::below(std::uint32_t n) {
  state_ += 0x6D2B79F5u;
  std::uint32_t t = state_;
  t = (t ^ (t >> 15)) * (t | 1u);
  t ^= t + (t ^ (t >> 7)) * (t | 61u);
  t ^= t >> 14;
  return static_cast<std::uint32_t>(std::uint64_t{t} * n >> 32);
}

template <class List>
std::string_view OfferGenerator::pick(const List& list) {
  return list[below(static_cast<std::uint32_t>(list.size()))];
}

template <class List>
std::array<std::string_view, 3> OfferGenerator::pick_three(const List& list) {
  std::array<std::string_view, 3> out;
  for (std::size_t held = 0; held < out.size();) {
    const auto word = pick(list);
    bool known = false;
    for (std::size_t i = 0; i < held; ++i) known = known || out[i] == word;
    if (!known) out[held++] = word;
  }
  return out;
}

std::string OfferGenerator::hex(int digits) {
  std::string out;
  for (int i = 0; i < digits; ++i) out += "0123456789abcdef"[below(16)];
  return out;
}

std::string OfferGenerator::date(int first_year) {
  const int year = first_year + static_cast<int>(below(2));
  const int month = 1 + static_cast<int>(below(12));
  const int day = 1 + static_cast<int>(below(28));
  char out[32];
  std::snprintf(out, sizeof out, "%d-%02d-%02d", year, month, day);
  return out;
}

// The order of the draws is part of the format: one drawn earlier changes every record after it.
Offer OfferGenerator::next() {
  Offer o;
  o.description = pick(words);
  for (std::size_t length = characters(o.description); length < 205;) {
    const auto word = pick(words);
    (o.description += ' ') += word;
    length += 1 + characters(word);
  }
  o.description += '.';
  o.provider = pick(providers);
  o.id = hex(32);
  o.title = pick(words);
  (o.title += ' ') += pick(words);
  (o.title += ' ') += std::to_string(1 + below(99));
  o.field_of_action = pick(fields);
  o.stage = pick(stages);
  o.target_groups = pick_three(groups);
  o.languages = pick_three(languages);
  o.municipality = "05" + std::to_string(100000 + below(899999));
  o.capacity = static_cast<int>(5 + below(40));
  o.status = pick(states);
  o.valid_from = date(2024);
  o.valid_until = date(2026);
  o.contact = hex(6) + '@' + host_of(o.provider) + ".example";
  return o;
}

namespace {

void put(std::string& out, std::string_view name, std::string_view value) {
  out += out.empty() ? '{' : ',';
  ((((out += '"') += name) += "\":\"") += value) += '"';  // no value holds a character that JSON escapes
}

void put(std::string& out, std::string_view name, const std::array<std::string_view, 3>& values) {
  (((out += ",\"") += name) += "\":");
  for (std::size_t i = 0; i < values.size(); ++i) (((out += i == 0 ? "[" : ",") += '"') += values[i]) += '"';
  out += ']';
}

}  // namespace

std::string to_json(const Offer& o) {
  std::string out;
  out.reserve(700);
  put(out, "id", o.id);
  put(out, "title", o.title);
  put(out, "description", o.description);
  put(out, "provider", o.provider);
  put(out, "field_of_action", o.field_of_action);
  put(out, "stage", o.stage);
  put(out, "target_groups", o.target_groups);
  put(out, "languages", o.languages);
  put(out, "municipality", o.municipality);
  (out += ",\"capacity\":") += std::to_string(o.capacity);
  put(out, "status", o.status);
  put(out, "valid_from", o.valid_from);
  put(out, "valid_until", o.valid_until);
  put(out, "contact", o.contact);
  return out += '}';
}

}  // namespace kiz::bench

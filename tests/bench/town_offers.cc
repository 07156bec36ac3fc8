#include "tests/bench/town_offers.h"

#include <utility>

#include "protocol/registry.h"

namespace kiz::bench {
namespace {

namespace fields = registry::fields::offer;

// Those that the programs' code has no name for.
namespace more {
enum Field : std::uint32_t {
  field_of_action = 6,
  chain_stage = 7,
  for_groups = 8,
  level = 11,
  format = 14,
  place_name = 15,
  street = 16,
  zip = 17,
  city = 18,
  from = 23,
  until = 24,
  places = 25,
  access = 30,
  contact_name = 34,
  phone = 36,
  email = 37,
};
}

using Names = std::initializer_list<std::pair<std::string_view, std::int64_t>>;

std::int64_t number_of(std::string_view word, Names names) {
  for (const auto& [name, number] : names) {
    if (name == word) return number;
  }
  return 1;
}

std::int64_t group_number(std::string_view word) {
  return number_of(word, {{"Kinder", 1}, {"Jugendliche", 2}, {"Seiteneinsteiger", 2}, {"Familien", 3}, {"Frauen", 4},
                          {"Erwachsene", 5}, {"Fachkräfte", 6}, {"Geflüchtete", 7}});
}

std::int64_t status_number(std::string_view word) {
  namespace states = registry::offer_status;
  return number_of(word, {{"entwurf", states::planned}, {"aktiv", states::active}, {"pausiert", states::paused}, {"beendet", states::ended}});
}

// ISO 639-3, as the registry has it.
std::string language_code(std::string_view two_letters) {
  static constexpr std::pair<std::string_view, std::string_view> codes[] = {
      {"de", "deu"}, {"en", "eng"}, {"ar", "ara"}, {"uk", "ukr"}, {"ru", "rus"}, {"tr", "tur"},
      {"fa", "fas"}, {"fr", "fra"}, {"ku", "kur"}, {"ro", "ron"}, {"bg", "bul"}, {"pl", "pol"}};
  for (const auto& [two, three] : codes) {
    if (two == two_letters) return std::string{three};
  }
  return "und";
}

}  // namespace

void put_town_offer(Edit& edit, const Space& space, const Offer& offer) {
  const RecordId id{registry::kinds::offer, record_id(offer).key};
  const auto set = [&](std::uint32_t field, Value value) { edit.set(space, id, field, std::move(value)); };
  const auto add = [&](std::uint32_t field, Value value) { edit.add(space, id, field, std::move(value)); };
  const std::int64_t some = offer.capacity;
  set(fields::title, offer.title);
  set(fields::description, offer.description);
  set(fields::provider, std::string{offer.provider});
  add(fields::kind, 1 + some % 13);
  add(more::field_of_action, 1 + some % 2);
  add(more::chain_stage, 1 + some % 5);
  for (const auto group : offer.target_groups) add(more::for_groups, group_number(group));
  for (const auto language : offer.languages) add(fields::languages, language_code(language));
  add(more::level, 1 + some % 7);
  set(more::format, 1 + some % 4);
  set(more::place_name, "Familienzentrum " + offer.municipality);
  set(more::street, "Bahnhofstraße " + std::to_string(some));
  set(more::zip, offer.municipality.substr(3));
  set(more::city, std::string{"Ahaus"});
  set(more::from, offer.valid_from);
  set(more::until, offer.valid_until);
  set(more::places, some);
  set(more::access, std::string{"Anmeldung telefonisch oder per E-Mail"});
  set(more::contact_name, std::string{"Erika Mustermann"});
  set(more::phone, "02561 " + offer.municipality.substr(2));
  set(more::email, offer.contact);
  set(fields::status, status_number(offer.status));
  set(fields::is_public, std::int64_t{1});
}

}  // namespace kiz::bench

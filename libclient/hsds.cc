#include "libclient/hsds.h"

#include <fmt/format.h>

#include <algorithm>

#include "libclient/field_text.h"
#include "libclient/hsds_fields.h"
#include "libclient/languages.h"
#include "libclient/places.h"
#include "libclient/record_json.h"
#include "libclient/slot.h"
#include "protocol/crypto.h"

namespace kiz::hsds {
namespace {

using field_text::Form;
using nlohmann::json;

std::string uuid(ByteView key) {
  const std::string hex = to_hex(key.first(16));
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

std::string derived_uuid(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const auto part : parts) {
    all += part;
    all += '\x1f';
  }
  return uuid(crypto::hash("kiz-sync hsds id v1", view(all)));
}

/// Only ASCII without blanks: what validators and browsers take as an address.
bool plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7F && std::string_view("<>\"{}|\\^`").find(c) == std::string_view::npos;
  });
}

bool is_uri(std::string_view text) {
  const bool web = text.starts_with("http://") || text.starts_with("https://");
  const auto host = text.find("://") == std::string_view::npos ? std::string_view{} : text.substr(text.find("://") + 3);
  return web && plain(text) && host.size() > 1 && host.front() != '/' &&
         host.find_first_of("[]") == std::string_view::npos;
}

bool is_email(std::string_view text) {
  const auto at = text.find('@');
  return plain(text) && at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos;
}

class Writer {
 public:
  Writer(const GenericRecord& offer, const Options& options)
      : offer_(offer),
        options_(options),
        kind_(*registry::find_kind(registry::kinds::offer)),
        id_(uuid(offer.id.key)) {}

  json write() {
    out_ = {{"id", id_}, {"name", text("title")}, {"status", status()}};
    if (out_["name"] == "") out_["name"] = "-";
    copy("description", "description");
    copy("access", "application_process");
    copy("cost_note", "fees_description");
    copy("confirmed_on", "assured_date");
    if (const auto url = text("contact.url"); is_uri(url)) out_["url"] = url;
    if (const auto email = text("contact.email"); is_email(email)) out_["email"] = email;
    number("age_min", "minimum_age");
    number("age_max", "maximum_age");
    if (const auto groups = joined("target_groups", Form::screen_german); !groups.empty()) {
      out_["eligibility_description"] = groups;
    }
    if (const auto waiting = text("waiting"); !waiting.empty()) out_["wait_time"] = waiting + " Personen warten";
    if (const auto interpreter = shown("interpreter", Form::screen_german); !interpreter.empty()) {
      out_["interpretation_services"] = interpreter;
    }
    organization();
    each("languages", [&](const std::string& code) { language(code); });
    each("schedule", [&](const std::string& slot) { schedule(slot); });
    each("service_area", [&](const std::string& ags) { service_area(ags); });
    each("funding_source", [&](const std::string& source) { list("funding", source, {{"source", source}}); });
    cost();
    contact();
    location();
    attributes();
    return std::move(out_);
  }

 private:
  const std::vector<Value>* values(std::string_view name) const {
    const auto field = registry::find_field(kind_, name);
    KIZ_ASSERT(field);
    const auto at = offer_.fields.find(field->number);
    return at == offer_.fields.end() ? nullptr : &at->second;
  }

  std::vector<std::string> all_shown(std::string_view name, Form form) const {
    std::vector<std::string> out;
    if (const auto* all = values(name)) {
      for (const auto& value : *all)
        out.push_back(field_text::show(*registry::find_field(kind_, name)->field, value, form));
    }
    return out;
  }
  std::string shown(std::string_view name, Form form) const {
    const auto all = all_shown(name, form);
    return all.empty() ? std::string{} : all.front();
  }
  std::string text(std::string_view name) const { return shown(name, Form::exchange); }
  std::string joined(std::string_view name, Form form) const {
    std::string out;
    for (const auto& one : all_shown(name, form)) out += (out.empty() ? "" : ", ") + one;
    return out;
  }
  template <class Do>
  void each(std::string_view name, Do act) const {
    for (const auto& one : all_shown(name, Form::exchange)) act(one);
  }

  void copy(std::string_view from, const char* to) {
    if (auto value = text(from); !value.empty()) out_[to] = std::move(value);
  }
  void number(std::string_view from, const char* to) {
    const auto* all = values(from);
    if (all && !all->empty() && as_int(all->front())) out_[to] = *as_int(all->front());
  }

  /// Appends to an array of the service an object with an identifier made from what it says.
  json& list(const char* array, std::string_view what, json object) {
    object["id"] = derived_uuid({id_, array, what});
    object["service_id"] = id_;
    json& target = out_[array];
    if (target.is_null()) target = json::array();
    target.push_back(std::move(object));
    return target.back();
  }

  std::string status() const {
    const auto* all = values("status");
    const auto* value = all && all->size() == 1 ? as_int(all->front()) : nullptr;
    return std::string(status_word(value ? static_cast<std::uint32_t>(*value) : registry::offer_status::active));
  }

  void organization() {
    std::string name = text("provider");
    const auto* all = values("provider");
    const auto* key = all && !all->empty() ? std::get_if<Bytes>(&all->front()) : nullptr;
    std::string id = derived_uuid({"organization", name});
    if (key && key->size() == RecordKey::size_bytes) {
      id = uuid(*key);
      const auto known = options_.actor_name ? options_.actor_name(RecordKey::from(*key)) : std::string{};
      if (!known.empty()) name = known;
    }
    if (name.empty()) return;
    out_["organization_id"] = id;
    out_["organization"] = {{"id", id}, {"name", name}, {"description", name}};
  }

  void language(const std::string& code) {
    const auto two = languages::two_letters(code);
    list("languages", code, {{"name", languages::name(code, Tongue::english)}, {"code", two.empty() ? code : two}});
  }

  void schedule(const std::string& canonical) {
    const auto read = read_slot(canonical, "");
    json& out = list("schedules", canonical, {{"description", canonical}});
    if (!read) return;
    const Slot& slot = read.value;
    static constexpr const char* days[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    std::string byday;
    for (std::size_t day = 0; day < 7; ++day) {
      if (slot.days[day]) byday += (byday.empty() ? "" : ",") + std::string(days[day]);
    }
    if (!byday.empty()) {
      out["freq"] = "WEEKLY";
      out["interval"] = slot.every;
      out["byday"] = byday;
      out["wkst"] = "MO";
    }
    if (!slot.date.empty()) {
      out["dtstart"] = slot.date;
      out["count"] = 1;
    }
    if (!slot.from.empty()) out["valid_from"] = slot.from;
    if (!slot.until.empty()) out["valid_to"] = slot.until;
    const auto clock = [](int minutes) { return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60); };
    if (slot.begin >= 0) out["opens_at"] = clock(slot.begin);
    if (slot.end >= 0) out["closes_at"] = clock(slot.end);
    if (!slot.note.empty()) out["notes"] = slot.note;
    if (const auto format = text("format"); !format.empty()) out["attending_type"] = format;
  }

  void service_area(const std::string& ags) {
    list("service_areas", ags, {{"name", places::display_name(ags)}, {"extent", ags}, {"extent_type", "ags"}});
  }

  void cost() {
    const auto* all = values("cost");
    const auto* cents = all && !all->empty() ? as_int(all->front()) : nullptr;
    if (!cents) return;
    json& out = list("cost_options", "cost", {{"currency", "EUR"}, {"amount", static_cast<double>(*cents) / 100}});
    if (const auto note = text("cost_note"); !note.empty()) out["amount_description"] = note;
  }

  void contact() {
    const std::string name = options_.personal ? text("contact.name") : std::string{};
    const auto role = text("contact.role"), phone = text("contact.phone"), email = text("contact.email");
    if (!name.empty() || !role.empty()) {
      json& out = list("contacts", "contact", json::object());
      if (!name.empty()) out["name"] = name;
      if (!role.empty()) out["title"] = role;
      if (is_email(email)) out["email"] = email;
    }
    if (!phone.empty()) list("phones", phone, {{"number", phone}});
  }

  void location() {
    const auto name = text("place.name"), street = text("place.street"), zip = text("place.zip"),
               city = text("place.city");
    const auto* lat = values("place.lat");
    const auto* lon = values("place.lon");
    if (name.empty() && street.empty() && city.empty() && !lat) return;
    const std::string id = derived_uuid({id_, "location"});
    json place = {{"id", id}, {"location_type", text("format") == "online" ? "virtual" : "physical"}};
    if (!name.empty()) place["name"] = name;
    if (lat && lon && as_int(lat->front()) && as_int(lon->front())) {
      place["latitude"] = static_cast<double>(*as_int(lat->front())) / 1'000'000;
      place["longitude"] = static_cast<double>(*as_int(lon->front())) / 1'000'000;
    }
    if (!street.empty() || !city.empty()) {
      const bool here = !places::find_municipalities(city).empty();
      place["addresses"] = {{{"id", derived_uuid({id_, "address"})},
                             {"location_id", id},
                             {"address_1", street},
                             {"city", city},
                             {"state_province", here ? "Nordrhein-Westfalen" : ""},
                             {"postal_code", zip},
                             {"country", "DE"},
                             {"address_type", "physical"}}};
    }
    if (const auto barrier_free = shown("barrier_free", Form::screen_german); !barrier_free.empty()) {
      place["accessibility"] = {{{"id", derived_uuid({id_, "accessibility"})},
                                 {"location_id", id},
                                 {"description", "barrierefrei: " + barrier_free}}};
    }
    list("service_at_locations", "location", {{"location_id", id}, {"location", std::move(place)}});
  }

  void attributes() {
    attribute("id", to_hex(offer_.id.key), to_hex(offer_.id.key), "Kennung");  // says that the others are complete
    for (const auto& [number, all] : offer_.fields) {
      const auto* field = registry::find_field(kind_, number);
      if (!field || (field->personal == registry::Personal::yes && !options_.personal)) continue;
      const std::string name = registry::field_name(kind_, number);
      if (name == "description") continue;  // long, and the same in its own place
      for (const auto& value : all) {
        attribute(name, field_text::show(*field, value, Form::exchange),
                  field_text::show(*field, value, Form::screen_german), field->label_de);
      }
    }
  }

  void attribute(const std::string& name, const std::string& value, const std::string& words, std::string_view label) {
    json term = {{"id", derived_uuid({"term", name, value})},
                 {"code", value},
                 {"name", words.empty() ? "-" : words},
                 {"description", std::string(label)},
                 {"taxonomy", taxonomy}};
    out_["attributes"].push_back({{"id", derived_uuid({id_, "attribute", name, value})},
                                  {"link_id", id_},
                                  {"link_type", name},
                                  {"link_entity", "service"},
                                  {"value", value},
                                  {"taxonomy_term", std::move(term)}});
  }

  const GenericRecord& offer_;
  const Options& options_;
  const registry::Kind& kind_;
  std::string id_;
  json out_;
};

}  // namespace

json service(const GenericRecord& offer, const Options& options) { return Writer(offer, options).write(); }

json services(std::span<const GenericRecord> offers, const Options& options) {
  json out = json::array();
  for (const auto& offer : offers) out.push_back(service(offer, options));
  return out;
}

}  // namespace kiz::hsds

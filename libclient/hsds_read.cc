#include <algorithm>
#include <cmath>

#include "libclient/cell_table.h"
#include "libclient/csv.h"
#include "libclient/hsds.h"
#include "libclient/hsds_fields.h"
#include "libclient/record_json.h"
#include "libclient/table_export.h"

namespace kiz::hsds {
namespace {

using Code = Complaint::Code;
using nlohmann::json;

std::string text(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto at = object.find(key);
  return at == object.end() ? std::string{} : record_json::cell_text(*at);
}

const json& list(const json& object, const char* key) {
  static const json none = json::array();
  if (!object.is_object()) return none;
  const auto at = object.find(key);
  return at != object.end() && at->is_array() ? *at : none;
}

const json& child(const json& object, const char* key) {
  static const json none = json::object();
  if (!object.is_object()) return none;
  const auto at = object.find(key);
  return at != object.end() && at->is_object() ? *at : none;
}

/// One service as cells of our own columns, by English field name.
class Row {
 public:
  explicit Row(const json& service) : service_(service) {}

  std::vector<std::pair<std::string, std::string>> read() {
    if (!read_attributes()) read_foreign();
    return std::move(cells_);
  }

 private:
  void set(const std::string& name, std::string value) {
    if (!value.empty()) cells_.emplace_back(name, std::move(value));
  }
  void set_list(const std::string& name, const std::vector<std::string>& values) {
    set(name, table_export::join_elements(values));
  }

  /// A service that we wrote ourselves: the attributes say it all. False: it is from others.
  bool read_attributes() {
    std::vector<std::pair<std::string, std::vector<std::string>>> found;
    for (const auto& attribute : list(service_, "attributes")) {
      if (text(child(attribute, "taxonomy_term"), "taxonomy") != taxonomy) continue;
      const std::string name = text(attribute, "link_type");
      auto at = std::find_if(found.begin(), found.end(), [&](const auto& f) { return f.first == name; });
      if (at == found.end()) at = found.insert(found.end(), {name, {}});
      at->second.push_back(text(attribute, "value"));
    }
    if (found.empty()) return false;
    const auto& kind = *registry::find_kind(registry::kinds::offer);
    set("description", text(service_, "description"));
    for (const auto& [name, values] : found) {
      const auto field = registry::find_field(kind, name);
      const bool many =
          field && (field->field->merge == registry::Merge::set || field->field->merge == registry::Merge::multi_value);
      if (many) {
        set_list(name, values);
      } else {
        set(name, values.front());
      }
    }
    return true;
  }

  void read_foreign() {
    set("title", text(service_, "name"));
    set("external_ids", "hsds:" + text(service_, "id"));
    set("kind", "other");
    set("status", std::string(status_name(text(service_, "status"))));
    const std::string organization = text(child(service_, "organization"), "name");
    set("provider", organization.empty() ? text(service_, "organization_id") : organization);
    set("contact.url", text(service_, "url"));
    set("contact.email", text(service_, "email"));
    set("age_min", text(service_, "minimum_age"));
    set("age_max", text(service_, "maximum_age"));
    set("confirmed_on", text(service_, "assured_date"));
    read_languages();
    read_place();
    read_contact();
    read_description();
  }

  void read_languages() {
    std::vector<std::string> found;
    for (const auto& language : list(service_, "languages")) {
      const std::string code = text(language, "code");
      found.push_back(code.empty() ? text(language, "name") : code);
    }
    set_list("languages", found);
  }

  void read_place() {
    const auto& all = list(service_, "service_at_locations");
    if (all.empty()) return;
    const auto& place = child(all.front(), "location");
    set("place.name", text(place, "name"));
    const auto degrees = [&](const char* key, double most) {
      const auto at = place.find(key);
      return at != place.end() && at->is_number() && std::abs(at->get<double>()) <= most;
    };
    if (degrees("latitude", 90) && degrees("longitude", 180)) {  // the specification's own example has 100
      set("place.lat", text(place, "latitude"));
      set("place.lon", text(place, "longitude"));
    }
    const auto& addresses = list(place, "addresses");
    if (addresses.empty()) return;
    set("place.street", text(addresses.front(), "address_1"));
    set("place.zip", text(addresses.front(), "postal_code"));
    set("place.city", text(addresses.front(), "city"));
  }

  void read_contact() {
    const auto& contacts = list(service_, "contacts");
    const auto& phones = list(service_, "phones");
    if (!contacts.empty()) {
      set("contact.name", text(contacts.front(), "name"));
      set("contact.role", text(contacts.front(), "title"));
    }
    if (!phones.empty()) set("contact.phone", text(phones.front(), "number"));
  }

  /// What has no field of ours stays readable.
  void read_description() {
    std::string out = text(service_, "description");
    constexpr std::pair<const char*, const char*> others[] = {
        {"alternate_name", "Auch genannt"},
        {"eligibility_description", "Für wen"},
        {"application_process", "Anmeldung"},
        {"fees_description", "Kosten"},
        {"wait_time", "Wartezeit"},
        {"interpretation_services", "Sprachmittlung"},
        {"accreditations", "Anerkennungen"},
        {"licenses", "Zulassungen"},
        {"alert", "Hinweis"},
    };
    for (const auto& [key, label] : others) {
      const std::string more = text(service_, key);
      if (!more.empty()) out += (out.empty() ? "" : "\n") + std::string(label) + ": " + more;
    }
    for (const auto& schedule : list(service_, "schedules")) {
      const std::string more = text(schedule, "description");
      if (!more.empty()) out += (out.empty() ? "" : "\n") + std::string("Zeiten: ") + more;
    }
    set("description", out);
  }

  const json& service_;
  std::vector<std::pair<std::string, std::string>> cells_;
};

}  // namespace

table_import::Import read(std::string_view bytes, const table_import::Options& options) {
  table_import::Import refused;
  const auto refuse = [&](Complaint complaint) {
    refused.complaints.push_back(std::move(complaint));
    return refused;
  };
  const auto all = record_json::parse(bytes);
  if (!all) return refuse(*all.wrong);
  json one = json::array();
  const json* services = &all.value;
  if (services->is_object() && services->contains("contents")) {
    services = &all.value["contents"];
  } else if (services->is_object()) {
    one.push_back(all.value);
    services = &one;
  }
  if (!services->is_array()) return refuse({.code = Code::json_shape, .field = "contents", .allowed = "[{...}]"});

  table_import::CellTable table;
  for (const auto& service : *services) {
    if (!service.is_object()) return refuse({.code = Code::json_shape, .field = "service", .allowed = "{...}"});
    table.begin_row();
    for (auto& [name, value] : Row(service).read()) table.set(name, std::move(value));
    if (table.columns() > csv::columns_max) {
      return refuse({.code = Code::too_many_columns, .allowed = std::to_string(csv::columns_max)});
    }
  }
  return table.read(options);
}

}  // namespace kiz::hsds

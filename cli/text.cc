#include "cli/text.h"

#include "libclient/field_text.h"
#include "libclient/places.h"
#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz::cli {

namespace {
bool german() { return language() == "de"; }

// Read back from its exchange form, shown as the screen wants it; what cannot be read stays as it is.
std::string one_value(const registry::Field* field, const Json& value) {
  using registry::Type;
  const std::string text = plain(value);
  if (field == nullptr || text.empty()) return text;
  switch (field->type) {
    case Type::boolean: return text == "true" || text == "1" ? tr("yes") : text == "false" || text == "0" ? tr("no") : text;
    case Type::instant: return shown_time(text);
    case Type::month: return shown_month(text);
    case Type::reference:
    case Type::party:
    case Type::digest: return text;
    case Type::ags: {
      const std::string name = places::display_name(text);
      return name == text ? text : name + " (" + text + ")";
    }
    default: break;
  }
  const auto read = field_text::parse(*field, text);
  if (!read) return text;
  return field_text::show(*field, read.value, german() ? field_text::Form::screen_german : field_text::Form::screen_english);
}
}  // namespace

std::string plain(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return {};
  if (value.is_array()) {
    std::string all;
    for (const Json& one : value) all += (all.empty() ? "" : ", ") + plain(one);
    return all;
  }
  if (value.is_object()) {
    for (const char* key : {"label", "name", "value", "text", "ref"}) {
      if (value.contains(key)) return plain(value[key]);
    }
  }
  return value.dump();
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? std::string{} : plain(*found);
}

std::int64_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

bool is_true(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

const Json& list_of(const Json& object, const char* key) {
  static const Json none = Json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : none;
}

std::string named(const std::string& ref, const std::string& title) {
  return title.empty() ? ref : tr("{} \"{}\"", {ref, title});
}

std::string field_label(std::string_view kind, std::string_view field) {
  const auto* known = registry::find_kind(kind);
  if (known == nullptr) return std::string{field};
  const auto named = registry::find_field(*known, field);
  if (!named || named->field == nullptr) return std::string{field};
  std::string label{german() ? named->field->label_de : named->field->label_en};
  if (const auto language = registry::translation_language(named->number); !language.empty()) label += " [" + language + "]";
  return label;
}

std::string field_text(std::string_view kind, std::string_view field, const Json& value) {
  const auto* known = registry::find_kind(kind);
  const auto named = known != nullptr ? registry::find_field(*known, field) : std::nullopt;
  const registry::Field* of = named ? named->field : nullptr;
  if (!value.is_array()) return one_value(of, value);
  std::string all;
  for (const Json& one : value) all += (all.empty() ? "" : ", ") + one_value(of, one);
  return all;
}

std::string shortened(const std::string& id, std::size_t characters) {
  return id.size() <= characters ? id : id.substr(0, characters) + "…";
}

}  // namespace kiz::cli

#include "cli/vocabulary.h"

#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz::cli {

namespace {
bool german() { return language() == "de"; }

void add(std::string& list, std::string_view word) {
  if (!list.empty()) list += ", ";
  list += word;
}

std::string words_of(std::span<const registry::EnumValue> values) {
  std::string out;
  for (const registry::EnumValue& value : values) add(out, german() ? value.name_de : value.name);
  return out;
}

std::vector<Term> terms_of(std::uint32_t number) {
  std::string one, several;
  std::vector<Term> choices;
  for (const registry::Field& field : registry::find_kind(number)->fields) {
    const std::string name{german() ? field.name_de : field.name};
    add(field.merge == registry::Merge::set ? several : one, name);
    if (!field.values.empty()) choices.push_back({name, words_of(field.values)});
  }
  std::vector<Term> out{{tr("Fields with one value, FIELD=VALUE"), one},
                        {tr("Fields with several values, FIELD+=VALUE and FIELD-=VALUE"), several}};
  out.insert(out.end(), choices.begin(), choices.end());
  return out;
}
}  // namespace

std::vector<Term> terms_of_offers() { return terms_of(registry::kinds::offer); }
std::vector<Term> terms_of_needs() { return terms_of(registry::kinds::need); }

std::vector<Term> terms_of_counts() {
  std::vector<Term> out;
  std::string free;
  for (const registry::KeyPart& part : registry::find_kind(registry::kinds::count)->key) {
    const std::string name{german() ? part.name_de : part.name};
    if (part.name == "measure") {
      out.push_back({tr("Measures"), words_of(part.values)});
    } else if (!part.values.empty()) {
      out.push_back({name, words_of(part.values)});
    } else if (!part.required) {
      add(free, name);
    }
  }
  out.push_back({tr("Also broken down by"), free});
  return out;
}

}  // namespace kiz::cli

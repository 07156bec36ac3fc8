#include <algorithm>

#include "libclient/field_text.h"
#include "libclient/table_import.h"

namespace kiz::table_import {

std::vector<std::vector<std::string>> preview(const registry::Kind& kind, const std::vector<Draft>& drafts,
                                              std::size_t rows_max, Tongue tongue) {
  const auto form = tongue == Tongue::german ? field_text::Form::screen_german : field_text::Form::screen_english;
  const std::size_t rows = std::min(rows_max, drafts.size());
  std::vector<std::uint32_t> numbers;
  std::vector<bool> parts(kind.key.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (const auto& field : drafts[i].fields) {
      if (kind.key.empty() || field.number != registry::fields::key) numbers.push_back(field.number);
    }
    const auto key = registry::split_natural_key(kind, drafts[i].natural_key);
    for (std::size_t p = 0; p < key.size(); ++p) parts[p] = parts[p] || key[p] != "*";
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());

  std::vector<std::vector<std::string>> out(1);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (parts[p]) out[0].emplace_back(tongue == Tongue::german ? kind.key[p].label_de : kind.key[p].label_en);
  }
  for (const auto number : numbers) {
    const auto* field = registry::find_field(kind, number);
    out[0].emplace_back(tongue == Tongue::german ? field->label_de : field->label_en);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    auto& line = out.emplace_back();
    const auto key = registry::split_natural_key(kind, drafts[i].natural_key);
    for (std::size_t p = 0; p < key.size(); ++p) {
      if (parts[p]) line.push_back(field_text::show_key_part(kind.key[p], key[p], form));
    }
    for (const auto number : numbers) {
      std::string text;
      if (const auto* field = drafts[i].find(number)) {
        for (const auto& value : field->values) {
          text += (text.empty() ? "" : ", ") + field_text::show(*registry::find_field(kind, number), value, form);
        }
      }
      line.push_back(std::move(text));
    }
  }
  return out;
}

}  // namespace kiz::table_import

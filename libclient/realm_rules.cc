#include "libclient/realm_rules.h"

#include <charconv>

#include "libclient/months.h"
#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz::realm_rules {

namespace {
constexpr int last_day_of_every_month = 28;

constexpr Rule return_due_day{"return_due_day", "meldetag", Kind::day, "10",
                              translatable("returns of a month are due on this day of the month after it, 1 to 28")};
constexpr Rule paper_counts{"paper_consent_counts", "papier_zaehlt", Kind::yes_no, "no",
                            translatable("a consent that the Kreis has on paper counts where the town has given no word of its own")};
constexpr Rule rules[] = {return_due_day, paper_counts};

std::optional<int> day_of(std::string_view text) {
  int day = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), day);
  if (wrong != std::errc{} || end != text.data() + text.size() || day < 1 || day > last_day_of_every_month) return std::nullopt;
  return day;
}
}  // namespace

std::span<const Rule> all() { return rules; }

const Rule* find(std::string_view name) {
  const std::string typed = registry::fold(name);
  for (const Rule& rule : rules) {
    if (typed == rule.name || typed == rule.german) return &rule;
  }
  return nullptr;
}

std::optional<std::string> read(const Rule& rule, std::string_view text) {
  if (rule.kind == Kind::day) {
    const auto day = day_of(text);
    return day ? std::optional{std::to_string(*day)} : std::nullopt;
  }
  const std::string word = registry::fold(text);
  if (word == "yes" || word == "ja") return "yes";
  if (word == "no" || word == "nein") return "no";
  return std::nullopt;
}

std::string value(const Membership& membership, const Rule& rule) {
  const auto decided = membership.rule(rule.name);
  const auto known = decided ? read(rule, *decided) : std::nullopt;
  return known.value_or(rule.otherwise);
}

std::string due_on(const Membership& membership, const std::string& month) {
  const std::string day = value(membership, return_due_day);
  return months::plus(month, 1) + (day.size() == 1 ? "-0" : "-") + day;
}

bool paper_consent_counts(const Membership& membership) { return value(membership, paper_counts) == "yes"; }

}  // namespace kiz::realm_rules

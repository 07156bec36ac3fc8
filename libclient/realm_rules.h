// What the authority of a realm may decide for all its members beside who belongs to it (SPEC.md §4, control record 9): the
// rules that this program knows, how they are read and what holds where nothing was decided.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/membership.h"

namespace kiz::realm_rules {

enum class Kind { day, yes_no };  // "1" to "28", a day that every month has; "yes" or "no"

struct Rule {
  const char* name;       // in the control log and in JSON
  const char* german;     // what may be typed as well
  Kind kind;
  const char* otherwise;  // holds until something else was decided
  const char* meaning;    // English msgid
};

std::span<const Rule> all();
/// By either name, in any case, "-" for "_". Null: there is no such rule.
const Rule* find(std::string_view name);

/// A person's word as the control log has it: "015" -> "15", "Ja" -> "yes". Empty: it is none for this rule.
std::optional<std::string> read(const Rule& rule, std::string_view text);

/// What holds now. A value that this program cannot read, written by a later one, counts as not decided.
std::string value(const Membership& membership, const Rule& rule);

/// The day on which the returns for this month ("2026-10") are due: "2026-11-10".
std::string due_on(const Membership& membership, const std::string& month);
/// Whether what the Kreis has on paper counts as the consent of a town that has given no word of its own.
bool paper_consent_counts(const Membership& membership);

}  // namespace kiz::realm_rules

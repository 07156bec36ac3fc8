#include "libclient/consents.h"

#include <algorithm>
#include <array>

#include "protocol/registry.h"

namespace kiz::consents {
namespace {

namespace cf = registry::fields::consent;
namespace sf = registry::fields::consent_subject;
namespace stored = registry::consent_state;

Timestamp newest_of(const RecordView& record) {
  Timestamp newest;
  for (const FieldView& field : record.fields) {
    for (const CellView& cell : field.cells) newest = std::max(newest, cell.hlc);
  }
  return newest;
}

std::vector<CellView> cells_of(const RecordView& record, std::uint32_t field) {
  const FieldView* view = record.field(field);
  return view != nullptr ? view->cells : std::vector<CellView>{};
}

std::set<std::string> texts_of(const RecordView& record, std::uint32_t field) {
  std::set<std::string> out;
  for (const CellView& cell : cells_of(record, field)) {
    const auto* text = cell.value ? as_text(*cell.value) : nullptr;
    if (text != nullptr) out.insert(*text);
  }
  return out;
}

std::optional<Hash> as_digest(const std::optional<Value>& value) {
  const auto* bytes = value ? std::get_if<Bytes>(&*value) : nullptr;
  if (bytes == nullptr || bytes->size() != Hash::size_bytes) return std::nullopt;
  return Hash::from(*bytes);
}

State shown(std::int64_t number) {
  switch (number) {
    case stored::deliberating: return State::deliberating;
    case stored::granted: return State::granted;
    case stored::granted_with_conditions: return State::granted_with_conditions;
    case stored::refused: return State::refused;
    case stored::withdrawn: return State::withdrawn;
    default: return State::disputed;  // a newer program's word: not ours to count
  }
}

/// A decision that is known and binds to nothing older than the present text.
void judge_text(const Subject& subject, const Consent& town, Standing& out) {
  const CellView* cell = town.digests.empty() ? nullptr : &town.digests.front();
  const auto given_to = cell != nullptr ? as_digest(cell->value) : std::nullopt;
  if (cell != nullptr && !cell->value) {
    out.disputes.push_back(Dispute::not_held);
  } else if (given_to != subject.digest) {
    // Decided before the Kreis laid down a new text: the old decision is history. Decided later, or to a text never
    // asked about: the town did not know what it is asked, and only a person can say what it meant.
    if (given_to && cell->hlc < subject.digest_set) {
      out.state = State::superseded;
    } else {
      out.disputes.push_back(Dispute::other_text);
    }
  }
}

bool decided(State state) {
  return state == State::granted || state == State::granted_with_conditions || state == State::refused;
}

/// Emptied fields count as nothing written.
std::vector<CellView> without_null(std::vector<CellView> cells) {
  if (cells.size() == 1 && cells.front().value && is_null(*cells.front().value)) cells.clear();
  return cells;
}

void need(std::string& missing, bool given, std::string_view field) {
  if (given) return;
  if (!missing.empty()) missing += ',';
  missing += field;
}

}  // namespace

std::string_view name(State state) {
  constexpr std::string_view names[] = {"open",    "requested", "deliberating", "granted", "granted_with_conditions",
                                        "refused", "withdrawn", "superseded",   "disputed"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view name(Dispute dispute) {
  constexpr std::string_view names[] = {"state", "text", "date", "other_text", "not_held"};
  return names[static_cast<std::size_t>(dispute)];
}

std::optional<Subject> read_subject(const RecordView& record) {
  if (!record.exists()) return std::nullopt;
  Subject out;
  out.id = record.id;
  out.kind = record.number(sf::kind).value_or(0);
  out.title = record.text(sf::title);
  out.description = record.text(sf::description);
  out.version_ref = record.text(sf::version_ref);
  out.opened_on = record.text(sf::opened_on);
  out.wanted_by = record.text(sf::wanted_by);
  out.closed_on = record.text(sf::closed_on);
  out.asked = texts_of(record, sf::asked);
  out.required = record.number(sf::is_required).value_or(1) != 0;
  out.newest = newest_of(record);
  if (const auto cells = cells_of(record, sf::document_digest); !cells.empty()) {
    out.digest = as_digest(cells.front().value);
    out.digest_set = cells.front().hlc;
  }
  return out;
}

std::optional<Consent> read_consent(const RecordView& record) {
  const registry::Kind* kind = registry::find_kind(registry::kinds::consent);
  if (!record.exists()) return std::nullopt;
  const auto parts = registry::split_natural_key(*kind, record.text(registry::fields::key));
  if (parts.size() != 2) return std::nullopt;
  const Bytes subject = from_hex(parts[1]);
  if (subject.size() != RecordKey::size_bytes) return std::nullopt;
  Consent out;
  out.id = record.id;
  out.space = record.space;
  out.ags = parts[0];
  out.subject = RecordKey::from(subject);
  out.states = without_null(cells_of(record, cf::state));
  out.digests = without_null(cells_of(record, cf::document_digest));
  out.dates = without_null(cells_of(record, cf::decided_on));
  out.decided_by = record.number(cf::decided_by).value_or(0);
  out.reference = record.text(cf::reference);
  out.conditions = record.text(cf::conditions);
  out.conditions_met_on = record.text(cf::conditions_met_on);
  out.reason = record.text(cf::reason);
  out.signed_by_role = record.text(cf::signed_by_role);
  for (const std::string& text : texts_of(record, cf::evidence)) out.evidence.push_back(text);
  out.newest = newest_of(record);
  return out;
}

Result<std::string> key_text(const std::string& ags, const RecordKey& subject) {
  const std::array<std::string, 2> parts{ags, to_hex(subject)};
  return registry::natural_key(*registry::find_kind(registry::kinds::consent), parts);
}

Result<RecordId> record_of(const std::string& ags, const RecordKey& subject) {
  const auto key = key_text(ags, subject);
  if (!key) return key.error();
  return RecordId{registry::kinds::consent, registry::natural_record_key(registry::kinds::consent, *key)};
}

Standing standing(const Subject& subject, const std::string& ags, const Consent* town) {
  Standing out;
  out.state = subject.asks(ags) ? State::requested : State::open;
  if (town == nullptr || town->states.empty()) return out;

  if (town->states.size() > 1) out.disputes.push_back(Dispute::state);
  if (town->digests.size() > 1) out.disputes.push_back(Dispute::text);
  if (town->dates.size() > 1) out.disputes.push_back(Dispute::date);
  if (town->states.size() == 1) {
    const CellView& cell = town->states.front();
    const auto* number = cell.value ? as_int(*cell.value) : nullptr;
    if (number == nullptr) {
      out.disputes.push_back(Dispute::not_held);
    } else {
      out.state = shown(*number);
      out.stored = out.state;
      if (out.state == State::disputed) out.disputes.push_back(Dispute::state);
    }
  }
  if (out.disputes.empty()) judge_text(subject, *town, out);
  if (!out.disputes.empty()) out.state = State::disputed;
  return out;
}

Result<std::int64_t> next_state(const Standing& present, const Decision& decision) {
  if (present.state == State::disputed) return Error{Errc::conflict_open, std::string(name(present.disputes.front()))};
  const State from = present.state;
  const bool undecided = from == State::requested || from == State::deliberating || from == State::superseded;
  const bool conditions_met = from == State::granted_with_conditions && decision.step == Step::grant;

  bool edge = false;
  std::int64_t to = 0;
  std::string missing;
  switch (decision.step) {
    case Step::deliberate:
      edge = (undecided && from != State::deliberating) || from == State::refused || from == State::withdrawn;
      to = stored::deliberating;
      break;
    case Step::grant:
    case Step::grant_with_conditions:
    case Step::refuse:
      edge = undecided || conditions_met;
      to = decision.step == Step::grant    ? stored::granted
           : decision.step == Step::refuse ? stored::refused
                                           : stored::granted_with_conditions;
      if (conditions_met) {
        need(missing, !decision.conditions_met_on.empty(), "conditions_met_on");
        break;
      }
      need(missing, !decision.decided_on.empty(), "decided_on");
      need(missing, decision.decided_by != 0, "decided_by");
      need(missing, !decision.reference.empty(), "reference");
      if (decision.step == Step::grant_with_conditions) need(missing, !decision.conditions.empty(), "conditions");
      break;
    case Step::withdraw:
      edge = decided(from) && from != State::refused;
      to = stored::withdrawn;
      need(missing, !decision.reason.empty(), "reason");
      break;
  }
  if (!edge) return Error{Errc::invalid_input, std::string(name(from))};
  if (!missing.empty()) return Error{Errc::usage, missing};
  return to;
}

Tally tally(std::span<const Standing> standings) {
  Tally out;
  for (const Standing& standing : standings) {
    ++out.asked;
    ++out.by_state[static_cast<std::size_t>(standing.state)];
  }
  return out;
}

}  // namespace kiz::consents

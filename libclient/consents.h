// Consents (Einvernehmen): what the Kreis asks, what each town decided, and where that stands. Pure functions over records.
//
// A consent binds to the text it was given to: its digest stands beside the decision. Derived, never written: requested
// (the Kreis asks, the town has not begun), superseded (the Kreis changed the text since), disputed (two offices decided
// differently, or to a text that is not the one asked about). What is superseded or disputed does not count.
//
//   open ─► requested ─► deliberating ─► granted | granted_with_conditions | refused      (from requested too)
//   granted_with_conditions ─► granted         refused ─► deliberating
//   granted | granted_with_conditions ─► withdrawn ─► deliberating         any ─► superseded, which is requested anew
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kiz/record_view.h"
#include "kiz/result.h"

namespace kiz::consents {

/// What is asked: a record of the Kreis.
struct Subject {
  RecordId id;
  std::int64_t kind = 0;  // registry: kind_of_subject
  std::string title, description, version_ref, opened_on, wanted_by, closed_on;
  std::optional<Hash> digest;
  Timestamp digest_set;         // when the present text was laid down
  std::set<std::string> asked;  // AGS; empty: all municipalities
  bool required = true;
  Timestamp newest;

  bool closed() const { return !closed_on.empty(); }
  bool asks(const std::string& ags) const { return asked.empty() || asked.contains(ags); }
};

/// What a town decided: its own record.
struct Consent {
  RecordId id;
  Space space;
  std::string ags;
  RecordKey subject;
  std::vector<CellView> states, digests, dates;  // every live value
  std::int64_t decided_by = 0;
  std::string reference, conditions, conditions_met_on, reason, signed_by_role;
  std::vector<std::string> evidence;
  Timestamp newest;
};

std::optional<Subject> read_subject(const RecordView& record);
std::optional<Consent> read_consent(const RecordView& record);

/// Key and id of a town's consent on a subject.
Result<std::string> key_text(const std::string& ags, const RecordKey& subject);
Result<RecordId> record_of(const std::string& ags, const RecordKey& subject);

enum class State : std::uint8_t {
  open,       // not asked
  requested,  // asked, nothing decided
  deliberating,
  granted,
  granted_with_conditions,
  refused,
  withdrawn,
  superseded,
  disputed,
};
std::string_view name(State state);  // "granted_with_conditions": JSON

enum class Dispute : std::uint8_t { state, text, date, other_text, not_held };
std::string_view name(Dispute dispute);  // "state", "text", ...: JSON

struct Standing {
  State state = State::open;
  std::vector<Dispute> disputes;
  std::optional<State> stored;  // what the town wrote, when it wrote one thing
  /// Only this counts towards "all towns consent".
  bool counts() const { return state == State::granted; }
};

/// town: null when it has written nothing.
Standing standing(const Subject& subject, const std::string& ags, const Consent* town);

enum class Step : std::uint8_t { deliberate, grant, grant_with_conditions, refuse, withdraw };

/// What a step needs besides the state.
struct Decision {
  Step step{};
  std::string decided_on = {}, reference = {}, conditions = {}, conditions_met_on = {}, reason = {};
  std::int64_t decided_by = 0;  // registry: body_deciding
};

/// The state to write (registry::consent_state).
///
/// errors   conflict_open   the present state is disputed: a person settles that first
///          invalid_input   no such edge; the context names the present state
///          usage           something is missing; the context names the fields, comma separated
Result<std::int64_t> next_state(const Standing& present, const Decision& decision);

/// How many stand where.
struct Tally {
  std::size_t asked = 0;
  std::size_t by_state[9] = {};
  std::size_t operator[](State state) const { return by_state[static_cast<std::size_t>(state)]; }
};
/// standings: those of the members asked.
Tally tally(std::span<const Standing> standings);

}  // namespace kiz::consents

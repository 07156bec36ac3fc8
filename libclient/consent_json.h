// Subjects and consents of a replica, put together, and as JSON: one shape in all replies and reports. Keys are frozen.
//
// A subject is heard only from the Kreis's space, a consent only from the space of the town it speaks for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "libclient/consents.h"
#include "libclient/request_support.h"
#include "libclient/requests.h"

namespace kiz::consents {

/// One subject with what every member asked said to it.
struct Question {
  Subject subject;
  std::map<MemberId, Consent> consents;  // of those who wrote something
  std::map<MemberId, Consent> papers;    // what came on paper and the Kreis wrote down; counts for nothing by itself
  bool papers_count = false;             // realm_rules.h

  /// What the town wrote itself.
  Standing written(const MemberId& member) const;
  /// The same; where the realm lets paper count, and the town has written nothing, what came on paper.
  Standing standing(const MemberId& member) const;
  /// What came on paper and the town has not answered itself since; null: nothing.
  const Consent* paper(const MemberId& member) const;
};

/// By opening day, then id. Closed ones too.
std::vector<Question> load(const Replica& replica);

/// {"ref", "id", "kind", "kind_label", "title", "description", "version", "document_digest", "opened_on", "wanted_by",
///  "closed_on", "open", "required", "asked": [AGS, ...] or null for all}
Json to_json(const Replica& replica, const Subject& subject, bool german);

/// {"member", "member_name", "state", "stored", "disputes": ["state", ...], "counts", "decided_on", "decided_by",
///  "reference", "conditions", "conditions_met_on", "reason", "signed_by_role", "document_digest", "evidence": [...],
///  "changed_at", "paper": null or {"state", "decided_on", "decided_by", "reference", "conditions", "reason", "evidence",
///  "recorded_at"}, "values"?: [{"field", "value", "member", "member_name", "device", "actor", "time"}]}
/// "values" is there when state, text or date are disputed: all that stand side by side.
Json to_json(const Replica& replica, const Question& question, const request::Town& town);

/// {"asked", "granted", "granted_with_conditions", "refused", "deliberating", "requested", "withdrawn", "superseded",
///  "disputed", "on_paper", "missing": [names], "text": "14 von 17 erteilt, 1 strittig"}
/// missing: members asked whose consent does not count yet.
Json summary(const Question& question, const std::vector<request::Town>& towns);

/// Those of the members that the subject asks.
std::vector<request::Town> asked(const Subject& subject, const std::vector<request::Town>& towns);

}  // namespace kiz::consents

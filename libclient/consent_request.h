// What the requests on consents share: the subject they are about, the decision as it was given, and how it is written.
#pragma once

#include <string>
#include <vector>

#include "libclient/consent_json.h"

namespace kiz::consents {

/// The subject that the argument "subject" names, or the one that is open when none is.
/// errors: not_found, invalid_input (closed, with `open_only`), usage (several are open)
request::Or<Question> question_of(const RequestContext& context, bool open_only);

/// A decision as a person gave it.
struct Given {
  Decision decision;
  std::string signed_by_role = {};
  std::vector<std::string> evidence = {};
};

/// From "decided_on", "decided_by", "reference", "conditions", "conditions_met_on", "reason", "signed_by_role", "evidence".
request::Or<Given> given_of(const RequestContext& context, Step step);

/// The sentence for what next_state() says.
Refusal cannot(const RequestContext& context, const Error& error, const Question& question, const MemberId& member);

/// Writes a decision into the record of the town, or of the Kreis where it came on paper: the same fields.
void put_decision(Edit& edit, const Space& space, const RecordId& id, const RecordView* present, const Question& question,
                  const Given& given, std::int64_t state);

/// A day that is yet to come, or older than the question.
void warn_dates(Reply& reply, const RequestContext& context, const Question& question, const std::string& decided_on);

/// Decides in the name of this installation's town. `data` as consent.grant.
Answer decide(RequestContext& context, const Given& given, const Question& question);

/// consent.paper, consent.confirm_paper: requests_consent_paper.cc
std::vector<RequestKind> paper_requests();

}  // namespace kiz::consents

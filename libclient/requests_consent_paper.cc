// Consents that came on paper. The Kreis writes down what it got, in its own space and as its own word; that counts for
// nothing until the town says the same (or the realm's rule lets paper count).

#include <algorithm>

#include "libclient/consent_request.h"
#include "libclient/references.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"
#include "protocol/membership.h"
#include "protocol/registry.h"

namespace kiz::consents {
namespace {

using namespace request;

std::optional<Step> step_of(const std::string& word) {
  const std::string folded = registry::fold(word);
  if (folded.empty() || folded == "granted" || folded == "erteilt") return Step::grant;
  if (folded == "refused" || folded == "verweigert") return Step::refuse;
  if (folded == "deliberating" || folded == "in_beratung" || folded == "beraten") return Step::deliberate;
  return std::nullopt;
}

/// consent.paper  {"member", "state"?: granted (default) | refused | deliberating, and what consent.grant takes}
/// data: {"ref", "id", "subject": subject, "consent": consent}
Answer enter_paper(RequestContext& context) {
  if (auto refused = need_authority(context)) return *refused;
  const std::string named = text(context.args, "member");
  if (named.empty()) return refuse(Errc::usage, tr("Which town decided on paper?"), tr("kiz member list"));
  auto town = member(context.replica, named);
  if (!town) return town.refusal();
  auto question = question_of(context, true);
  if (!question) return question.refusal();
  if (!question->subject.asks(town->id)) {
    return refuse(Errc::invalid_input, tr("{} is not asked about \"{}\". Nothing was changed.", {town->name, question->subject.title}));
  }
  const auto own = question->consents.find(town->id);
  if (own != question->consents.end() && !own->second.states.empty()) {
    return refuse(Errc::invalid_input, tr("{} has decided itself; paper does not replace that. Nothing was changed.", {town->name}),
                  tr("kiz consent status"));
  }
  const auto step = step_of(text(context.args, "state"));
  if (!step) {
    return refuse(Errc::usage, tr("On paper it is granted, refused or deliberating, not \"{}\". Nothing was changed.",
                                  {text(context.args, "state")}));
  }
  auto given = given_of(context, *step);
  if (!given) return given.refusal();

  // Each sheet of paper stands for itself: what was written down before is no step that must lead here.
  const auto next = next_state(standing(question->subject, town->id, nullptr), given->decision);
  if (!next) return cannot(context, next.error(), *question, town->id);
  const auto key = key_text(town->id, question->subject.id.key);
  if (!key) return to_refusal(key.error());
  const RecordId id{registry::kinds::paper_consent, registry::natural_record_key(registry::kinds::paper_consent, *key)};
  const Space space = context.replica.space(context.replica.membership().authority(), Collection::consents);
  const auto record = context.replica.read(space, id);
  const RecordView* present = record ? &*record : nullptr;
  Edit edit = context.replica.begin();
  open_record(edit, space, id, present, *key);
  put_decision(edit, space, id, present, *question, *given, *next);
  if (auto refused = commit(context, edit)) return *refused;

  Reply reply;
  warn_dates(reply, context, *question, given->decision.decided_on);
  const std::vector<Question> after = load(context.replica);
  const auto at = std::find_if(after.begin(), after.end(), [&](const Question& q) { return q.subject.id == question->subject.id; });
  reply.data = {{"ref", references::short_of(context.replica, id)},
                {"id", references::full_of(id)},
                {"subject", to_json(context.replica, question->subject, german(context.caller))},
                {"consent", to_json(context.replica, at == after.end() ? *question : *at, *town)}};
  return reply;
}

std::string only_text(const std::vector<CellView>& cells) {
  const auto* text = cells.size() == 1 && cells.front().value ? as_text(*cells.front().value) : nullptr;
  return text != nullptr ? *text : std::string{};
}

/// consent.confirm_paper  {"subject"?}   the town says itself what the Kreis got on paper. data as consent.grant
Answer confirm_paper(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto question = question_of(context, true);
  if (!question) return question.refusal();
  const MemberId self = context.replica.identity().member;
  const Consent* paper = question->paper(self);
  if (paper == nullptr) {
    return refuse(Errc::not_found, tr("The Kreis has nothing on paper from here on \"{}\". Nothing was changed.", {question->subject.title}),
                  tr("kiz consent status"));
  }
  Given given;
  switch (standing(question->subject, self, paper).state) {
    case State::granted: given.decision.step = Step::grant; break;
    case State::granted_with_conditions: given.decision.step = Step::grant_with_conditions; break;
    case State::refused: given.decision.step = Step::refuse; break;
    case State::deliberating: given.decision.step = Step::deliberate; break;
    default:
      return refuse(Errc::conflict_open, tr("What the Kreis has on paper is unclear or about an older text. Nothing was changed."),
                    tr("kiz consent status"));
  }
  given.decision.decided_on = only_text(paper->dates);
  given.decision.decided_by = paper->decided_by;
  given.decision.reference = paper->reference;
  given.decision.conditions = paper->conditions;
  given.decision.reason = paper->reason;
  given.signed_by_role = paper->signed_by_role;
  given.evidence = paper->evidence;
  return decide(context, given, *question);
}

}  // namespace

std::vector<RequestKind> paper_requests() {
  return {{"consent.paper", LocalRole::consent, enter_paper}, {"consent.confirm_paper", LocalRole::consent, confirm_paper}};
}

}  // namespace kiz::consents

#include "libclient/consent_request.h"

#include <algorithm>

#include "libclient/field_text.h"
#include "libclient/months.h"
#include "libclient/references.h"
#include "libclient/refusals.h"
#include "libclient/shown.h"
#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz::consents {

using namespace request;
namespace cf = registry::fields::consent;

namespace {
const registry::Kind& consent_kind() { return *registry::find_kind(registry::kinds::consent); }

std::string option_of(std::string_view field) {
  if (field == "decided_on") return tr("--decided DATE");
  if (field == "decided_by") return tr("--body council|main_committee|mayor");
  if (field == "reference") return tr("--reference TEXT");
  if (field == "conditions") return tr("--conditions TEXT");
  if (field == "conditions_met_on") return tr("--conditions-met DATE");
  return tr("--reason TEXT");
}

}  // namespace

Or<Question> question_of(const RequestContext& context, bool open_only) {
  const std::string given = text(context.args, "subject");
  std::vector<Question> all = load(context.replica);
  if (!given.empty()) {
    const auto found = references::find(context.replica, registry::kinds::consent_subject, given);
    if (!found) return to_refusal(found.error());
    const auto at = std::find_if(all.begin(), all.end(), [&](const Question& q) { return q.subject.id == found->second; });
    if (at == all.end()) return refuse(Errc::not_found, tr("There is no subject {}.", {given}), tr("kiz consent subject list"));
    if (open_only && at->subject.closed()) {
      return refuse(Errc::invalid_input, tr("The subject {} was closed on {}. Nothing was changed.", {given, shown_time(at->subject.closed_on)}));
    }
    return std::move(*at);
  }
  std::erase_if(all, [](const Question& question) { return question.subject.closed(); });
  if (all.size() == 1) return std::move(all.front());
  if (all.empty()) {
    return refuse(Errc::not_found, tr("Nothing is asked at present: there is no open subject."), tr("kiz consent subject list"));
  }
  return refuse(Errc::usage, tr("{} subjects are open; say which one with --subject.", {std::to_string(all.size())}),
                tr("kiz consent subject list"));
}

Or<Given> given_of(const RequestContext& context, Step step) {
  Given out;
  out.decision.step = step;
  for (const auto& [name, into] : {std::pair{"decided_on", &out.decision.decided_on},
                                   std::pair{"conditions_met_on", &out.decision.conditions_met_on}}) {
    auto read = day(context, name);
    if (!read) return read.refusal();
    *into = *read;
  }
  out.decision.reference = text(context.args, "reference");
  out.decision.conditions = text(context.args, "conditions");
  out.decision.reason = text(context.args, "reason");
  out.signed_by_role = text(context.args, "signed_by_role");
  out.evidence = texts(context.args, "evidence");
  if (step == Step::grant && !out.decision.conditions.empty()) out.decision.step = Step::grant_with_conditions;
  if (const std::string body = text(context.args, "decided_by"); !body.empty()) {
    const auto read = field_text::parse(*registry::find_field(consent_kind(), cf::decided_by), body, tongue(context.caller));
    if (!read) return refuse(*read.wrong, context.caller);
    const auto* number = as_int(read.value);
    out.decision.decided_by = number != nullptr ? *number : 0;
  }
  const auto check = [&](std::uint32_t field, const std::string& value) {
    return registry::check(*registry::find_field(consent_kind(), field), Value{value});
  };
  for (const auto& fits : {check(cf::reference, out.decision.reference), check(cf::conditions, out.decision.conditions),
                           check(cf::reason, out.decision.reason), check(cf::signed_by_role, out.signed_by_role)}) {
    if (!fits) return to_refusal(fits.error());
  }
  for (const std::string& file : out.evidence) {
    if (const auto fits = check(cf::evidence, file); !fits) return to_refusal(fits.error());
  }
  return out;
}

Refusal cannot(const RequestContext& context, const Error& error, const Question& question, const MemberId& self) {
  switch (error.code) {
    case Errc::conflict_open: {
      const auto at = question.consents.find(self);
      const std::string hint = at == question.consents.end()
                                   ? tr("kiz conflict list")
                                   : conflict_hint(context.replica, at->second.space, at->second.id);
      return refuse(Errc::conflict_open,
                    tr("The consent on \"{}\" is disputed: a person must choose first. Nothing was changed.",
                       {question.subject.title}),
                    hint);
    }
    case Errc::usage: {
      std::string options;
      std::string_view rest = error.context;
      while (!rest.empty()) {
        const auto comma = rest.find(',');
        options += (options.empty() ? "" : ", ") + option_of(rest.substr(0, comma));
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      }
      return refuse(Errc::usage, tr("For this decision is missing: {}. Nothing was changed.", {options}));
    }
    default: break;
  }
  const registry::EnumValue* state =
      registry::find_value(registry::find_field(consent_kind(), cf::state)->values, error.context);
  const std::string word = state != nullptr
                               ? std::string(german(context.caller) ? state->label_de : state->label_en)
                           : error.context == "open" ? tr("not asked")
                                                     : error.context;
  return refuse(Errc::invalid_input,
                tr("The consent on \"{}\" stands at \"{}\"; this step does not lead on from there. Nothing was changed.",
                   {question.subject.title, word}),
                tr("kiz consent status"));
}

void put_decision(Edit& edit, const Space& space, const RecordId& id, const RecordView* present, const Question& question,
                  const Given& given, std::int64_t state) {
  const Decision& decision = given.decision;
  edit.set(space, id, cf::state, Value{state});
  set_if_new(edit, space, id, present, cf::document_digest,
             question.subject.digest ? Value{to_bytes(*question.subject.digest)} : Value{});
  // A new round begins with an empty sheet; conditions that are met and a withdrawal add to what was decided.
  const bool adds = decision.step == Step::withdraw || !decision.conditions_met_on.empty();
  const auto put = [&](std::uint32_t field, const std::string& value) {
    if (!value.empty() || !adds) set_if_new(edit, space, id, present, field, value.empty() ? Value{} : Value{value});
  };
  put(cf::decided_on, decision.decided_on);
  put(cf::reference, decision.reference);
  put(cf::conditions, decision.conditions);
  put(cf::conditions_met_on, decision.conditions_met_on);
  put(cf::reason, decision.reason);
  put(cf::signed_by_role, given.signed_by_role);
  if (decision.decided_by != 0 || !adds) {
    set_if_new(edit, space, id, present, cf::decided_by, decision.decided_by != 0 ? Value{decision.decided_by} : Value{});
  }
  for (const std::string& file : given.evidence) edit.add(space, id, cf::evidence, Value{file});
}

void warn_dates(Reply& reply, const RequestContext& context, const Question& question, const std::string& decided_on) {
  if (decided_on.empty()) return;
  if (months::is_future(decided_on, context.replica.now_ms())) {
    reply.warnings.push_back({"W_DECIDED_IN_FUTURE", tr("The day of the decision, {}, is yet to come.", {shown_time(decided_on)})});
  }
  if (!question.subject.opened_on.empty() && decided_on < question.subject.opened_on) {
    reply.warnings.push_back({"W_DECIDED_BEFORE_ASKED", tr("The decision of {} is older than the question, which was opened on {}.",
                                                           {shown_time(decided_on), shown_time(question.subject.opened_on)})});
  }
}

}  // namespace kiz::consents

// Consents: what the Kreis asks, what a town decides. The Kreis never writes a decision, a town never a subject.

#include <algorithm>

#include "libclient/consent_request.h"
#include "libclient/field_text.h"
#include "libclient/months.h"
#include "libclient/references.h"
#include "libclient/refusals.h"
#include "libclient/request_support.h"
#include "libclient/translate.h"
#include "protocol/membership.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

using namespace request;
using consents::Question;
using consents::Step;
namespace cf = registry::fields::consent;
namespace sf = registry::fields::consent_subject;

const registry::Kind& consent_kind() { return *registry::find_kind(registry::kinds::consent); }
const registry::Kind& subject_kind() { return *registry::find_kind(registry::kinds::consent_subject); }

/// consent.status  {"subject"?, "member"?, "all"?: bool}   open subjects; with "all" the closed ones too
/// data: {"subjects": [subject + {"members": [consent], "summary": {...}}]}   shapes: consent_json.h
Answer status(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  std::vector<Question> wanted;
  if (!text(context.args, "subject").empty()) {
    auto one = consents::question_of(context, false);
    if (!one) return one.refusal();
    wanted.push_back(std::move(*one));
  } else {
    wanted = consents::load(context.replica);
    if (!flag(context.args, "all")) std::erase_if(wanted, [](const Question& q) { return q.subject.closed(); });
  }
  const std::vector<Town> all = towns(context.replica);
  std::optional<Town> only;
  if (const std::string given = text(context.args, "member"); !given.empty()) {
    auto one = member(context.replica, given);
    if (!one) return one.refusal();
    only = *one;
  }
  Reply reply;
  Json list = Json::array();
  for (const Question& question : wanted) {
    Json shown = consents::to_json(context.replica, question.subject, german(context.caller));
    shown["members"] = Json::array();
    for (const Town& town : consents::asked(question.subject, all)) {
      if (!only || only->id == town.id) shown["members"].push_back(consents::to_json(context.replica, question, town));
    }
    shown["summary"] = consents::summary(question, all);
    list.push_back(std::move(shown));
  }
  reply.data = {{"subjects", std::move(list)}};
  return reply;
}

/// consent.grant       {"subject"?, "decided_on", "decided_by", "reference", "conditions"?, "conditions_met_on"?,
///                      "signed_by_role"?, "evidence"?: ["<hex digest>:<bytes>:<name>"]}
///                     with conditions: granted_with_conditions; conditions_met_on makes that granted
/// consent.refuse      {"subject"?, "decided_on", "decided_by", "reference", "reason"?}
/// consent.withdraw    {"subject"?, "reason", "decided_on"?, "decided_by"?, "reference"?}
/// consent.deliberate  {"subject"?}
/// data: {"changed", "ref", "id", "subject": subject, "consent": consent}
/// Errors: conflict_open (disputed), invalid_input (no such step from here, subject closed), usage (something is missing,
/// or several subjects are open), not_found, not_permitted. Warnings: W_DECIDED_IN_FUTURE, W_DECIDED_BEFORE_ASKED.
Answer decide(RequestContext& context, Step step) {
  if (auto refused = need_member(context)) return *refused;
  auto question = consents::question_of(context, true);
  if (!question) return question.refusal();
  auto given = consents::given_of(context, step);
  if (!given) return given.refusal();
  return consents::decide(context, *given, *question);
}

/// consent.history  {"subject"?, "member"?}   default: one's own
/// data: {"subject": subject, "member", "member_name", "steps": [{"time", "field", "value", "member", "member_name",
/// "device", "actor"}]}   value: null when emptied, erased or not here
Answer history(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto question = consents::question_of(context, false);
  if (!question) return question.refusal();
  const Identity self = context.replica.identity();
  Town town{self.member, self.member_name};
  if (const std::string given = text(context.args, "member"); !given.empty()) {
    auto one = member(context.replica, given);
    if (!one) return one.refusal();
    town = *one;
  }
  const auto id = consents::record_of(town.id, question->subject.id.key);
  if (!id) return to_refusal(id.error());
  Json steps = Json::array();
  for (const HistoryStep& step : context.replica.history(context.replica.space(town.id, Collection::consents), *id)) {
    if (step.field == registry::fields::existence || step.field == registry::fields::key) continue;
    const registry::Field* field = registry::find_field(consent_kind(), step.field);
    const bool shown = field != nullptr && step.value && !is_null(*step.value);
    steps.push_back({{"time", months::instant(step.hlc.millis())},
                     {"field", registry::field_name(consent_kind(), step.field)},
                     {"value", shown ? Json(field_text::show(*field, *step.value, field_text::Form::exchange)) : Json(nullptr)},
                     {"member", step.author.member},
                     {"member_name", step.author.member_name},
                     {"device", step.author.device},
                     {"actor", or_null(step.actor)}});
  }
  Reply reply;
  reply.data = {{"subject", consents::to_json(context.replica, question->subject, german(context.caller))},
                {"member", town.id},
                {"member_name", town.name},
                {"steps", std::move(steps)}};
  return reply;
}

struct NewSubject {
  std::vector<std::pair<std::uint32_t, Value>> fields;
  std::vector<std::string> asked;
  std::string attachment;
};

Or<NewSubject> new_subject_of(const RequestContext& context, bool again) {
  NewSubject out;
  const auto take = [&](const char* argument, std::uint32_t number) -> std::optional<Refusal> {
    const std::string given = text(context.args, argument);
    if (given.empty()) return std::nullopt;
    const auto read = field_text::parse(*registry::find_field(subject_kind(), number), given, tongue(context.caller));
    if (!read) return refuse(*read.wrong, context.caller);
    out.fields.emplace_back(number, read.value);
    return std::nullopt;
  };
  for (const auto& [argument, number] :
       {std::pair{"kind", sf::kind}, std::pair{"title", sf::title}, std::pair{"description", sf::description},
        std::pair{"version", sf::version_ref}, std::pair{"digest", sf::document_digest}, std::pair{"wanted_by", sf::wanted_by}}) {
    if (auto refused = take(argument, number)) return *refused;
  }
  const auto has = [&](std::uint32_t number) {
    return std::any_of(out.fields.begin(), out.fields.end(), [&](const auto& field) { return field.first == number; });
  };
  if (!has(sf::document_digest)) return refuse(Errc::usage, tr("The text asked about is missing: --file FILE."));
  if (!again && (!has(sf::kind) || !has(sf::title))) {
    return refuse(Errc::usage, tr("A new subject needs its kind and a title: --kind, --title."));
  }
  for (const std::string& name : texts(context.args, "asked")) {
    auto one = member(context.replica, name);
    if (!one) return one.refusal();
    out.asked.push_back(one->id);
  }
  const std::string file = text(context.args, "file_name");
  if (!file.empty()) {
    out.attachment = text(context.args, "digest") + ":" + std::to_string(context.args.value("size", std::uint64_t{0})) + ":" + file;
  }
  return out;
}

/// consent.subject_new  {"kind", "title", "digest": hex BLAKE2b-256 of the file's bytes, "file_name"?, "size"?, "asked"?:
///                       [AGS or name], "wanted_by"?, "description"?, "version"?, "required"?: bool, "subject"?: ref}
/// Without "asked" all municipalities are asked, those who join later too. With "subject" that subject gets a new text,
/// which supersedes what was decided on the old one. data: {"ref", "id", "subject": subject}
Answer subject_new(RequestContext& context) {
  if (auto refused = need_authority(context)) return *refused;
  std::optional<Question> earlier;
  if (!text(context.args, "subject").empty()) {
    auto found = consents::question_of(context, true);
    if (!found) return found.refusal();
    earlier = std::move(*found);
  }
  auto wanted = new_subject_of(context, earlier.has_value());
  if (!wanted) return wanted.refusal();

  const Space space = context.replica.space(context.replica.membership().authority(), Collection::consents);
  RecordId id{registry::kinds::consent_subject, {}};
  std::optional<RecordView> record;
  if (earlier) {
    id = earlier->subject.id;
    record = context.replica.read(space, id);
  } else {
    context.replica.random(id.key.bytes);
  }
  const RecordView* present = record ? &*record : nullptr;
  Edit edit = context.replica.begin();
  for (auto& [number, value] : wanted->fields) set_if_new(edit, space, id, present, number, std::move(value));
  if (!earlier) edit.set(space, id, sf::opened_on, Value{months::day_of(context.replica.now_ms())});
  for (const std::string& ags : wanted->asked) edit.add(space, id, sf::asked, Value{ags});
  if (!wanted->attachment.empty()) {
    const registry::FieldName document = *registry::find_field(subject_kind(), "document");
    if (const auto fits = registry::check(*document.field, Value{wanted->attachment}); !fits) return to_refusal(fits.error());
    edit.add(space, id, document.number, Value{wanted->attachment});
  }
  if (context.args.contains("required")) {
    set_if_new(edit, space, id, present, sf::is_required, Value{std::int64_t{flag(context.args, "required")}});
  }
  if (auto refused = commit(context, edit)) return *refused;
  Reply reply;
  reply.data = {{"ref", references::short_of(context.replica, id)}, {"id", references::full_of(id)}};
  if (const auto made = context.replica.read(space, id)) {
    if (const auto subject = consents::read_subject(*made)) {
      reply.data["subject"] = consents::to_json(context.replica, *subject, german(context.caller));
    }
  }
  return reply;
}

/// consent.subject_list  {"all"?: bool}   data: {"subjects": [subject + {"summary": {...}}]}
Answer subject_list(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  const std::vector<Town> all = towns(context.replica);
  Json list = Json::array();
  for (const Question& question : consents::load(context.replica)) {
    if (question.subject.closed() && !flag(context.args, "all")) continue;
    list.push_back(consents::to_json(context.replica, question.subject, german(context.caller)));
    list.back()["summary"] = consents::summary(question, all);
  }
  Reply reply;
  reply.data = {{"subjects", std::move(list)}};
  return reply;
}

/// consent.subject_close  {"subject"?}   data: {"changed", "subject": subject}
Answer subject_close(RequestContext& context) {
  if (auto refused = need_authority(context)) return *refused;
  auto question = consents::question_of(context, false);
  if (!question) return question.refusal();
  const Space space = context.replica.space(context.replica.membership().authority(), Collection::consents);
  Edit edit = context.replica.begin();
  const bool changed = !question->subject.closed();
  const std::string today = months::day_of(context.replica.now_ms());
  if (changed) edit.set(space, question->subject.id, sf::closed_on, Value{today});
  if (auto refused = commit(context, edit)) return *refused;
  if (changed) question->subject.closed_on = today;
  Reply reply;
  reply.data = {{"changed", changed},
                {"subject", consents::to_json(context.replica, question->subject, german(context.caller))}};
  return reply;
}

}  // namespace

namespace consents {
namespace {

/// True when the town wrote just this before: asking twice is no second decision.
bool said_already(const Question& question, const MemberId& self, const Decision& decision) {
  const State target = decision.step == Step::deliberate ? State::deliberating
                       : decision.step == Step::grant    ? State::granted
                       : decision.step == Step::refuse   ? State::refused
                       : decision.step == Step::withdraw ? State::withdrawn
                                                         : State::granted_with_conditions;
  const auto at = question.consents.find(self);
  if (at == question.consents.end() || question.standing(self).state != target) return false;
  const Consent& town = at->second;
  const auto* day = town.dates.empty() || !town.dates.front().value ? nullptr : as_text(*town.dates.front().value);
  const auto agrees = [](const std::string& given, const std::string& written) { return given.empty() || given == written; };
  return agrees(decision.decided_on, day != nullptr ? *day : "") && agrees(decision.reference, town.reference) &&
         agrees(decision.conditions, town.conditions) && agrees(decision.reason, town.reason) &&
         agrees(decision.conditions_met_on, town.conditions_met_on) &&
         (decision.decided_by == 0 || decision.decided_by == town.decided_by);
}

}  // namespace

Answer decide(RequestContext& context, const Given& given, const Question& question) {
  const Identity self = context.replica.identity();
  const std::vector<Town> all = towns(context.replica);
  const auto own = std::find_if(all.begin(), all.end(), [&](const Town& town) { return town.id == self.member; });
  if (own == all.end()) {
    return refuse(Errc::not_permitted, tr("Only a municipality can decide on its consent. Nothing was changed."));
  }
  const auto key = key_text(self.member, question.subject.id.key);
  if (!key) return to_refusal(key.error());
  const RecordId id{registry::kinds::consent, registry::natural_record_key(registry::kinds::consent, *key)};
  const Space space = context.replica.space(self.member, Collection::consents);
  const bool again = said_already(question, self.member, given.decision);
  Edit edit = context.replica.begin();
  if (!again) {
    const auto next = next_state(question.written(self.member), given.decision);
    if (!next) return cannot(context, next.error(), question, self.member);
    const auto record = context.replica.read(space, id);
    const RecordView* present = record ? &*record : nullptr;
    open_record(edit, space, id, present, *key);
    put_decision(edit, space, id, present, question, given, *next);
  }
  if (auto refused = commit(context, edit)) return *refused;

  Reply reply;
  warn_dates(reply, context, question, given.decision.decided_on);
  std::vector<Question> after = load(context.replica);
  const auto at = std::find_if(after.begin(), after.end(), [&](const Question& q) { return q.subject.id == question.subject.id; });
  reply.data = {{"changed", !again},
                {"ref", references::short_of(context.replica, id)},
                {"id", references::full_of(id)},
                {"subject", to_json(context.replica, question.subject, german(context.caller))},
                {"consent", to_json(context.replica, at == after.end() ? question : *at, *own)}};
  return reply;
}

}  // namespace consents

std::vector<RequestKind> consent_requests() {
  const auto step = [](Step which) { return [which](RequestContext& context) { return decide(context, which); }; };
  std::vector<RequestKind> all{
          {"consent.status", LocalRole::read, status},
          {"consent.grant", LocalRole::consent, step(Step::grant)},
          {"consent.refuse", LocalRole::consent, step(Step::refuse)},
          {"consent.withdraw", LocalRole::consent, step(Step::withdraw)},
          {"consent.deliberate", LocalRole::consent, step(Step::deliberate)},
          {"consent.history", LocalRole::read, history},
          {"consent.subject_new", LocalRole::consent, subject_new},
          {"consent.subject_list", LocalRole::read, subject_list},
          {"consent.subject_close", LocalRole::consent, subject_close}};
  for (RequestKind& paper : consents::paper_requests()) all.push_back(std::move(paper));
  return all;
}

}  // namespace kiz

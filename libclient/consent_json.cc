#include "libclient/consent_json.h"

#include <algorithm>

#include "libclient/field_text.h"
#include "libclient/months.h"
#include "libclient/realm_rules.h"
#include "libclient/references.h"
#include "libclient/translate.h"
#include "protocol/membership.h"
#include "protocol/registry.h"

namespace kiz::consents {
namespace {

namespace cf = registry::fields::consent;
namespace sf = registry::fields::consent_subject;

const registry::Field& field(std::uint32_t kind, std::uint32_t number) {
  return *registry::find_field(*registry::find_kind(kind), number);
}

Json enum_name(const registry::Field& described, std::int64_t number) {
  if (number == 0) return nullptr;
  return field_text::show(described, Value{number}, field_text::Form::exchange);
}

void add_values(Json& list, const Replica& replica, std::uint32_t number, const std::vector<CellView>& cells) {
  const registry::Field& described = field(registry::kinds::consent, number);
  for (const CellView& cell : cells) {
    Json value{{"field", described.name},
               {"value", cell.value && !is_null(*cell.value)
                             ? Json(field_text::show(described, *cell.value, field_text::Form::exchange))
                             : Json(nullptr)}};
    value.update(request::who(replica, cell.log, cell.name.entry, cell.hlc));
    list.push_back(std::move(value));
  }
}

Json digest_of(const std::vector<CellView>& cells) {
  if (cells.size() != 1 || !cells.front().value) return nullptr;
  const auto* bytes = std::get_if<Bytes>(&*cells.front().value);
  return bytes != nullptr ? Json(to_hex(*bytes)) : Json(nullptr);
}

Json text_of(const std::vector<CellView>& cells) {
  if (cells.size() != 1 || !cells.front().value) return nullptr;
  const auto* text = as_text(*cells.front().value);
  return text != nullptr ? Json(*text) : Json(nullptr);
}

Json paper_json(const Question& question, const MemberId& member) {
  const Consent* paper = question.paper(member);
  if (paper == nullptr) return nullptr;
  const Standing standing = consents::standing(question.subject, member, paper);
  return {{"state", name(standing.state)},
          {"decided_on", text_of(paper->dates)},
          {"decided_by", enum_name(field(registry::kinds::consent, cf::decided_by), paper->decided_by)},
          {"reference", request::or_null(paper->reference)},
          {"conditions", request::or_null(paper->conditions)},
          {"reason", request::or_null(paper->reason)},
          {"evidence", paper->evidence},
          {"recorded_at", months::instant(paper->newest.millis())}};
}

std::string sentence(const Tally& sum, std::size_t on_paper) {
  std::string out = tr("{} of {} granted", {std::to_string(sum[State::granted]), std::to_string(sum.asked)});
  const auto add = [&](State state, const char* words) {
    if (sum[state] > 0) out += ", " + tr(words, {std::to_string(sum[state])});
  };
  add(State::granted_with_conditions, translatable("{} with conditions"));
  add(State::disputed, translatable("{} disputed"));
  add(State::refused, translatable("{} refused"));
  add(State::withdrawn, translatable("{} withdrawn"));
  add(State::superseded, translatable("{} superseded"));
  if (on_paper > 0) out += ", " + tr("{} on paper only", {std::to_string(on_paper)});
  return out;
}

}  // namespace

Standing Question::written(const MemberId& member) const {
  const auto at = consents.find(member);
  return consents::standing(subject, member, at == consents.end() ? nullptr : &at->second);
}

Standing Question::standing(const MemberId& member) const {
  const Consent* recorded = papers_count ? paper(member) : nullptr;
  return recorded != nullptr ? consents::standing(subject, member, recorded) : written(member);
}

const Consent* Question::paper(const MemberId& member) const {
  const auto own = consents.find(member);
  if (own != consents.end() && !own->second.states.empty()) return nullptr;
  const auto at = papers.find(member);
  return at == papers.end() ? nullptr : &at->second;
}

std::vector<Question> load(const Replica& replica) {
  std::map<RecordKey, Question> found;
  const MemberId authority = replica.membership().authority();
  replica.scan(registry::kinds::consent_subject, [&](const RecordView& record) {
    auto subject = read_subject(record);
    if (subject && record.space.owner == authority && record.space.counterpart.empty()) {
      found[record.id.key].subject = std::move(*subject);
    }
    return true;
  });
  replica.scan(registry::kinds::consent, [&](const RecordView& record) {
    auto consent = read_consent(record);
    if (!consent || consent->ags != record.space.owner) return true;
    const auto question = found.find(consent->subject);
    if (question != found.end()) question->second.consents.emplace(consent->ags, std::move(*consent));
    return true;
  });
  replica.scan(registry::kinds::paper_consent, [&](const RecordView& record) {
    auto paper = read_consent(record);
    if (!paper || record.space.owner != authority || !record.space.counterpart.empty()) return true;
    const auto question = found.find(paper->subject);
    if (question != found.end()) question->second.papers.emplace(paper->ags, std::move(*paper));
    return true;
  });
  const bool papers_count = realm_rules::paper_consent_counts(replica.membership());
  std::vector<Question> out;
  for (auto& [key, question] : found) out.push_back(std::move(question));
  for (Question& question : out) question.papers_count = papers_count;
  std::stable_sort(out.begin(), out.end(), [](const Question& a, const Question& b) {
    return a.subject.opened_on < b.subject.opened_on;
  });
  return out;
}

Json to_json(const Replica& replica, const Subject& subject, bool german) {
  const registry::Field& kind = field(registry::kinds::consent_subject, sf::kind);
  const auto form = german ? field_text::Form::screen_german : field_text::Form::screen_english;
  return {{"ref", references::short_of(replica, subject.id)},
          {"id", references::full_of(subject.id)},
          {"kind", enum_name(kind, subject.kind)},
          {"kind_label", subject.kind == 0 ? Json(nullptr) : Json(field_text::show(kind, Value{subject.kind}, form))},
          {"title", subject.title},
          {"description", request::or_null(subject.description)},
          {"version", request::or_null(subject.version_ref)},
          {"document_digest", subject.digest ? Json(to_hex(*subject.digest)) : Json(nullptr)},
          {"opened_on", request::or_null(subject.opened_on)},
          {"wanted_by", request::or_null(subject.wanted_by)},
          {"closed_on", request::or_null(subject.closed_on)},
          {"open", !subject.closed()},
          {"required", subject.required},
          {"asked", subject.asked.empty() ? Json(nullptr) : Json(subject.asked)}};
}

Json to_json(const Replica& replica, const Question& question, const request::Town& town) {
  const Standing standing = question.standing(town.id);
  const auto at = question.consents.find(town.id);
  const Consent written = at == question.consents.end() ? Consent{} : at->second;
  Json disputes = Json::array();
  for (const Dispute dispute : standing.disputes) disputes.push_back(name(dispute));
  Json out{{"member", town.id},
           {"member_name", town.name},
           {"state", name(standing.state)},
           {"stored", standing.stored ? Json(name(*standing.stored)) : Json(nullptr)},
           {"disputes", std::move(disputes)},
           {"counts", standing.counts()},
           {"decided_on", text_of(written.dates)},
           {"decided_by", enum_name(field(registry::kinds::consent, cf::decided_by), written.decided_by)},
           {"reference", request::or_null(written.reference)},
           {"conditions", request::or_null(written.conditions)},
           {"conditions_met_on", request::or_null(written.conditions_met_on)},
           {"reason", request::or_null(written.reason)},
           {"signed_by_role", request::or_null(written.signed_by_role)},
           {"document_digest", digest_of(written.digests)},
           {"evidence", written.evidence},
           {"changed_at", written.newest.value == 0 ? Json(nullptr) : Json(months::instant(written.newest.millis()))}};
  out["paper"] = paper_json(question, town.id);
  if (standing.state == State::disputed) {
    Json values = Json::array();
    if (written.states.size() > 1) add_values(values, replica, cf::state, written.states);
    if (written.digests.size() > 1) add_values(values, replica, cf::document_digest, written.digests);
    if (written.dates.size() > 1) add_values(values, replica, cf::decided_on, written.dates);
    out["values"] = std::move(values);
  }
  return out;
}

std::vector<request::Town> asked(const Subject& subject, const std::vector<request::Town>& towns) {
  std::vector<request::Town> out;
  std::copy_if(towns.begin(), towns.end(), std::back_inserter(out),
               [&](const request::Town& town) { return subject.asks(town.id); });
  return out;
}

Json summary(const Question& question, const std::vector<request::Town>& towns) {
  std::vector<Standing> standings;
  Json missing = Json::array();
  std::size_t on_paper = 0;
  for (const request::Town& town : asked(question.subject, towns)) {
    standings.push_back(question.standing(town.id));
    if (!standings.back().counts()) missing.push_back(town.name);
    on_paper += question.paper(town.id) != nullptr && !question.papers_count ? 1u : 0u;
  }
  const Tally sum = tally(standings);
  Json out{{"asked", sum.asked}};
  for (const State state : {State::granted, State::granted_with_conditions, State::refused, State::deliberating,
                            State::requested, State::withdrawn, State::superseded, State::disputed}) {
    out[std::string(name(state))] = sum[state];
  }
  out["on_paper"] = on_paper;
  out["missing"] = std::move(missing);
  out["text"] = sentence(sum, on_paper);
  return out;
}

}  // namespace kiz::consents

#include "libclient/reports.h"

#include <algorithm>
#include <map>
#include <set>

#include "libclient/consent_json.h"
#include "libclient/count_json.h"
#include "libclient/field_text.h"
#include "libclient/months.h"
#include "libclient/realm_rules.h"
#include "libclient/references.h"
#include "libclient/report_figures.h"
#include "protocol/membership.h"

namespace kiz::reports {
namespace {

using request::Town;


Json head(const Replica& replica, const char* name) {
  return {{"report", name},
          {"realm", replica.identity().realm_name},
          {"generated_at", months::instant(replica.now_ms())}};
}

/// The label of a dimension's value in the language of the reader.
std::string part_label(const std::string& dimension, const std::string& key, bool german) {
  for (const registry::KeyPart& part : registry::find_kind(registry::kinds::count)->key) {
    if (part.name != dimension) continue;
    return field_text::show_key_part(part, key,
                                     german ? field_text::Form::screen_german : field_text::Form::screen_english);
  }
  return key;
}

Json number(const std::optional<std::int64_t>& value, protection::Mask mask) {
  return value && mask == protection::Mask::shown ? Json(*value) : Json(nullptr);
}

Json to_json(const Replica& replica, const Figure& figure, const Setting& setting) {
  Json out = counts::to_json(figure.total, setting.german);
  out["value"] = number(figure.total.value, figure.mask);
  out["mask"] = protection::name(figure.mask);
  out["by_member"] = Json::array();
  for (const Part& part : figure.by_member) {
    out["by_member"].push_back({{"member", part.key},
                                {"member_name", request::member_name(replica, part.key)},
                                {"value", number(part.value, part.mask)},
                                {"mask", protection::name(part.mask)},
                                {"disputed", part.disputed},
                                {"unknown", part.unknown}});
  }
  out["by"] = Json::object();
  for (const auto& [name, parts] : figure.by_dimension) {
    Json list = Json::array();
    for (const Part& part : parts) {
      list.push_back({{"key", part.key},
                      {"label", part_label(name, part.key, setting.german)},
                      {"value", number(part.value, part.mask)},
                      {"mask", protection::name(part.mask)}});
    }
    out["by"][name] = std::move(list);
  }
  return out;
}

Json unclear(const Replica& replica, const std::vector<counts::Count>& counts, const Setting& setting) {
  Json list = Json::array();
  for (const counts::Count& count : counts) {
    if (count.reading != counts::Reading::disputed || count.replaced) continue;
    const Json shown = counts::to_json(replica, count, setting.german);
    list.push_back({{"member", shown["member"]},
                    {"member_name", shown["member_name"]},
                    {"measure", shown["measure"]},
                    {"label", shown["label"]},
                    {"cell", setting.protect ? Json(nullptr) : shown["cell"]},
                    {"values", setting.protect ? Json(nullptr) : shown["values"]}});
  }
  return list;
}

/// The members whose months this replica holds: all for the Kreis, itself for a town.
std::vector<Town> held_towns(const Replica& replica) {
  const Identity self = replica.identity();
  if (self.member == replica.membership().authority()) return request::towns(replica);
  return {{self.member, self.member_name}};
}

}  // namespace

std::string_view name(Audience audience) {
  constexpr std::string_view names[] = {"internal", "land", "public"};
  return names[static_cast<std::size_t>(audience)];
}

Json knowledge(const Replica& replica, const std::vector<Town>& towns) {
  std::map<MemberId, Timestamp> last;
  for (const std::uint32_t kind : {registry::kinds::offer, registry::kinds::count, registry::kinds::month_return,
                                   registry::kinds::consent, registry::kinds::need, registry::kinds::actor}) {
    replica.scan(kind, [&](const RecordView& record) {
      Timestamp& newest = last[record.space.owner];
      for (const FieldView& field : record.fields) {
        for (const CellView& cell : field.cells) newest = std::max(newest, cell.hlc);
      }
      return true;
    });
  }
  const std::string today = months::day_of(replica.now_ms());
  Json list = Json::array();
  for (const Town& town : towns) {
    const auto at = last.find(town.id);
    const bool heard = at != last.end() && at->second.value != 0;
    const std::uint64_t ms = heard ? at->second.millis() : 0;
    list.push_back({{"member", town.id},
                    {"member_name", town.name},
                    {"last", heard ? Json(months::instant(ms)) : Json(nullptr)},
                    {"days", heard ? Json(std::max(0, months::days_between(months::day_of(ms), today))) : Json(nullptr)}});
  }
  return list;
}

Json month(const Replica& replica, const std::string& month, const Setting& setting, std::size_t& conflicts) {
  const std::vector<Town> towns = held_towns(replica);
  const MemberId authority = replica.membership().authority();
  const counts::Months held = counts::load(replica, {{}, month, month});

  std::vector<counts::Count> reported;
  std::vector<std::string> members;
  Json sources = Json::array(), missing = Json::array();
  std::size_t handed_in = 0, accepted = 0;
  bool provisional = false;
  conflicts = 0;
  for (const Town& town : towns) {
    members.push_back(town.id);
    const auto at = held.find({town.id, month});
    const counts::Month of_town = at == held.end() ? counts::Month{} : at->second;
    const month_return::Standing standing = of_town.standing();
    if (month_return::handed_in(standing.state)) {
      ++handed_in;
    } else {
      missing.push_back(town.name);
    }
    const bool locked = standing.state == month_return::State::locked;
    accepted += locked || standing.state == month_return::State::accepted ? 1U : 0U;
    provisional = provisional || !(of_town.kreis && of_town.kreis->locked);
    conflicts += of_town.town && of_town.town->disputed ? 1U : 0U;
    // The digest of a few small numbers gives them away: all that they can be is tried in no time.
    const auto digest = of_town.town && !setting.protect ? of_town.town->digest : std::nullopt;
    sources.push_back({{"member", town.id},
                       {"member_name", town.name},
                       {"state", month_return::name(standing.state)},
                       {"revision", standing.revision},
                       {"digest", digest ? Json(to_hex(*digest)) : Json(nullptr)}});
    for (counts::Count& count : of_town.reported()) reported.push_back(std::move(count));
  }
  if (const auto area = held.find({authority, month}); area != held.end()) {
    const bool listed = std::binary_search(members.begin(), members.end(), authority);
    if (!listed) reported.insert(reported.end(), area->second.counts.begin(), area->second.counts.end());
  }
  for (const counts::Count& count : reported) {
    conflicts += count.reading == counts::Reading::disputed && !count.replaced ? 1U : 0U;
  }

  Json out = head(replica, "month");
  out["month"] = month;
  out["audience"] = name(setting.audience);
  out["protected"] = setting.protect;
  out["provisional"] = provisional;
  out["own_only"] = replica.identity().member != authority;
  out["measures"] = Json::array();
  for (const Figure& figure : figures(reported, members, authority, setting.protect)) {
    out["measures"].push_back(to_json(replica, figure, setting));
  }
  out["unclear"] = unclear(replica, reported, setting);
  out["returns"] = {{"expected", towns.size()},
                    {"handed_in", handed_in},
                    {"accepted", accepted},
                    {"missing", std::move(missing)},
                    {"sources", std::move(sources)}};
  out["offers"] = offer_movements(replica, month);
  out["consents"] = Json::array();
  const std::vector<Town> all = request::towns(replica);
  for (const consents::Question& question : consents::load(replica)) {
    if (question.subject.closed()) continue;
    out["consents"].push_back({{"ref", references::short_of(replica, question.subject.id)},
                               {"title", question.subject.title},
                               {"summary", consents::summary(question, all)}});
  }
  out["knowledge"] = knowledge(replica, towns);
  return out;
}

Json returns(const Replica& replica, const std::string& month) {
  const std::vector<Town> towns = held_towns(replica);
  const counts::Months held = counts::load(replica, {{}, month, month});
  const std::string due = realm_rules::due_on(replica.membership(), month), today = months::day_of(replica.now_ms());
  const Json heard = knowledge(replica, towns);

  std::map<month_return::State, std::size_t> sums;
  std::size_t handed_in = 0, late = 0;
  Json members = Json::array(), missing = Json::array();
  for (std::size_t i = 0; i < towns.size(); ++i) {
    const auto at = held.find({towns[i].id, month});
    const counts::Month of_town = at == held.end() ? counts::Month{} : at->second;
    const month_return::Standing standing = of_town.standing();
    const bool closed = month_return::handed_in(standing.state);
    const std::uint64_t reported_at = of_town.town ? of_town.town->reported_at_ms : 0;
    const std::string day = closed && reported_at != 0 ? months::day_of(reported_at) : today;
    // A correction handed in later does not make the first return late, but only the newest time is kept.
    const bool is_late = day > due && standing.revision <= 1;
    ++sums[standing.state];
    handed_in += closed ? 1U : 0U;
    late += is_late ? 1U : 0U;
    if (!closed) missing.push_back(towns[i].name);
    members.push_back(counts::to_json(towns[i].id, towns[i].name, month, of_town));
    members.back()["late"] = is_late;
    members.back()["days_late"] = is_late ? months::days_between(due, day) : 0;
    members.back()["last"] = heard[i]["last"];
    members.back()["days"] = heard[i]["days"];
  }
  Json out = head(replica, "returns");
  out["month"] = month;
  out["due_on"] = due;
  out["expected"] = towns.size();
  out["handed_in"] = handed_in;
  out["late"] = late;
  out["missing"] = std::move(missing);
  out["queried"] = sums[month_return::State::queried];
  out["accepted"] = sums[month_return::State::accepted];
  out["locked"] = sums[month_return::State::locked];
  out["members"] = std::move(members);
  return out;
}

Json consents(const Replica& replica, const std::string& subject_id, const Setting& setting, std::size_t& conflicts) {
  const std::vector<Town> towns = request::towns(replica);
  Json out = head(replica, "consents");
  out["audience"] = name(setting.audience);
  out["subjects"] = Json::array();
  conflicts = 0;
  for (const consents::Question& question : consents::load(replica)) {
    if (subject_id.empty() ? question.subject.closed() : references::full_of(question.subject.id) != subject_id) continue;
    Json subject = consents::to_json(replica, question.subject, setting.german);
    subject["members"] = Json::array();
    for (const Town& town : consents::asked(question.subject, towns)) {
      conflicts += question.standing(town.id).state == consents::State::disputed ? 1U : 0U;
      Json shown = consents::to_json(replica, question, town);
      if (setting.audience != Audience::internal) {
        shown.erase("values");  // names of clerks stay in the house
        shown["signed_by_role"] = nullptr;
      }
      subject["members"].push_back(std::move(shown));
    }
    subject["summary"] = consents::summary(question, towns);
    out["subjects"].push_back(std::move(subject));
  }
  out["knowledge"] = knowledge(replica, towns);
  return out;
}

}  // namespace kiz::reports

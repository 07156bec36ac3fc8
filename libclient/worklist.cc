#include "libclient/worklist.h"

#include <algorithm>
#include <set>

#include "libclient/consent_json.h"
#include "libclient/count_store.h"
#include "libclient/months.h"
#include "libclient/realm_rules.h"
#include "libclient/references.h"
#include "libclient/request_support.h"
#include "protocol/membership.h"
#include "protocol/registry.h"

namespace kiz {

namespace {
constexpr int confirmed_days_max = 180;

std::size_t measures_missing(const Replica& replica, const MemberId& member, const std::string& month,
                             const counts::Month& held) {
  std::set<std::string> before, now;
  for (const auto& count : counts::load_month(replica, member, months::plus(month, -1)).counts) {
    if (count.reading != counts::Reading::empty) before.insert(count.key.measure);
  }
  for (const auto& count : held.counts) {
    if (count.reading != counts::Reading::empty) now.insert(count.key.measure);
  }
  return static_cast<std::size_t>(std::count_if(before.begin(), before.end(), [&](const auto& m) { return !now.contains(m); }));
}

Json return_of_town(const Replica& replica, const MemberId& member, const std::string& today) {
  const std::string present = today.substr(0, 7);
  for (const std::string& month : {months::plus(present, -1), present}) {
    const counts::Month held = counts::load_month(replica, member, month);
    const auto state = held.standing().state;
    const bool handed_in = month_return::handed_in(state);
    if (handed_in && month != present) continue;
    return {{"month", month},
            {"state", month_return::name(state)},
            {"due", realm_rules::due_on(replica.membership(), month)},
            {"handed_in", handed_in},
            {"missing", measures_missing(replica, member, month, held)}};
  }
  return {};
}

Json returns_of_kreis(const Replica& replica, const std::string& today) {
  const std::string month = months::plus(today.substr(0, 7), -1);
  const auto towns = request::towns(replica);
  const auto reported = std::count_if(towns.begin(), towns.end(), [&](const request::Town& town) {
    return month_return::handed_in(counts::load_month(replica, town.id, month).standing().state);
  });
  return {{"month", month}, {"due", realm_rules::due_on(replica.membership(), month)}, {"expected", towns.size()}, {"reported", reported}};
}

std::size_t overdue_offers(const Replica& replica, const MemberId& member, const std::string& today) {
  namespace f = registry::fields::offer;
  std::size_t n = 0;
  const auto each = [&](const RecordView& offer) {
    const std::string confirmed = offer.text(f::confirmed_on);
    const bool old = !months::is_day(confirmed) || months::days_between(confirmed, today) > confirmed_days_max;
    if (old && offer.number(f::status) != registry::offer_status::ended) ++n;
    return true;
  };
  replica.scan(registry::kinds::offer, each, {.space = replica.space(member, Collection::offers), .fields = {f::confirmed_on, f::status}});
  return n;
}

Json open_queries(const Replica& replica, const MemberId& member) {
  Json queries = Json::array();
  for (const auto& [key, held] : counts::load(replica, {member, {}, {}})) {
    for (const month_return::Query& query : held.standing().open_queries) {
      queries.push_back({{"month", key.second}, {"text", query.text}, {"cells", query.cells}});
    }
  }
  return queries;
}

Json consent_requests(const Replica& replica, const MemberId& member, bool kreis) {
  using consents::State;
  Json requests = Json::array();
  for (const consents::Question& question : consents::load(replica)) {
    if (question.subject.closed() || (!kreis && !question.subject.asks(member))) continue;
    const State state = question.standing(member).state;
    const bool decided = state == State::granted || state == State::granted_with_conditions || state == State::refused;
    if (!kreis && decided) continue;
    requests.push_back({{"ref", references::short_of(replica, question.subject.id)},
                        {"title", question.subject.title},
                        {"state", kreis ? Json() : Json(consents::name(state))},
                        {"wanted_by", request::or_null(question.subject.wanted_by)}});
  }
  return requests;
}
}  // namespace

void add_worklist(const Replica& replica, Json& data) {
  const Identity self = replica.identity();
  const std::string today = months::day_of(replica.now_ms());
  const bool kreis = self.joined && self.member == replica.membership().authority();
  data["return"] = !self.joined ? Json() : kreis ? returns_of_kreis(replica, today) : return_of_town(replica, self.member, today);
  data["overdue_offers"] = self.joined ? overdue_offers(replica, self.member, today) : 0;
  data["queries"] = self.joined && !kreis ? open_queries(replica, self.member) : Json::array();
  data["consent_requests"] = self.joined ? consent_requests(replica, self.member, kreis) : Json::array();
}

}  // namespace kiz

#include "libclient/count_json.h"

#include "libclient/months.h"
#include "libclient/references.h"
#include "libclient/request_support.h"
#include "libclient/translate.h"

namespace kiz::counts {
namespace {

Json instant_or_null(std::uint64_t ms) { return ms == 0 ? Json(nullptr) : Json(months::instant(ms)); }

Json values_of(const Replica& replica, const Count& count) {
  Json list = Json::array();
  for (const Candidate& candidate : count.candidates) {
    Json value{{"value", candidate.value ? Json(*candidate.value) : Json(nullptr)}, {"tally", candidate.tally}};
    value.update(request::who(replica, candidate.log, candidate.entry, candidate.hlc));
    list.push_back(std::move(value));
  }
  return list;
}

}  // namespace

Json to_json(const Replica& replica, const Count& count, bool german) {
  Json out{{"id", references::full_of(count.id)},
           {"member", count.key.ags},
           {"member_name", request::member_name(replica, count.key.ags)},
           {"period", count.key.period},
           {"measure", count.key.measure},
           {"label", measure_label(count.key.measure, german)},
           {"stock", registry::is_stock(count.key.measure)}};
  const registry::Kind& kind = *registry::find_kind(registry::kinds::count);
  const auto parts = count.key.parts();
  for (std::size_t i = 0; i < parts_max; ++i) {
    if (!kind.key[i].required) out[std::string(kind.key[i].name)] = request::or_null(*parts[i]);
  }
  out["cell"] = spell_cell(count.key);
  out["reading"] = name(count.reading);
  out["value"] = count.stated() ? Json(count.value) : Json(nullptr);
  out["tally"] = count.tally;
  if (count.reading == Reading::disputed) out["values"] = values_of(replica, count);
  out["unknown"] = count.reading == Reading::unknown;
  out["parent"] = request::or_null(count.parent);
  out["scope_note"] = request::or_null(count.scope_note);
  out["note"] = request::or_null(count.note);
  out["stock_day"] = request::or_null(count.stock_day);
  out["paper"] = count.paper;
  out["replaced"] = count.replaced;
  return out;
}

Json to_json(const Total& total, bool german) {
  return {{"measure", total.measure},
          {"label", measure_label(total.measure, german)},
          {"stock", total.stock},
          {"as_of", request::or_null(total.as_of)},
          {"value", total.value ? Json(*total.value) : Json(nullptr)},
          {"cells", total.added},
          {"unknown", total.unknown},
          {"disputed", total.disputed.size()},
          {"mixed", total.mixed},
          {"additive", total.additive}};
}

Json to_json(const MemberId& member, const std::string& member_name, const std::string& month, const Month& held) {
  const month_return::Standing standing = held.standing();
  Json queries = Json::array();
  for (const month_return::Query& query : standing.open_queries) {
    queries.push_back({{"revision", query.revision},
                       {"cells", query.cells},
                       {"text", query.text},
                       {"time", months::instant(query.asked.millis())}});
  }
  const auto* town = held.town ? &*held.town : nullptr;
  const auto* kreis = held.kreis ? &*held.kreis : nullptr;
  return {{"member", member},
          {"member_name", member_name},
          {"month", month},
          {"state", month_return::name(standing.state)},
          {"revision", standing.revision},
          {"conflict", standing.conflict},
          {"changed_since", standing.changed_since},
          {"paper", standing.paper},
          {"cells", held.counts.size()},
          {"reported_at", instant_or_null(town != nullptr ? town->reported_at_ms : 0)},
          {"accepted_at", instant_or_null(kreis != nullptr ? kreis->accepted_at_ms : 0)},
          {"accepted_revision", kreis != nullptr && kreis->accepted_at_ms != 0 ? Json(kreis->accepted_revision) : Json(nullptr)},
          {"locked", kreis != nullptr && kreis->locked},
          {"explanation", request::or_null(town != nullptr ? town->explanation : "")},
          {"reopened_reason", request::or_null(kreis != nullptr ? kreis->reopened_reason : "")},
          {"queries", std::move(queries)}};
}

Warning to_warning(const Remark& remark, bool german) {
  const std::string label = measure_label(remark.measure, german);
  const std::string value = std::to_string(remark.value), expected = std::to_string(remark.expected);
  switch (remark.kind) {
    case Remark::Kind::placed_too_many:
      return {"W_PLACED_TOO_MANY", tr("{}: {} is more than were counselled or waited the month before ({}).",
                                      {label, value, expected})};
    case Remark::Kind::waiting_differs:
      return {"W_WAITING_DIFFERS", tr("{}: {}, but the month before and this month's moves give {} (difference {}).",
                                      {label, value, expected, std::to_string(remark.value - remark.expected)})};
    case Remark::Kind::outlier:
      return {"W_OUTLIER", tr("{}: {} is far above the last twelve months (usual: up to {}).", {label, value, expected})};
    case Remark::Kind::mixed: break;
  }
  return {"W_MIXED_DIMENSIONS",
          tr("{}: broken down in two ways that do not agree; the larger sum counts ({}).", {label, value})};
}

}  // namespace kiz::counts

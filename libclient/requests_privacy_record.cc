#include "libclient/requests_privacy_record.h"

#include <algorithm>
#include <map>

#include "libclient/months.h"
#include "libclient/references.h"
#include "libclient/request_support.h"
#include "libclient/retention.h"
#include "libclient/space_name.h"
#include "libclient/translate.h"
#include "protocol/erasure_numbers.h"
#include "protocol/membership.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

namespace kinds = registry::kinds;
using registry::Personal;

// ---- the register (GDPR Art. 30) --------------------------------------------------------------------------------------

/// Who may read what this member enters in a collection.
Json readers_of(const Replica& replica, Collection collection) {
  const Space space = replica.space(replica.identity().member, collection);
  Json out = Json::array();
  for (const Member& member : replica.membership().members()) {
    if (member.id == space.owner || replica.membership().may_read(member.id, space)) out.push_back(request::member_name(replica, member.id));
  }
  return out;
}

std::uint64_t values_of(const Replica& replica, std::uint32_t kind, std::uint32_t field) {
  std::uint64_t out = 0;
  const MemberId own = replica.identity().member;
  replica.scan(
      kind,
      [&](const RecordView& view) {
        const FieldView* held = view.space.owner == own ? view.field(field) : nullptr;
        if (held == nullptr) return true;
        for (const CellView& cell : held->cells) out += cell.value && !is_null(*cell.value) ? 1u : 0u;
        return true;
      },
      {.deleted = true, .fields = {field}});
  return out;
}

Json period_of(const registry::Kind& kind, Personal personal) {
  const auto what = retention::of_kind(kind.number);
  if (!what || (*what == retention::What::contacts && personal == Personal::no)) return {{"years", nullptr}, {"from", "request"}};
  switch (*what) {
    case retention::What::contacts: return {{"years", retention::contacts_years}, {"from", "offer_ended"}};
    case retention::What::actors: return {{"years", retention::actors_years}, {"from", "entered"}};
    case retention::What::counts: return {{"years", retention::counts_years}, {"from", "entered"}};
    case retention::What::consents: break;
  }
  return {{"years", nullptr}, {"from", "never"}};
}

Json row_of(RequestContext& context, const registry::Kind& kind, const registry::Field& field, const char* personal) {
  const bool german = request::german(context.caller), note = kind.number == kinds::note;
  Json row = {{"kind", kind.name},
              {"kind_label", german ? kind.label_de : kind.label_en},
              {"field", field.name},
              {"field_label", german ? field.label_de : field.label_en},
              {"personal", personal},
              {"collection", note ? Json() : Json(name_of(kind.collection))},
              {"readers", note ? Json::array() : readers_of(context.replica, kind.collection)}};
  row.update(period_of(kind, field.personal));
  row["values"] = note ? Json() : Json(values_of(context.replica, kind.number, field.number));
  return row;
}

/// privacy.register   what a register of processing (GDPR Art. 30) needs to know of this installation's own member
/// data: {"member", "member_name", "realm_name", "time", "rows": [{"kind", "kind_label", "field", "field_label",
/// "personal": yes|office|small (a number that may be so small that it tells of a person), "collection" (null: beside every
/// change), "readers": [member], "years": null or so many, "from": offer_ended|entered|never|request, "values" (of this
/// member, held here; null where not counted)}], "devices": [{"device", "member_name"}]}
Answer show_register(RequestContext& context) {
  Replica& replica = context.replica;
  const Identity self = replica.identity();
  Json rows = Json::array(), devices = Json::array();
  for (const registry::Kind& kind : registry::all_kinds()) {
    for (const registry::Field& field : kind.fields) {
      if (field.personal != Personal::no) rows.push_back(row_of(context, kind, field, field.personal == Personal::yes ? "yes" : "office"));
      const bool number = kind.number == kinds::count || kind.number == kinds::paper_return;
      if (number && (field.number == registry::fields::count::value || field.number == registry::fields::count::tally)) {
        rows.push_back(row_of(context, kind, field, "small"));
      }
    }
  }
  for (const Device& device : replica.membership().devices()) {
    if (!device.revoked && device.member == self.member) devices.push_back({{"device", device.name}, {"member_name", self.member_name}});
  }
  return Reply{{{"member", self.member},
                {"member_name", self.member_name},
                {"realm_name", self.realm_name},
                {"time", months::instant(replica.now_ms())},
                {"rows", std::move(rows)},
                {"devices", std::move(devices)}},
               {},
               0};
}

// ---- the log ---------------------------------------------------------------------------------------------------------

struct Event {
  Timestamp at;
  Json shown;
};

const char* event_of(std::uint32_t kind, const HistoryStep& step) {
  namespace order = registry::fields::erasure;
  namespace answer = registry::fields::erasure_answer;
  namespace offer = registry::fields::archive_offer;
  if (kind == kinds::erasure && step.field == registry::fields::existence) return step.mode == 3 ? "withdrawn" : nullptr;
  if (kind == kinds::erasure && step.field == order::requested_at) return "ordered";
  if (kind == kinds::erasure && step.field == order::confirmed_at) return "confirmed";
  if (kind == kinds::erasure_answer && step.field == answer::done_at) return "erased";
  if (kind == kinds::archive_offer && step.field == offer::offered_at) return "offered";
  return kind == kinds::archive_offer && step.field == offer::answered_on ? "answered" : nullptr;
}

/// privacy.log   who ordered, confirmed, withdrew and carried out erasures, offered to the archive and entered its answers
/// data: {"events": [{"time", "event": ordered|confirmed|withdrawn|erased|offered|answered, "ref", "member", "member_name",
/// "device", "actor", "values"}], "not_recorded": ["exports", "views"]}
Answer show_log(RequestContext& context) {
  Replica& replica = context.replica;
  std::vector<Event> events;
  for (const std::uint32_t kind : {kinds::erasure, kinds::erasure_answer, kinds::archive_offer}) {
    std::vector<std::pair<Space, RecordId>> records;
    std::map<RecordId, std::pair<std::string, std::int64_t>> answers;
    replica.scan(
        kind,
        [&](const RecordView& view) {
          records.emplace_back(view.space, view.id);
          if (kind == kinds::erasure_answer) {
            answers[view.id] = {view.text(registry::fields::erasure_answer::erasure), view.number(registry::fields::erasure_answer::values).value_or(0)};
          }
          return true;
        },
        {.deleted = true});
    for (const auto& [space, id] : records) {
      RecordId named = id;
      const auto answer = answers.find(id);
      if (answer != answers.end()) {
        const Bytes key = from_hex(answer->second.first);
        if (key.size() != RecordKey::size_bytes) continue;
        named = {kinds::erasure, RecordKey::from(key)};
      }
      for (const HistoryStep& step : replica.history(space, id)) {
        const char* what = event_of(kind, step);
        if (what == nullptr) continue;
        events.push_back({step.hlc,
                          {{"time", months::instant(step.hlc.millis())},
                           {"event", what},
                           {"ref", references::short_of(replica, named)},
                           {"member", step.author.member},
                           {"member_name", step.author.member_name},
                           {"device", step.author.device},
                           {"actor", request::or_null(step.actor)},
                           {"values", answer == answers.end() ? Json() : Json(answer->second.second)}}});
      }
    }
  }
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
  Json list = Json::array();
  for (Event& event : events) list.push_back(std::move(event.shown));
  return Reply{{{"events", std::move(list)}, {"not_recorded", {"exports", "views"}}}, {}, 0};
}

}  // namespace

std::vector<RequestKind> privacy_record_requests() {
  return {{"privacy.register", LocalRole::read, request::member_only(show_register)}, {"privacy.log", LocalRole::read, request::member_only(show_log)}};
}

}  // namespace kiz

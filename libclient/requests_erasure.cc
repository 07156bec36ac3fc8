// Requests about personal data: erasing it (GDPR Art. 17), telling what is stored (Art. 15), what is due to go.
#include <algorithm>

#include "libclient/erasure.h"
#include "libclient/months.h"
#include "libclient/record_json.h"
#include "libclient/references.h"
#include "libclient/refusals.h"
#include "libclient/request_support.h"
#include "libclient/requests_erasure.h"
#include "libclient/requests_privacy.h"
#include "libclient/space_name.h"
#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz {

namespace {
using request::Or;
using request::refuse;

constexpr std::uint64_t days_max = 365;

struct Found {
  const registry::Kind* kind;
  Space space;
  RecordId record;
};

/// A record of any kind: the letter of a short reference tells which; a full id may be of any.
Or<Found> find_record(const RequestContext& context) {
  const std::string ref = request::text(context.args, "ref");
  std::optional<Error> why;
  for (const registry::Kind& kind : registry::all_kinds()) {
    if (kind.number == registry::kinds::note || kind.collection == collections::erasures || kind.collection == collections::erasure_answers) continue;
    const auto letter = references::parse(kind.letter, ref);
    const bool full = letter && letter->bits == 128;
    const bool named = !ref.empty() && registry::fold(ref).starts_with(registry::fold(kind.letter) + "_");
    if (!letter || !(full || named)) continue;
    auto found = references::find(context.replica, kind.number, ref);
    if (found) return Found{&kind, found->first, found->second};
    if (!why || found.error().code == Errc::ambiguous) why = found.error();
  }
  if (why) return to_refusal(*why);
  return refuse(Errc::not_found, tr("No record is meant by \"{}\".", {ref}));
}

Or<erasure::Order> find_order(const RequestContext& context) {
  const std::string ref = request::text(context.args, "ref");
  auto found = references::find(context.replica, registry::kinds::erasure, ref);
  if (found) {
    for (erasure::Order& order : erasure::orders(context.replica.core())) {
      if (order.id == found->second) return std::move(order);
    }
  }
  if (!found && found.error().code == Errc::ambiguous) return to_refusal(found.error());
  return refuse(Errc::not_found, tr("There is no erasure \"{}\".", {ref}), tr("kiz erasure list"));
}

const char* word_of(erasure::Reason reason) {
  switch (reason) {
    case erasure::Reason::request: return "request";
    case erasure::Reason::retention: return "retention";
    case erasure::Reason::unlawful: return "unlawful";
  }
  return "request";
}

Or<erasure::Reason> reason_of(const std::string& text) {
  const std::string word = registry::fold(text);
  if (word == "antrag" || word == "request") return erasure::Reason::request;
  if (word == "frist" || word == "retention") return erasure::Reason::retention;
  if (word == "unzulaessig" || word == "unlawful") return erasure::Reason::unlawful;
  return refuse(Errc::invalid_input, tr("\"{}\" is none of the reasons request, retention, unlawful. Nothing was changed.", {text}));
}

/// What an order about a record covers where nothing else is said: whatever may name a person.
std::set<std::uint32_t> personal_fields(const registry::Kind& kind) {
  std::set<std::uint32_t> out;
  for (const registry::Field& field : kind.fields) {
    if (field.personal != registry::Personal::no) out.insert(field.number);
  }
  return out;
}

Json device_json(const Replica& replica, const AuthorKey& author) {
  const auto& devices = replica.membership().devices();
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (devices[i].author != author) continue;
    return {{"device_ref", "G-" + std::to_string(i + 1)},
            {"device", devices[i].name},
            {"member", devices[i].member},
            {"member_name", request::member_name(replica, devices[i].member)}};
  }
  return {{"device_ref", nullptr}, {"device", nullptr}, {"member", nullptr}, {"member_name", nullptr}};
}

Json order_json(Replica& replica, const erasure::Order& order) {
  const registry::Kind* kind = registry::find_kind(order.target.kind);
  const bool names = order.target.kind == registry::kinds::note;
  Json fields = Json::array();
  for (const std::uint32_t field : order.fields) {
    fields.push_back(kind == nullptr ? "#" + std::to_string(field) : registry::field_name(*kind, field));
  }
  const bool in_force = order.in_force(replica.now_ms());
  Json done = Json::array(), open = Json::array();
  for (const auto& answer : erasure::answers(replica.core(), order)) {
    Json one = device_json(replica, answer.device);
    one["done"] = months::instant(answer.done_ms);
    one["values"] = answer.values;
    one["backups_until"] = request::or_null(answer.backups_until);
    done.push_back(std::move(one));
  }
  Json later = Json::array();
  for (const erasure::Later& value : erasure::later(replica.core(), order)) {
    Json one = device_json(replica, value.device);
    one["time"] = months::instant(value.said.millis());
    one["field"] = kind == nullptr ? "#" + std::to_string(value.field) : registry::field_name(*kind, value.field);
    one["answered_before"] = value.answered_before;
    later.push_back(std::move(one));
  }
  for (const AuthorKey& device : erasure::unanswered(replica.core(), order)) open.push_back(device_json(replica, device));
  return {{"ref", references::short_of(replica, order.id)},
          {"id", references::full_of(order.id)},
          {"member", order.space.owner},
          {"member_name", request::member_name(replica, order.space.owner)},
          {"space", name_of(order.target_space)},
          {"record", names ? Json() : Json(references::full_of(order.target))},
          {"record_ref", names ? Json() : Json(references::short_of(replica, order.target))},
          {"kind", kind == nullptr ? "#" + std::to_string(order.target.kind) : std::string{kind->name}},
          {"fields", std::move(fields)},
          {"reason", word_of(order.reason)},
          {"requested", months::instant(order.requested_ms)},
          {"effective", months::instant(order.confirmed_ms != 0 ? order.confirmed_ms : order.effective_ms)},
          {"confirmed", order.confirmed_ms != 0},
          {"values_until", months::instant(order.until_ms)},
          {"state", order.withdrawn ? "withdrawn" : in_force ? "in_force" : "announced"},
          {"held", erasure::held(replica.core(), order)},
          {"answers", std::move(done)},
          {"open", std::move(open)},
          {"later", std::move(later)}};
}

void tell(RequestContext& context) {
  if (context.surroundings.committed) context.surroundings.committed();
}

/// The names of those who entered something in a collection of the own member, as far as their three years are over.
Or<erasure::Wish> wish_for_actors(const RequestContext& context, const std::string& collection, erasure::Reason reason) {
  erasure::Wish wish;
  for (const retention::Due& due : retention::due(context.replica)) {
    if (due.what == retention::What::actors && is_name_of(due.space.collection, collection)) wish.space = due.space;
  }
  if (wish.space.owner.empty()) {
    return refuse(Errc::not_found, tr("No names of acting persons are due in \"{}\". Nothing was changed.", {collection}), tr("kiz privacy due"));
  }
  wish.record = {registry::kinds::note, {}};
  wish.reason = reason;
  wish.until_ms = context.replica.now_ms() - retention::actors_kept_ms;
  return wish;
}

Or<erasure::Wish> wish_for_record(const RequestContext& context, erasure::Reason reason) {
  auto found = find_record(context);
  if (!found) return found.refusal();
  erasure::Wish wish;
  wish.space = found->space;
  wish.record = found->record;
  for (const std::string& name : request::texts(context.args, "fields")) {
    const auto field = registry::find_field(*found->kind, name);
    if (!field) return refuse(Errc::invalid_input, tr("There is no field \"{}\" here. Nothing was changed.", {name}));
    wish.fields.insert(field->number);
  }
  wish.reason = reason;
  const auto kept = retention::of_kind(found->kind->number);
  if (wish.fields.empty() && !request::flag(context.args, "all") && reason == erasure::Reason::retention && kept) {
    wish.fields = retention::fields_of(*kept);
  } else if (wish.fields.empty() && !request::flag(context.args, "all")) {
    wish.fields = personal_fields(*found->kind);
    if (wish.fields.empty()) {
      return refuse(Errc::usage, tr("Records of this kind have no field that is made for personal data. Name the fields, or --all."));
    }
  }
  return wish;
}

/// Everything that the archive has had its time for and nobody has ordered to go.
std::vector<erasure::Wish> wishes_due(Replica& replica, std::uint64_t days) {
  std::vector<erasure::Wish> out;
  for (const archive::Standing& one : archive::standings(replica)) {
    const bool may_go = one.state == archive::State::taken || one.state == archive::State::declined || one.state == archive::State::term_over;
    if (!may_go) continue;
    out.push_back({.space = one.due.space,
                   .record = one.due.record,
                   .fields = retention::fields_of(one.due.what),
                   .reason = erasure::Reason::retention,
                   .days = days,
                   .until_ms = one.until_ms});
  }
  return out;
}

Answer order_due(RequestContext& context, erasure::Reason reason, std::uint64_t days) {
  if (reason != erasure::Reason::retention) return refuse(Errc::usage, tr("What is due is erased because of retention, for no other reason."));
  const auto wishes = wishes_due(context.replica, days);
  if (wishes.empty()) {
    return refuse(Errc::not_found, tr("Nothing is due that the archive has had its time for. Nothing was changed."), tr("kiz privacy due"));
  }
  if (!context.dry_run) {
    if (auto made = erasure::order(context.replica.core(), wishes, context.actor()); !made) return cannot_order(made.error());
    tell(context);
  }
  return Reply{{{"order", nullptr}, {"ordered", wishes.size()}}, {}, 0};
}

/// erasure.request  {"ref", "fields"?: [NAME], "all"?} or {"actors": COLLECTION} or {"due": true}, {"reason"?: request|retention|unlawful, "days"?}
/// Without fields: those that may name a person; for retention, what the period is over for. For names the reason is retention
/// unless another is given. Retention waits for the archive (archive_offer.h): not_permitted until then.
/// data: {"order": {...}} as in erasure.proof; with due {"order": null, "ordered": so many}
Answer order(RequestContext& context) {
  if (auto refused = request::need_member(context)) return *refused;
  const std::string actors = request::text(context.args, "actors");
  const bool due = request::flag(context.args, "due");
  const std::string given = request::text(context.args, "reason");
  auto reason = given.empty() ? Or<erasure::Reason>{actors.empty() && !due ? erasure::Reason::request : erasure::Reason::retention} : reason_of(given);
  if (!reason) return reason.refusal();
  const std::int64_t days = context.args.value("days", static_cast<std::int64_t>(*reason == erasure::Reason::unlawful ? 1 : erasure::announced_days));
  if (days < 0 || static_cast<std::uint64_t>(days) > days_max) {
    return refuse(Errc::invalid_input, tr("An erasure is announced 0 to 365 days ahead. Nothing was changed."));
  }
  // Without a second person there is time to object.
  const std::uint64_t ahead = std::max<std::uint64_t>(static_cast<std::uint64_t>(days), 1);
  if (due) return order_due(context, *reason, ahead);
  auto wished = actors.empty() ? wish_for_record(context, *reason) : wish_for_actors(context, actors, *reason);
  if (!wished) return wished.refusal();
  erasure::Wish& wish = *wished;
  if (*reason == erasure::Reason::retention) {
    const archive::Verdict verdict = archive::judge(context.replica, wish.space, wish.record, wish.fields);
    if (auto barred = privacy::bar_of(verdict)) return *barred;
    wish.until_ms = verdict.until_ms;
  }
  wish.days = ahead;
  if (context.dry_run) return Reply{{{"order", nullptr}, {"fields", wish.fields.size()}}, {}, 0};
  auto made = erasure::order(context.replica.core(), wish, context.actor());
  if (!made) return cannot_order(made.error());
  tell(context);
  for (const erasure::Order& known : erasure::orders(context.replica.core())) {
    if (known.id == *made) return Reply{{{"order", order_json(context.replica, known)}}, {}, 0};
  }
  return refuse(Errc::internal, tr("The erasure was ordered and cannot be found."));
}

/// erasure.execute  {"ref"?}: with a reference, a second person's confirmation; then all that is in force is carried out.
/// data: {"values", "answers", "order"?}
Answer execute_orders(RequestContext& context) {
  if (auto refused = request::need_member(context)) return *refused;
  Json data = Json::object();
  std::optional<RecordId> confirmed;
  if (!request::text(context.args, "ref").empty()) {
    auto found = find_order(context);
    if (!found) return found.refusal();
    if (context.dry_run) return Reply{{{"values", erasure::held(context.replica.core(), *found)}, {"answers", 0}}, {}, 0};
    if (auto done = erasure::confirm(context.replica.core(), found->id, context.actor()); !done) {
      if (done.error().code == Errc::conflict_open) {
        return refuse(Errc::not_permitted, tr("Who ordered an erasure cannot confirm it. Another person does, or it takes effect on its day. "
                                              "Nothing was changed."));
      }
      return cannot_order(done.error());
    }
    confirmed = found->id;
  } else if (context.dry_run) {
    std::uint64_t values = 0;
    for (const erasure::Order& known : erasure::orders(context.replica.core())) {
      if (known.in_force(context.replica.now_ms())) values += erasure::held(context.replica.core(), known);
    }
    return Reply{{{"values", values}, {"answers", 0}}, {}, 0};
  }
  auto done = erasure::carry_out(context.replica.core());
  if (!done) return to_refusal(done.error());
  tell(context);
  data["values"] = done->values;
  data["answers"] = done->answers;
  if (confirmed) {
    for (const erasure::Order& known : erasure::orders(context.replica.core())) {
      if (known.id == *confirmed) data["order"] = order_json(context.replica, known);
    }
  }
  return Reply{std::move(data), {}, 0};
}

/// erasure.withdraw  {"ref"}   data: {"ref"}
Answer withdraw(RequestContext& context) {
  auto found = find_order(context);
  if (!found) return found.refusal();
  if (context.dry_run) return Reply{{{"ref", references::short_of(context.replica, found->id)}}, {}, 0};
  if (auto done = erasure::withdraw(context.replica.core(), found->id, context.actor()); !done) {
    if (done.error().code == Errc::over_limit) {
      return refuse(Errc::invalid_input, tr("This erasure is in force already; what it took cannot come back. Nothing was changed."));
    }
    return cannot_order(done.error());
  }
  tell(context);
  return Reply{{{"ref", references::short_of(context.replica, found->id)}}, {}, 0};
}

/// erasure.list, erasure.proof  {"ref"?}
/// data: {"orders": [{"ref", "id", "member", "member_name", "space", "record", "record_ref", "kind", "fields", "reason",
/// "requested", "effective", "confirmed", "values_until", "state": announced|in_force|withdrawn, "held" (values still here),
/// "answers": [{"device_ref", "device", "member", "member_name", "done", "values", "backups_until"}], "open": [device],
/// "later" (values entered there since): [device and "time", "field", "answered_before"]}]}
Answer list(RequestContext& context) {
  Json orders = Json::array();
  if (!request::text(context.args, "ref").empty()) {
    auto found = find_order(context);
    if (!found) return found.refusal();
    orders.push_back(order_json(context.replica, *found));
  } else {
    for (const erasure::Order& order : erasure::orders(context.replica.core())) orders.push_back(order_json(context.replica, order));
  }
  return Reply{{{"orders", std::move(orders)}}, {}, 0};
}

Json step_value(const registry::Kind& kind, const HistoryStep& step) {
  if (!step.value || is_null(*step.value)) return nullptr;
  if (const auto* field = registry::find_field(kind, step.field)) return Json(record_json::value(*field, *step.value));
  if (const auto* number = as_int(*step.value)) return *number;
  if (const auto* text = as_text(*step.value)) return *text;
  return to_hex(std::get<Bytes>(*step.value));
}

/// subject.show  {"ref"}: everything that is stored about a record, and where (GDPR Art. 15).
/// data: {"record", "record_ref", "kind", "member", "member_name", "steps": [{"time", "member", "member_name", "device",
/// "actor", "field", "value", "known", "personal"}], "devices": [{"device_ref", "device", "member", "member_name"}], "erasures": [...]}
Answer show_subject(RequestContext& context) {
  auto found = find_record(context);
  if (!found) return found.refusal();
  Replica& replica = context.replica;
  Json steps = Json::array(), devices = Json::array(), erasures = Json::array();
  for (const HistoryStep& step : replica.history(found->space, found->record)) {
    const bool valued = step.mode <= 1;
    const registry::Field* field = registry::find_field(*found->kind, step.field);
    steps.push_back({{"time", months::instant(step.hlc.millis())},
                     {"member", step.author.member},
                     {"member_name", step.author.member_name},
                     {"device", step.author.device},
                     {"actor", request::or_null(step.actor)},
                     {"field", step.field == registry::fields::existence ? "existence" : registry::field_name(*found->kind, step.field)},
                     {"value", step_value(*found->kind, step)},
                     {"known", !valued || step.value.has_value()},
                     {"personal", field != nullptr && field->personal != registry::Personal::no}});
  }
  for (const Device& device : replica.membership().devices()) {
    if (!device.revoked && replica.membership().may_read(device.member, found->space)) devices.push_back(device_json(replica, device.author));
  }
  for (const erasure::Order& order : erasure::orders(replica.core())) {
    if (order.target == found->record && order.target_space == found->space) erasures.push_back(order_json(replica, order));
  }
  return Reply{{{"record", references::full_of(found->record)},
                {"record_ref", references::short_of(replica, found->record)},
                {"kind", found->kind->name},
                {"member", found->space.owner},
                {"member_name", request::member_name(replica, found->space.owner)},
                {"steps", std::move(steps)},
                {"devices", std::move(devices)},
                {"erasures", std::move(erasures)}},
               {},
               0};
}

}  // namespace

std::vector<RequestKind> erasure_requests() {
  return {{"erasure.request", LocalRole::administer, order},   {"erasure.execute", LocalRole::administer, execute_orders},
          {"erasure.withdraw", LocalRole::administer, withdraw}, {"erasure.list", LocalRole::read, list},
          {"erasure.proof", LocalRole::read, list},             {"subject.show", LocalRole::read, show_subject}};
}

Refusal cannot_order(const Error& error) {
  if (error.code == Errc::not_permitted) {
    return refuse(Errc::not_permitted, tr("This device has no right to erase in this member's data. Nothing was changed."),
                  tr("The Kreis gives it with an invite: kiz member invite TOWN --role privacy"));
  }
  return to_refusal(error);
}

}  // namespace kiz

// Requests about values that stand side by side until a person chooses, and about taking back.
#include <algorithm>

#include "libclient/field_text.h"
#include "libclient/record_reply.h"
#include "libclient/refusals.h"
#include "libclient/request_support.h"
#include "libclient/requests.h"
#include "libclient/translate.h"
#include "protocol/operation.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

using request::refuse;

/// conflict.list   data: {"conflicts": [{ref, record, record_ref, kind, title, field, values}]}
Answer list(RequestContext& context) {
  Reply reply;
  reply.data["conflicts"] = Json::array();
  for (const Conflict& conflict : context.replica.conflicts()) reply.data["conflicts"].push_back(reply::conflict(context.replica, conflict));
  return reply;
}

request::Or<Conflict> find(const RequestContext& context) {
  const std::string ref = request::text(context.args, "ref");
  for (const Conflict& conflict : context.replica.conflicts()) {
    const std::string number = std::to_string(conflict.number);
    if (ref == number || registry::fold(ref) == registry::fold("K-" + number)) return conflict;
  }
  return refuse(Errc::not_found, tr("There is no open conflict \"{}\".", {ref}), "kiz conflict list");
}

/// conflict.show   args: ref; data: {"conflict": {...}}
Answer show(RequestContext& context) {
  auto found = find(context);
  if (!found) return found.refusal();
  Reply reply;
  reply.data["conflict"] = reply::conflict(context.replica, *found);
  return reply;
}

request::Or<Value> chosen(const RequestContext& context, const Conflict& conflict, const FieldView& field) {
  if (context.args.contains("take")) {
    const auto take = context.args["take"].is_number_integer() ? context.args["take"].get<std::int64_t>() : 0;
    if (take < 1 || take > static_cast<std::int64_t>(field.cells.size())) {
      return refuse(Errc::usage, tr("There is no value with this number. Nothing was changed."),
                    "kiz conflict show K-" + std::to_string(conflict.number));
    }
    const auto& cell = field.cells[static_cast<std::size_t>(take - 1)];
    if (!cell.value) return refuse(Errc::not_found, tr("This value is unknown here. Nothing was changed."));
    return *cell.value;
  }
  const auto* kind = registry::find_kind(conflict.record.kind);
  const auto* known = kind == nullptr ? nullptr : registry::find_field(*kind, conflict.field);
  if (known == nullptr) return refuse(Errc::usage, tr("This field is of a newer version; take one of its values."));
  auto value = field_text::parse(*known, request::text(context.args, "value"), request::tongue(context.caller));
  if (!value) return refuse(*value.wrong, context.caller);
  return std::move(value.value);
}

/// conflict.resolve   args: ref, take (from 1) or value; data: {"ref"}
Answer resolve(RequestContext& context) {
  auto conflict = find(context);
  if (!conflict) return conflict.refusal();
  if (conflict->space.collection == Collection::consents && context.caller.role < LocalRole::consent) {
    return refuse(Errc::not_permitted, tr("Consents are settled by those who may give them. Nothing was changed."));
  }
  Edit edit = context.replica.begin();
  if (conflict->field == field_existence) {
    if (request::text(context.args, "value") == "deleted" || (context.args.contains("take") && context.args["take"] == 2)) {
      edit.del(conflict->space, conflict->record);
    } else {
      edit.undo(conflict->space, conflict->record);
    }
  } else {
    const auto view = context.replica.read(conflict->space, conflict->record);
    const FieldView* field = view ? view->field(conflict->field) : nullptr;
    if (field == nullptr) return refuse(Errc::not_found, tr("There is no open conflict \"{}\".", {request::text(context.args, "ref")}));
    auto value = chosen(context, *conflict, *field);
    if (!value) return value.refusal();
    edit.set(conflict->space, conflict->record, conflict->field, *value);
  }
  if (auto refused = request::commit(context, edit)) return *refused;
  Reply reply;
  reply.data["ref"] = "K-" + std::to_string(conflict->number);
  return reply;
}

/// undo   takes back the last commit of this device; data: {"entries": [hash]}
Answer undo(RequestContext& context) {
  if (context.dry_run) return Reply{};
  auto committed = context.replica.undo_last(context.actor());
  if (!committed) {
    switch (committed.error().code) {
      case Errc::not_found: return refuse(Errc::not_found, tr("There is nothing to take back."));
      case Errc::conflict_open:
        return refuse(Errc::conflict_open, tr("Somebody else has changed the same in the meantime. Nothing was changed."),
                      "kiz conflict list");
      default: return to_refusal(committed.error());
    }
  }
  if (context.surroundings.committed) context.surroundings.committed();
  Reply reply;
  reply.data["entries"] = Json::array();
  for (const EntryHash& hash : committed->entries) reply.data["entries"].push_back(to_hex(hash));
  return reply;
}

}  // namespace

std::vector<RequestKind> conflict_requests() {
  return {{"conflict.list", LocalRole::read, request::member_only(list)},
          {"conflict.show", LocalRole::read, request::member_only(show)},
          {"conflict.resolve", LocalRole::edit, request::member_only(resolve)},
          {"undo", LocalRole::edit, request::member_only(undo)}};
}

}  // namespace kiz

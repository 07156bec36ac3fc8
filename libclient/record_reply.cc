#include "libclient/record_reply.h"

#include <algorithm>

#include "libclient/generic_record.h"
#include "libclient/months.h"
#include "libclient/record_json.h"
#include "libclient/references.h"
#include "libclient/request_support.h"
#include "protocol/operation.h"

namespace kiz::reply {
namespace {

Json value_of(const registry::Kind& kind, std::uint32_t field, const std::optional<Value>& value) {
  if (!value || is_null(*value)) return nullptr;
  const auto* known = registry::find_field(kind, field);
  if (known != nullptr) return Json(record_json::value(*known, *value));
  if (const auto* number = as_int(*value)) return *number;
  if (const auto* text = as_text(*value)) return *text;
  return to_hex(std::get<Bytes>(*value));
}

Json field_value(const registry::Kind& kind, const FieldView& field) {
  switch (field.type) {
    case MergeType::counter: return field.overflow ? Json() : Json(field.sum);
    case MergeType::set: {
      Json out = Json::array();
      for (const CellView& cell : field.cells) {
        if (cell.value) out.push_back(value_of(kind, field.field, cell.value));
      }
      return out;
    }
    case MergeType::register_:
    case MergeType::multi_value: break;
  }
  if (field.cells.empty() || field.disputed()) return nullptr;
  return value_of(kind, field.field, field.cells.front().value);
}

// Fields that hold nothing are left out, but a value that is unknown must not look like one that was never there.
bool is_unknown(const FieldView& field) { return !field.cells.empty() && !field.cells.front().value; }

// What is unknown stands last: some elements of the set are known.
bool lacks_elements(const FieldView& field) { return field.type == MergeType::set && !field.cells.empty() && !field.cells.back().value; }

std::string title_of(const RecordView& view) { return view.text(registry::fields::offer::title); }

const char* mode_name(std::uint8_t mode) {
  switch (static_cast<Mode>(mode)) {
    case Mode::replace: return "set";
    case Mode::add: return "add";
    case Mode::remove: return "remove";
    case Mode::del: return "deleted";
    case Mode::undo: return "restored";
  }
  return "";
}

}  // namespace

Json values(const Replica& replica, const registry::Kind& kind, const FieldView& field) {
  Json out = Json::array();
  for (const CellView& cell : field.cells) {
    Json item = request::who(replica, cell.log, cell.name.entry, cell.hlc);
    item["value"] = value_of(kind, field.field, cell.value);
    item["known"] = cell.value.has_value();
    out.push_back(std::move(item));
  }
  return out;
}

namespace {

Json record_json_of(const Replica& replica, const registry::Kind& kind, const RecordView& view, std::string ref) {
  Json out;
  out["ref"] = std::move(ref);
  out["id"] = references::full_of(view.id);
  out["member"] = view.space.owner;
  out["member_name"] = request::member_name(replica, view.space.owner);
  Json disputed = Json::array();
  Json overwritten = Json::array();
  Json unknown = Json::array();
  for (const FieldView& field : view.fields) {
    const std::string name = registry::field_name(kind, field.field);
    if (is_unknown(field)) {
      unknown.push_back(name);
      continue;
    }
    if (lacks_elements(field)) unknown.push_back(name);
    Json value = field_value(kind, field);
    if (field.disputed()) disputed.push_back({{"field", name}, {"values", values(replica, kind, field)}});
    if (field.type == MergeType::register_ && field.cells.size() > 1) {
      const Json all = values(replica, kind, field);
      for (std::size_t i = 1; i < all.size(); ++i) {
        Json item = all[i];
        item["field"] = name;
        overwritten.push_back(std::move(item));
      }
    }
    if (value.is_null() && !field.disputed()) continue;
    if (value.is_array() && value.empty()) continue;
    out[name] = std::move(value);
  }
  if (!disputed.empty()) out["disputed"] = std::move(disputed);
  if (!overwritten.empty()) out["overwritten"] = std::move(overwritten);
  if (!unknown.empty()) out["unknown_fields"] = std::move(unknown);
  if (view.existence == Existence::exists_deleted) out["deleted"] = "at_the_same_time";
  if (view.existence == Existence::deleted) out["deleted"] = "yes";
  return out;
}

}  // namespace

Json record(const Replica& replica, const registry::Kind& kind, const RecordView& view) {
  return record_json_of(replica, kind, view, references::short_of(replica, view.id));
}

Records::Records(const Replica& replica, const registry::Kind& kind) : replica_(replica), kind_(kind), refs_(replica, kind.number) {}

Json Records::json(const RecordView& view) const { return record_json_of(replica_, kind_, view, refs_.of(view.id)); }

Json conflict(const Replica& replica, const Conflict& conflict) {
  const auto* kind = registry::find_kind(conflict.record.kind);
  const auto view = replica.read(conflict.space, conflict.record);
  Json out;
  out["ref"] = "K-" + std::to_string(conflict.number);
  out["record"] = references::full_of(conflict.record);
  out["record_ref"] = references::short_of(replica, conflict.record);
  out["kind"] = kind == nullptr ? "#" + std::to_string(conflict.record.kind) : std::string{kind->name};
  out["member"] = conflict.space.owner;
  out["member_name"] = request::member_name(replica, conflict.space.owner);
  out["title"] = view && kind != nullptr && kind->key.empty() ? title_of(*view) : std::string{};
  if (conflict.field == field_existence) {
    out["field"] = "existence";
    out["values"] = Json::array({{{"value", "exists"}}, {{"value", "deleted"}}});
    return out;
  }
  out["field"] = kind == nullptr ? "#" + std::to_string(conflict.field) : registry::field_name(*kind, conflict.field);
  const FieldView* field = view ? view->field(conflict.field) : nullptr;
  out["values"] = field != nullptr && kind != nullptr ? values(replica, *kind, *field) : Json::array();
  return out;
}

Json created(const Replica& replica, const RecordId& id, const std::string& title) {
  return {{"ref", references::short_of(replica, id)}, {"id", references::full_of(id)}, {"title", title}};
}

Json history(const Replica& replica, const registry::Kind& kind, const Space& space, const RecordId& id) {
  Json steps = Json::array();
  for (const HistoryStep& step : replica.history(space, id)) {
    Json item;
    item["entry"] = to_hex(step.entry);
    item["time"] = months::instant(step.hlc.millis());
    item["member"] = step.author.member;
    item["member_name"] = step.author.member_name;
    item["device"] = step.author.device;
    item["actor"] = step.actor;
    item["field"] = step.field == field_existence ? "existence" : registry::field_name(kind, step.field);
    item["mode"] = mode_name(step.mode);
    item["value"] = value_of(kind, step.field, step.value);
    item["known"] = step.value.has_value() || !carries_value(static_cast<Mode>(step.mode));
    steps.push_back(std::move(item));
  }
  return {{"id", references::full_of(id)}, {"steps", std::move(steps)}};
}

}  // namespace kiz::reply

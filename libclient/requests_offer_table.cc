// Offers from files and into files.
#include <algorithm>

#include "libclient/generic_record.h"
#include "libclient/hsds.h"
#include "libclient/mapping.h"
#include "libclient/months.h"
#include "libclient/record_json.h"
#include "libclient/references.h"
#include "libclient/requests_offer.h"
#include "libclient/table_export.h"
#include "libclient/table_import.h"
#include "libclient/translate.h"

namespace kiz {
namespace {

using request::refuse;

constexpr std::size_t preview_rows = 5;
constexpr std::size_t complaints_shown = 20;

// A machine never takes a side: a field with two live values is left to a person.
struct Applied {
  std::size_t fresh = 0, changed = 0, unchanged = 0, disputed = 0;
};

bool same_value(const RecordView* present, std::uint32_t field, const std::vector<Value>& values, bool is_set) {
  const FieldView* held = present == nullptr ? nullptr : present->field(field);
  if (held == nullptr) return false;
  const auto shows = [&](const Value& value) {
    return std::any_of(held->cells.begin(), held->cells.end(), [&](const auto& cell) { return cell.value == value; });
  };
  if (is_set) return std::all_of(values.begin(), values.end(), shows);
  return !held->cells.empty() && held->cells.front().value == values.front() && !held->disputed();
}

Applied apply(const Replica& replica, const registry::Kind& kind, const Space& space,
              const std::vector<table_import::Draft>& drafts, Edit& edit) {
  Applied out;
  for (const table_import::Draft& draft : drafts) {
    const auto present = replica.read(space, draft.id);
    const std::size_t before = edit.size();
    for (const table_import::DraftField& field : draft.fields) {
      const auto* known = registry::find_field(kind, field.number);
      const bool is_set = known != nullptr && known->merge == registry::Merge::set;
      const FieldView* held = present ? present->field(field.number) : nullptr;
      if (held != nullptr && held->disputed()) {
        ++out.disputed;
        continue;
      }
      if (same_value(present ? &*present : nullptr, field.number, field.values, is_set)) continue;
      for (const Value& value : field.values) {
        if (is_set) {
          edit.add(space, draft.id, field.number, value);
        } else {
          edit.set(space, draft.id, field.number, value);
        }
      }
    }
    const bool touched = edit.size() != before;
    if (!present || !present->exists()) {
      ++out.fresh;
    } else {
      ++(touched ? out.changed : out.unchanged);
    }
  }
  return out;
}

std::string guess_format(const std::string& name, const std::string& bytes) {
  const auto start = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (start == std::string::npos || (bytes[start] != '{' && bytes[start] != '[')) return "csv";
  return bytes.find("\"kiz.records/1\"") != std::string::npos || name.ends_with(".kiz.json") ? "json" : "hsds";
}

/// offer.import   args: content (base64), name, format, mapping (TOML text) or mapping_name, modulo, remainder, offset
/// data: {"rows", "new", "changed", "unchanged", "skipped", "columns", "unused_columns", "preview": [...]}; or refused
/// as a whole with every complaint in the text, and nothing changed
Answer import_table(RequestContext& context) {
  const auto content = request::from_base64(request::text(context.args, "content"));
  if (!content) return refuse(Errc::usage, tr("The file's content did not arrive whole."));
  const registry::Kind& kind = *registry::find_kind(registry::kinds::offer);
  table_import::Options options;
  options.kind = &kind;
  options.owner = context.replica.identity().member;
  options.today = months::day_of(context.replica.now_ms());
  options.tongue = request::tongue(context.caller);
  for (const auto& [key, target] : {std::pair{"modulo", &options.modulo}, {"remainder", &options.remainder}, {"offset", &options.offset}}) {
    if (context.args.contains(key) && context.args[key].is_number_unsigned()) *target = context.args[key].get<std::size_t>();
  }
  std::optional<mapping::Mapping> mapping;
  std::string format = request::text(context.args, "format");
  std::string mapping_name = request::text(context.args, "mapping_name");
  if (format == "integreat" && mapping_name.empty()) mapping_name = "integreat-seiten";
  if (!request::text(context.args, "mapping").empty() || !mapping_name.empty()) {
    auto read = mapping_name.empty() ? mapping::parse(request::text(context.args, "mapping"), "mapping") : mapping::shipped(mapping_name);
    if (!read) return refuse(*read.wrong, context.caller);
    mapping = std::move(read.value);
    options.mapping = &*mapping;
  }
  if (format.empty()) format = guess_format(request::text(context.args, "name"), *content);
  const table_import::Import read = format == "hsds"   ? hsds::read(*content, options)
                                    : format == "json" ? record_json::read(*content, options)
                                                       : table_import::read(*content, options);
  if (!read.ok()) {
    Refusal refusal = refuse(read.complaints.front(), context.caller);
    std::string text;
    for (std::size_t i = 0; i < read.complaints.size() && i < complaints_shown; ++i) {
      text += (i == 0 ? "" : "\n") + sentence(read.complaints[i], options.tongue) + ".";
    }
    if (read.complaints.size() > complaints_shown) text += "\n" + tr("And {} more.", {std::to_string(read.complaints.size() - complaints_shown)});
    refusal.text = text + "\n" + tr("Nothing was changed.");
    return refusal;
  }

  const Space space = context.replica.space(options.owner, kind.collection);
  Edit edit = context.replica.begin();
  const Applied applied = apply(context.replica, kind, space, read.drafts, edit);
  if (auto refused = request::commit(context, edit)) return *refused;
  Reply reply;
  reply.data = {{"rows", read.rows}, {"new", applied.fresh}, {"changed", applied.changed}, {"unchanged", applied.unchanged},
                {"skipped", read.skipped + read.repeated}, {"columns", read.columns}, {"unused_columns", read.unused_columns}};
  Json preview = Json::array();
  for (const auto& row : table_import::preview(kind, read.drafts, preview_rows, options.tongue)) {
    std::string line;
    for (const std::string& cell : row) line += (line.empty() ? "" : " | ") + cell;
    preview.push_back(line);
  }
  reply.data["preview"] = std::move(preview);
  if (applied.disputed > 0) {
    reply.exit = 3;
    reply.warnings.push_back({"W_DISPUTED_LEFT", tr("{} fields have two values already; they were left as they are.",
                                                    {std::to_string(applied.disputed)})});
  }
  return reply;
}

/// offer.export   args: format csv | json | hsds, dialect, member, public
/// data: {"file": {"name", "type", "content" (base64)}, "records"}
Answer export_table(RequestContext& context) {
  const registry::Kind& kind = *registry::find_kind(registry::kinds::offer);
  const std::string format = request::text(context.args, "format").empty() ? "csv" : request::text(context.args, "format");
  std::optional<MemberId> member;
  if (!request::text(context.args, "member").empty()) {
    auto town = request::member(context.replica, request::text(context.args, "member"));
    if (!town) return town.refusal();
    member = town->id;
  }
  const bool only_public = request::flag(context.args, "public");
  std::vector<GenericRecord> records;
  context.replica.scan(kind.number, [&](const RecordView& view) {
    if (member && view.space.owner != *member) return true;
    if (only_public && view.number(registry::fields::offer::is_public) != 1) return true;
    records.push_back(generic(view));
    return true;
  });
  std::string name = "angebote.csv";
  std::string type = "text/csv";
  std::string bytes;
  if (format == "csv") {
    table_export::Options options;
    options.dialect = request::text(context.args, "dialect") == "international" ? csv::international : csv::german;
    options.personal = !only_public;
    bytes = table_export::write(kind, records, options);
  } else if (format == "json") {
    name = "angebote.kiz.json";
    type = "application/json";
    bytes = record_json::document(kind, records, !only_public).dump(1);
  } else if (format == "hsds") {
    name = "angebote.hsds.json";
    type = "application/json";
    bytes = hsds::services(records).dump(1);
  } else {
    return refuse(Errc::usage, tr("This version writes csv, json and hsds."));
  }
  Reply reply;
  reply.data["file"] = {{"name", name}, {"type", type}, {"content", request::to_base64(bytes)}};
  reply.data["records"] = records.size();
  return reply;
}

}  // namespace

std::vector<RequestKind> offer_table_requests() {
  return {{"offer.import", LocalRole::edit,
           [](RequestContext& context) -> Answer {
             if (auto refused = request::need_member(context)) return *refused;
             return import_table(context);
           }},
          {"offer.export", LocalRole::read, [](RequestContext& context) -> Answer {
             if (auto refused = request::need_member(context)) return *refused;
             return export_table(context);
           }}};
}

}  // namespace kiz

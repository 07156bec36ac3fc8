// Offers from files and into files.
#include <algorithm>

#include "libclient/generic_record.h"
#include "libclient/hsds.h"
#include "libclient/import_request.h"
#include "libclient/record_json.h"
#include "libclient/refusals.h"
#include "libclient/requests_offer.h"
#include "libclient/table_export.h"
#include "libclient/translate.h"
#include "libclient/xlsx.h"

namespace kiz {
namespace {

using request::refuse;

constexpr std::size_t preview_rows = 5;

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
              const std::vector<table_import::Draft>& drafts, Edit& edit, const Watch& watch) {
  Applied out;
  for (const table_import::Draft& draft : drafts) {
    tell(watch, "comparing", static_cast<std::uint64_t>(&draft - drafts.data()), drafts.size());
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

/// offer.import   args: import_request.h; format csv | hsds | integreat | json
/// data: {"rows", "new", "changed", "unchanged", "skipped", "columns", "unused_columns", "preview": [...]}; or refused
/// as a whole with every complaint in the text, and nothing changed
Answer import_table(RequestContext& context) {
  const registry::Kind& kind = *registry::find_kind(registry::kinds::offer);
  auto owner = request::import_owner(context);
  if (!owner) return owner.refusal();
  auto mapping = request::import_mapping(context, kind, request::text(context.args, "format") == "integreat" ? "integreat-seiten" : "");
  if (!mapping) return mapping.refusal();
  auto rows = request::import_rows(context, kind, *mapping, {"csv", "integreat", "hsds", "json"});
  if (!rows) return rows.refusal();
  const table_import::Import& read = *rows;

  const Space space = context.replica.space(*owner, kind.collection);
  Edit edit = context.replica.begin();
  const Applied applied = apply(context.replica, kind, space, read.drafts, edit, context.surroundings.progress);
  if (auto refused = request::commit(context, edit)) return *refused;
  Reply reply;
  reply.data = {{"rows", read.rows}, {"new", applied.fresh}, {"changed", applied.changed}, {"unchanged", applied.unchanged},
                {"skipped", read.skipped + read.repeated}, {"columns", read.columns}, {"unused_columns", read.unused_columns}};
  Json preview = Json::array();
  for (const auto& row : table_import::preview(kind, read.drafts, preview_rows, request::tongue(context.caller))) {
    std::string line;
    for (const std::string& cell : row) line += (line.empty() ? "" : " | ") + cell;
    preview.push_back(line);
  }
  reply.data["preview"] = std::move(preview);
  if (applied.disputed > 0) {
    reply.exit = 3;
    reply.warnings.push_back({"W_DISPUTED_LEFT", trn("{} field has two values already; it was left as it is.",
                                                     "{} fields have two values already; they were left as they are.", applied.disputed)});
  }
  return reply;
}

/// offer.export   args: format csv | xlsx | json | hsds, dialect, member, public
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
  ScanRange range;
  if (member) range.space = context.replica.space(*member, kind.collection);
  std::vector<GenericRecord> records;
  context.replica.scan(kind.number, [&](const RecordView& view) {
    if (only_public && view.number(registry::fields::offer::is_public) != 1) return true;
    records.push_back(generic(view));
    return true;
  }, range);
  std::string name = "angebote.csv";
  std::string type = "text/csv";
  std::string bytes;
  const std::string dialect = request::text(context.args, "dialect");
  if (!dialect.empty() && dialect != "de" && dialect != "international") {
    return refuse(Errc::usage, tr("The dialect is de or international."));
  }
  table_export::Options options;
  options.dialect = dialect == "international" ? csv::international : csv::german;
  options.personal = !only_public;
  if (format == "csv") {
    bytes = table_export::write(kind, records, options);
  } else if (format == "xlsx") {
    auto table = table_export::table(kind, records, options);
    auto written = xlsx::write({tr("Offers"), std::move(table.header), std::move(table.rows)});
    if (!written) return to_refusal(written.error());
    name = "angebote.xlsx";
    type = xlsx::media_type;
    bytes = std::move(*written);
  } else if (format == "json") {
    name = "angebote.kiz.json";
    type = "application/json";
    bytes = record_json::document(kind, records, !only_public).dump(1);
  } else if (format == "hsds") {
    name = "angebote.hsds.json";
    type = "application/json";
    bytes = hsds::services(records).dump(1);
  } else {
    return refuse(Errc::usage, tr("Offers are exported as csv, xlsx, json or hsds, not as {}.", {format}));
  }
  Reply reply;
  reply.data["file"] = {{"name", name}, {"type", type}, {"content", request::to_base64(bytes)}};
  reply.data["records"] = records.size();
  return reply;
}

}  // namespace

std::vector<RequestKind> offer_table_requests() {
  return {{"offer.import", LocalRole::edit, request::member_only(import_table)},
          {"offer.export", LocalRole::read, request::member_only(export_table)}};
}

}  // namespace kiz

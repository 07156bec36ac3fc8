// Counts from tables and into tables. An import is a machine's hand: it never settles what two people entered differently.

#include <algorithm>
#include <set>

#include "libclient/count_json.h"
#include "libclient/generic_record.h"
#include "libclient/import_request.h"
#include "libclient/months.h"
#include "libclient/record_json.h"
#include "libclient/refusals.h"
#include "libclient/requests_count.h"
#include "libclient/table_export.h"
#include "libclient/translate.h"
#include "libclient/xlsx.h"
#include "protocol/membership.h"

namespace kiz {
namespace {

using namespace request;
namespace f = registry::fields::count;

constexpr std::size_t preview_rows = 10;

const registry::Kind& kind() { return *registry::find_kind(registry::kinds::count); }

/// The mapping of the request; a month that is given fills in where it names none.
Or<std::optional<mapping::Mapping>> mapping_of(const RequestContext& context) {
  auto mapping = import_mapping(context, kind());
  if (!mapping || text(context.args, "month").empty()) return mapping;
  if (!*mapping) return refuse(Errc::usage, tr("A month can be given for a file only together with a mapping."));
  if ((*mapping)->fields.contains("period")) return mapping;
  auto at = period(context);
  if (!at) return at.refusal();
  mapping::Source constant;
  constant.constant = *at;
  (*mapping)->fields["period"] = {std::move(constant)};
  return mapping;
}

struct Sums {
  std::size_t created = 0, changed = 0, unchanged = 0;
  Json conflicts = Json::array();
  std::set<std::string> months;  // whose numbers were changed
};

/// One row into the edit, unless two numbers stand side by side there already or strokes are kept.
void put_draft(Edit& edit, const RequestContext& context, const Space& space, const table_import::Draft& draft, Sums& sums) {
  const auto record = context.replica.read(space, draft.id);
  const RecordView* present = record ? &*record : nullptr;
  const auto before = record ? counts::read(*record) : std::nullopt;
  const auto key = counts::parse_key(draft.natural_key);
  if (before && (before->reading == counts::Reading::disputed || before->tally) && draft.find(f::value) != nullptr) {
    sums.conflicts.push_back({{"line", draft.line}, {"cell", counts::spell_cell(before->key)}, {"period", before->key.period}});
    return;
  }
  const std::size_t size_before = edit.size();
  if (!before) open_record(edit, space, draft.id, present, draft.natural_key);
  for (const table_import::DraftField& field : draft.fields) {
    if (field.number == registry::fields::key) continue;
    set_if_new(edit, space, draft.id, present, field.number, field.values.front());
  }
  const bool marked = present != nullptr && present->exists() && present->number(f::unknown).value_or(0) != 0;
  const bool number = draft.find(f::value) != nullptr;
  if (marked && number && draft.find(f::unknown) == nullptr) edit.set(space, draft.id, f::unknown, Value{std::int64_t{0}});

  if (edit.size() == size_before) {
    ++sums.unchanged;
    return;
  }
  ++(before ? sums.changed : sums.created);
  if (key) sums.months.insert(key->period);
}

void warn(Reply& reply, const RequestContext& context, const Sums& sums) {
  if (!sums.conflicts.empty()) {
    const std::size_t n = sums.conflicts.size();
    reply.warnings.push_back({"W_CONFLICT_OPEN", trn("{} row was left out: two numbers or strokes stand there, and a person must choose first.",
                                                     "{} rows were left out: two numbers or strokes stand there, and a person must choose first.",
                                                     n, {std::to_string(n)})});
    reply.exit = 3;
  }
  const MemberId self = context.replica.identity().member;
  const counts::Months held = counts::load(context.replica, {self, {}, {}});
  for (const std::string& month : sums.months) {
    if (const auto at = held.find({self, month}); at != held.end()) warn_locked(reply, at->second, month);
  }
}

/// count.import  import_request.h, and "month"?: where file and mapping name none
/// All rows or none: one that is wrong refuses the file (invalid_input, a sentence per row with line and column). Rows that
/// say what is known already change nothing. A row for another member is wrong unless the mapping leaves it out.
/// data: {"rows", "new", "changed", "unchanged", "skipped", "repeated", "conflicts": [{"line", "cell", "period"}],
///        "columns", "unused_columns", "separator", "preview": [[header...], [row...], ...]}
/// Warnings: W_CONFLICT_OPEN (exit 3: those rows were left out), W_MONTH_LOCKED (exit 3).
Answer import(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto owner = import_owner(context);
  if (!owner) return owner.refusal();
  auto mapping = mapping_of(context);
  if (!mapping) return mapping.refusal();
  auto read = import_rows(context, kind(), *mapping, {"csv", "json"});
  if (!read) return read.refusal();

  const Space space = counts::space_of(context.replica, *owner, false);
  Edit edit = context.replica.begin();
  Sums sums;
  for (const table_import::Draft& draft : read->drafts) {
    tell(context.surroundings.progress, "comparing", static_cast<std::uint64_t>(&draft - read->drafts.data()), read->drafts.size());
    put_draft(edit, context, space, draft, sums);
  }
  if (auto refused = commit(context, edit)) return *refused;

  Reply reply;
  warn(reply, context, sums);
  reply.data = {{"rows", read->rows},
                {"new", sums.created},
                {"changed", sums.changed},
                {"unchanged", sums.unchanged},
                {"skipped", read->skipped},
                {"repeated", read->repeated},
                {"conflicts", std::move(sums.conflicts)},
                {"columns", read->columns},
                {"unused_columns", read->unused_columns},
                {"separator", std::string(1, read->separator)},
                {"preview", table_import::preview(kind(), read->drafts, preview_rows, tongue(context.caller))}};
  return reply;
}

/// count.export  {"month"? | "year"?, "member"?, "format"?: "csv" | "xlsx" | "json", "dialect"?: "de" | "international"}
/// Without a period all; a town its own, the Kreis all members. What is written is read back by count.import.
/// data: {"records", "file": {"name", "type", "content": base64}}
Answer export_table(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  const std::string format = text(context.args, "format"), dialect = text(context.args, "dialect");
  if (!format.empty() && format != "csv" && format != "json" && format != "xlsx") {
    return refuse(Errc::usage, tr("Counts are exported as csv, xlsx or json, not as {}.", {format}));
  }
  if (!dialect.empty() && dialect != "de" && dialect != "international") {
    return refuse(Errc::usage, tr("The dialect is de or international."));
  }
  std::string first, last;
  if (!text(context.args, "year").empty() || !text(context.args, "month").empty()) {
    auto span = scope_of(context);
    if (!span) return span.refusal();
    first = span->first;
    last = span->last;
  }
  std::optional<MemberId> only;
  if (const std::string given = text(context.args, "member"); !given.empty() && given != "alle" && given != "all") {
    auto one = member(context.replica, given);
    if (!one) return one.refusal();
    only = one->id;
  }
  std::vector<std::pair<std::string, GenericRecord>> found;
  context.replica.scan(kind().number, [&](const RecordView& record) {
    const auto count = counts::read(record);
    if (!count || count->key.ags != record.space.owner || (only && *only != count->key.ags)) return true;
    if (!first.empty() && (count->key.period < first || count->key.period > last)) return true;
    found.emplace_back(record.text(registry::fields::key), generic(record));
    return true;
  });
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<GenericRecord> records;
  for (auto& [key, record] : found) records.push_back(std::move(record));

  table_export::Options options;
  options.dialect = dialect == "international" ? csv::international : csv::german;
  Reply reply;
  std::string written, ending = "csv", type = "text/csv; charset=utf-8";
  if (format == "json") {
    written = record_json::document(kind(), records).dump(2) + "\n";
    ending = "json";
    type = "application/json";
  } else if (format == "xlsx") {
    auto table = table_export::table(kind(), records, options);
    auto book = xlsx::write({tr("Counts"), std::move(table.header), std::move(table.rows)});
    if (!book) return to_refusal(book.error());
    written = std::move(*book);
    ending = "xlsx";
    type = xlsx::media_type;
  } else {
    written = table_export::write(kind(), records, options);
  }
  reply.data = {{"records", records.size()},
                {"file",
                 {{"name", "kiz-counts." + ending},
                  {"type", type},
                  {"content", to_base64(written)}}}};
  return reply;
}

}  // namespace

std::vector<RequestKind> count_table_requests() {
  return {{"count.import", LocalRole::edit, import}, {"count.export", LocalRole::read, export_table}};
}

}  // namespace kiz

// Counts from tables and into tables. An import is a machine's hand: it never settles what two people entered differently.

#include <algorithm>
#include <set>

#include "libclient/count_json.h"
#include "libclient/generic_record.h"
#include "libclient/mapping.h"
#include "libclient/months.h"
#include "libclient/record_json.h"
#include "libclient/refusals.h"
#include "libclient/requests_count.h"
#include "libclient/table_export.h"
#include "libclient/table_import.h"
#include "libclient/translate.h"
#include "protocol/membership.h"

namespace kiz {
namespace {

using namespace request;
namespace f = registry::fields::count;

constexpr std::size_t sentences_max = 20;
constexpr std::size_t preview_rows = 10;

const registry::Kind& kind() { return *registry::find_kind(registry::kinds::count); }

/// The mapping that the arguments name or bring along; none when they do neither.
Or<std::optional<mapping::Mapping>> mapping_of(const RequestContext& context) {
  const std::string shipped = text(context.args, "mapping_name"), own = text(context.args, "mapping");
  const bool dated = !text(context.args, "month").empty();
  if (shipped.empty() && own.empty()) {
    if (!dated) return std::optional<mapping::Mapping>{};
    return refuse(Errc::usage, tr("A month can be given for a file only together with a mapping."));
  }
  auto read = shipped.empty() ? mapping::parse(own, "mapping") : mapping::shipped(shipped);
  if (!read) return refuse(*read.wrong, context.caller);
  if (read.value.kind == nullptr || read.value.kind->number != registry::kinds::count) {
    return refuse(Errc::invalid_input, tr("The mapping \"{}\" is not one for counts. Nothing was changed.", {read.value.name}));
  }
  if (dated && !read.value.fields.contains("period")) {
    auto at = period(context);
    if (!at) return at.refusal();
    mapping::Source constant;
    constant.constant = *at;
    read.value.fields["period"] = {std::move(constant)};
  }
  return std::optional{std::move(read.value)};
}

bool is_json(const RequestContext& context) {
  const std::string format = text(context.args, "format"), name = text(context.args, "name");
  return format == "json" || (format.empty() && name.ends_with(".json"));
}

Or<table_import::Import> read_file(const RequestContext& context, const std::optional<mapping::Mapping>& mapping) {
  const auto bytes = from_base64(text(context.args, "content"));
  if (!bytes) return refuse(Errc::usage, tr("The content of the file is missing."));
  table_import::Options options;
  options.kind = &kind();
  options.mapping = mapping ? &*mapping : nullptr;
  options.owner = context.replica.identity().member;
  options.today = months::day_of(context.replica.now_ms());
  options.tongue = tongue(context.caller);
  const std::string separator = text(context.args, "separator");
  options.separator = separator.empty() ? '\0' : separator.front();
  options.modulo = context.args.value("modulo", std::size_t{0});
  options.remainder = context.args.value("remainder", std::size_t{0});
  options.offset = context.args.value("offset", std::size_t{0});
  auto read = is_json(context) ? record_json::read(*bytes, options) : table_import::read(*bytes, options);
  if (read.ok()) return read;
  std::string all;
  for (std::size_t i = 0; i < std::min(read.complaints.size(), sentences_max); ++i) {
    all += (i == 0 ? "" : "\n") + sentence(read.complaints[i], tongue(context.caller));
  }
  const std::size_t more = read.complaints.size() - std::min(read.complaints.size(), sentences_max);
  if (more > 0) all += "\n" + trn("and {} more", "and {} more", more, {std::to_string(more)});
  return refuse(Errc::invalid_input, all + "\n" + tr("Nothing was changed."));
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

/// count.import  {"content": base64 of the file, "name"?, "format"?: "csv" | "json", "mapping"?: TOML, "mapping_name"?: a
///                shipped one, "month"?: where file and mapping name none, "member"?: oneself, "separator"?, "modulo"?,
///                "remainder"?, "offset"?: which rows (table_import.h)}
/// All rows or none: one that is wrong refuses the file (invalid_input, a sentence per row with line and column). Rows that
/// say what is known already change nothing. A row for another member is wrong unless the mapping leaves it out.
/// data: {"rows", "new", "changed", "unchanged", "skipped", "repeated", "conflicts": [{"line", "cell", "period"}],
///        "columns", "unused_columns", "separator", "preview": [[header...], [row...], ...]}
/// Warnings: W_CONFLICT_OPEN (exit 3: those rows were left out), W_MONTH_LOCKED (exit 3).
Answer import(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  if (const std::string given = text(context.args, "member"); !given.empty()) {
    auto one = member(context.replica, given);
    if (!one) return one.refusal();
    if (one->id != context.replica.identity().member) {
      return refuse(Errc::not_permitted, tr("Everybody enters their own numbers; those of {} belong to {}. Nothing was changed.",
                                            {one->name, one->name}));
    }
  }
  auto mapping = mapping_of(context);
  if (!mapping) return mapping.refusal();
  auto read = read_file(context, *mapping);
  if (!read) return read.refusal();

  const Space space = counts::space_of(context.replica, context.replica.identity().member, false);
  Edit edit = context.replica.begin();
  Sums sums;
  for (const table_import::Draft& draft : read->drafts) put_draft(edit, context, space, draft, sums);
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

/// count.export  {"month"? | "year"?, "member"?, "format"?: "csv" | "json", "dialect"?: "de" | "international"}
/// Without a period all; a town its own, the Kreis all members. What is written is read back by count.import.
/// data: {"records", "file": {"name", "type", "content": base64}}
Answer export_table(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  const std::string format = text(context.args, "format"), dialect = text(context.args, "dialect");
  if (!format.empty() && format != "csv" && format != "json") {
    return refuse(Errc::usage, tr("Counts are exported as csv or json, not as {}.", {format}));
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

  const bool json = format == "json";
  table_export::Options options;
  options.dialect = dialect == "international" ? csv::international : csv::german;
  Reply reply;
  const std::string written =
      json ? record_json::document(kind(), records).dump(2) + "\n" : table_export::write(kind(), records, options);
  reply.data = {{"records", records.size()},
                {"file",
                 {{"name", std::string("kiz-counts.") + (json ? "json" : "csv")},
                  {"type", json ? "application/json" : "text/csv; charset=utf-8"},
                  {"content", to_base64(written)}}}};
  return reply;
}

}  // namespace

std::vector<RequestKind> count_table_requests() {
  return {{"count.import", LocalRole::edit, import}, {"count.export", LocalRole::read, export_table}};
}

}  // namespace kiz

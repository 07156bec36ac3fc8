#include "libclient/import_request.h"

#include <algorithm>

#include "libclient/hsds.h"
#include "libclient/months.h"
#include "libclient/record_json.h"
#include "libclient/safe_text.h"
#include "libclient/translate.h"

namespace kiz::request {
namespace {

constexpr std::size_t complaints_shown = 20;
constexpr std::size_t quoted_columns_max = 40;

bool may_be(std::initializer_list<std::string_view> formats, std::string_view format) {
  return std::find(formats.begin(), formats.end(), format) != formats.end();
}

// A file that does not say what it is: JSON begins like JSON, ours names itself.
std::string guessed_format(const std::string& name, const std::string& bytes, std::initializer_list<std::string_view> formats) {
  const auto start = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const bool json = start != std::string::npos && (bytes[start] == '{' || bytes[start] == '[');
  if (!json) return std::string{*formats.begin()};
  const bool ours = bytes.find("\"kiz.records/1\"") != std::string::npos || name.ends_with(".kiz.json");
  return ours || !may_be(formats, "hsds") ? "json" : "hsds";
}

Or<std::size_t> row_number(const Json& args, const char* name) {
  const auto at = args.find(name);
  if (at == args.end() || at->is_null()) return std::size_t{0};
  if (at->is_number_unsigned()) return at->get<std::size_t>();
  return refuse(Errc::usage, tr("Rows are counted by whole numbers from 0. Nothing was changed."));
}

Refusal wrong_rows(const table_import::Import& read, Tongue tongue) {
  std::string all;
  for (std::size_t i = 0; i < read.complaints.size() && i < complaints_shown; ++i) {
    all += (i == 0 ? "" : "\n") + sentence(read.complaints[i], tongue) + ".";
  }
  if (read.complaints.size() > complaints_shown) {
    const std::size_t more = read.complaints.size() - complaints_shown;
    all += "\n" + trn("and {} more", "and {} more", more, {std::to_string(more)});
  }
  return refuse(Errc::invalid_input, all + "\n" + tr("Nothing was changed."));
}

}  // namespace

Or<MemberId> import_owner(const RequestContext& context) {
  const MemberId self = context.replica.identity().member;
  const std::string given = text(context.args, "member");
  if (given.empty()) return self;
  auto one = member(context.replica, given);
  if (!one) return one.refusal();
  if (one->id == self) return self;
  return refuse(Errc::not_permitted, tr("Everybody enters what is their own; what {} offers and counts belongs to {}. Nothing was changed.",
                                        {one->name, one->name}));
}

Or<std::optional<mapping::Mapping>> import_mapping(const RequestContext& context, const registry::Kind& kind,
                                                   const std::string& otherwise) {
  const std::string own = text(context.args, "mapping");
  const std::string named = text(context.args, "mapping_name"), shipped = named.empty() && own.empty() ? otherwise : named;
  if (shipped.empty() && own.empty()) return std::optional<mapping::Mapping>{};
  auto read = shipped.empty() ? mapping::parse(own, "mapping") : mapping::shipped(shipped);
  if (!read) return refuse(*read.wrong, context.caller);
  if (read.value.kind == nullptr || read.value.kind->number != kind.number) {
    return refuse(Errc::invalid_input, tr("The mapping \"{}\" is for other records. Nothing was changed.", {read.value.name}));
  }
  return std::optional{std::move(read.value)};
}

Or<table_import::Import> import_rows(const RequestContext& context, const registry::Kind& kind,
                                     const std::optional<mapping::Mapping>& mapping,
                                     std::initializer_list<std::string_view> formats) {
  const auto bytes = from_base64(text(context.args, "content"));
  if (!bytes || !context.args.contains("content")) return refuse(Errc::usage, tr("The file's content did not arrive whole."));
  std::string format = text(context.args, "format");
  if (format.empty()) format = guessed_format(text(context.args, "name"), *bytes, formats);
  if (!may_be(formats, format)) {
    std::string all;
    for (const std::string_view each : formats) all += (all.empty() ? "" : ", ") + std::string{each};
    return refuse(Errc::usage, tr("\"{}\" cannot be read here; what can: {}. Nothing was changed.",
                                  {safe_text::line(format, quoted_columns_max), all}));
  }

  table_import::Options options;
  options.kind = &kind;
  options.mapping = mapping ? &*mapping : nullptr;
  options.owner = context.replica.identity().member;
  options.today = months::day_of(context.replica.now_ms());
  options.tongue = tongue(context.caller);
  const std::string separator = text(context.args, "separator");
  options.separator = separator.empty() ? '\0' : separator.front();
  for (const auto& [name, target] : {std::pair{"modulo", &options.modulo}, {"remainder", &options.remainder}, {"offset", &options.offset}}) {
    auto number = row_number(context.args, name);
    if (!number) return number.refusal();
    *target = *number;
  }
  auto read = format == "hsds"   ? hsds::read(*bytes, options)
              : format == "json" ? record_json::read(*bytes, options)
                                 : table_import::read(*bytes, options);
  if (!read.ok()) return wrong_rows(read, options.tongue);
  return read;
}

}  // namespace kiz::request

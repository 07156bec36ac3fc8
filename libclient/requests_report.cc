// Reports on request: the figures as JSON, and with "format" a finished CSV or HTML document beside them.

#include "libclient/field_text.h"
#include "libclient/months.h"
#include "libclient/references.h"
#include "libclient/refusals.h"
#include "libclient/reports.h"
#include "libclient/request_support.h"
#include "libclient/translate.h"
#include "libclient/xlsx.h"
#include "protocol/membership.h"

namespace kiz {
namespace {

using namespace request;

/// "audience": "internal" (default), "land", "public", or their German words; "protection": "on", "off" ("an", "aus").
Or<reports::Setting> setting_of(const RequestContext& context) {
  reports::Setting out;
  out.german = german(context.caller);
  const std::string audience = registry::fold(text(context.args, "audience"));
  if (audience == "land") {
    out.audience = reports::Audience::land;
  } else if (audience == "public" || audience == "oeffentlich") {
    out.audience = reports::Audience::open;
  } else if (!audience.empty() && audience != "internal" && audience != "intern") {
    return refuse(Errc::usage, tr("For whom: internal, land or public."));
  }
  const bool leaves = out.audience != reports::Audience::internal;
  const std::string protection = registry::fold(text(context.args, "protection"));
  const bool off = protection == "off" || protection == "aus", on = protection == "on" || protection == "an";
  if (!protection.empty() && !off && !on) return refuse(Errc::usage, tr("Protection is on or off."));
  if (off && leaves) {
    return refuse(Errc::usage, tr("What leaves the Kreis is always protected: numbers under 3 could name a person."));
  }
  out.protect = leaves || on;
  return out;
}

/// Adds {"document": {"format", "media_type", "file_name", "text"}} where "format" asks for one; a workbook has "content"
/// (base64) instead of "text".
std::optional<Refusal> add_document(const RequestContext& context, Reply& reply, const std::string& name) {
  const std::string format = text(context.args, "format");
  if (format.empty() || format == "text" || format == "json") return std::nullopt;
  const bool de = german(context.caller);
  if (format != "csv" && format != "html" && format != "xlsx") {
    return refuse(Errc::usage, tr("This report comes as text, csv, xlsx, html or json, not as {}.", {format}));
  }
  const std::string dialect = text(context.args, "dialect");
  if (!dialect.empty() && dialect != "de" && dialect != "international") {
    return refuse(Errc::usage, tr("The dialect is de or international."));
  }
  const reports::Table table = reports::table(reply.data, de);
  if (format == "xlsx") {
    const auto book = reports::to_xlsx(table);
    if (!book) return to_refusal(book.error());
    reply.data["document"] = {{"format", format}, {"media_type", xlsx::media_type}, {"file_name", name + ".xlsx"},
                              {"content", to_base64(*book)}};
    return std::nullopt;
  }
  reply.data["document"] = {
      {"format", format},
      {"media_type", format == "csv" ? "text/csv; charset=utf-8" : "text/html; charset=utf-8"},
      {"file_name", name + "." + format},
      {"text", format == "html" ? reports::to_html(table, de)
                                : reports::to_csv(table, dialect == "international" ? csv::international : csv::german)}};
  return std::nullopt;
}

/// What goes to the Land has no open question in it.
std::optional<Refusal> refuse_conflicts(const reports::Setting& setting, std::size_t conflicts) {
  if (setting.audience != reports::Audience::land || conflicts == 0) return std::nullopt;
  return refuse(Errc::conflict_open,
                trn("{} value is disputed. A report to the Land needs it settled first.",
                    "{} values are disputed. A report to the Land needs them settled first.", conflicts,
                    {std::to_string(conflicts)}),
                tr("kiz conflict list"));
}

Answer finish(RequestContext& context, Json report, const std::string& file_name) {
  Reply reply;
  reply.data = std::move(report);
  if (auto refused = add_document(context, reply, file_name)) return *refused;
  return reply;
}

/// report.month  {"month", "audience"?, "protection"?, "format"?, "dialect"?}   data: reports.h
Answer month_report(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto setting = setting_of(context);
  if (!setting) return setting.refusal();
  auto at = month(context, months::plus(months::month_of(context.replica.now_ms()), -1));
  if (!at) return at.refusal();
  std::size_t conflicts = 0;
  Json report = reports::month(context.replica, *at, *setting, conflicts);
  if (auto refused = refuse_conflicts(*setting, conflicts)) return *refused;
  return finish(context, std::move(report), "kiz-" + *at);
}

/// report.returns  {"month", "format"?, "dialect"?}   data: reports.h
Answer returns_report(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto at = month(context, months::plus(months::month_of(context.replica.now_ms()), -1));
  if (!at) return at.refusal();
  return finish(context, reports::returns(context.replica, *at), "kiz-returns-" + *at);
}

/// report.offers  {"member"?, "kind"?, "language"?, "all"?: bool, "audience"?, "format"?, "dialect"?}   data: reports.h
Answer offers_report(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto setting = setting_of(context);
  if (!setting) return setting.refusal();
  reports::OfferFilter filter;
  filter.all = flag(context.args, "all");
  if (const std::string given = text(context.args, "member"); !given.empty()) {
    auto one = member(context.replica, given);
    if (!one) return one.refusal();
    filter.member = one->id;
  }
  const registry::Kind& kind = *registry::find_kind(registry::kinds::offer);
  for (const auto& [name, number, into] :
       {std::tuple{"kind", registry::fields::offer::kind, &filter.kind},
        std::tuple{"language", registry::fields::offer::languages, &filter.language}}) {
    const std::string given = text(context.args, name);
    if (given.empty()) continue;
    const registry::Field& field = *registry::find_field(kind, number);
    const auto read = field_text::parse(field, given, tongue(context.caller));
    if (!read) return refuse(*read.wrong, context.caller);
    *into = field_text::show(field, read.value, field_text::Form::exchange);
  }
  std::size_t conflicts = 0;
  Json report = reports::offers(context.replica, filter, *setting, conflicts);
  if (auto refused = refuse_conflicts(*setting, conflicts)) return *refused;
  return finish(context, std::move(report), "kiz-offers");
}

/// report.consents  {"subject"?, "audience"?, "format"?, "dialect"?}   data: reports.h
Answer consents_report(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto setting = setting_of(context);
  if (!setting) return setting.refusal();
  std::string subject;
  if (const std::string given = text(context.args, "subject"); !given.empty()) {
    const auto found = references::find(context.replica, registry::kinds::consent_subject, given);
    if (!found) return to_refusal(found.error());
    subject = references::full_of(found->second);
  }
  std::size_t conflicts = 0;
  Json report = reports::consents(context.replica, subject, *setting, conflicts);
  if (auto refused = refuse_conflicts(*setting, conflicts)) return *refused;
  return finish(context, std::move(report), "kiz-consents");
}

}  // namespace

std::vector<RequestKind> report_requests() {
  return {{"report.month", LocalRole::read, month_report},
          {"report.returns", LocalRole::read, returns_report},
          {"report.offers", LocalRole::read, offers_report},
          {"report.consents", LocalRole::read, consents_report}};
}

}  // namespace kiz

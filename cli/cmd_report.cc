// kiz bericht: figures with their sources, on the screen or as a file.
#include "cli/commands.h"
#include "cli/exchange_file.h"
#include "cli/record_text.h"
#include "cli/report_text.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
Form& with_report_options(Form& form) {
  form.option("audience", "--fuer,--for", tr("READER"), tr("internal, land or public; outside numbers are protected"))
      .option("protection", "--schutz,--protect", "an|aus", tr("disclosure control on or off"));
  add_export_options(form, translatable("text (where not given), csv, xlsx, html or json"));
  return form;
}

// The file inside a report, as other answers have it.
Json with_file(Json envelope) {
  const auto data = envelope.find("data");
  if (data == envelope.end() || !data->contains("document")) return envelope;
  const Json& document = (*data)["document"];
  Json file{{"name", document.value("file_name", "")},
            {"type", document.value("media_type", "")},
            {"content", document.contains("content") ? text_of(document, "content") : to_base64(text_of(document, "text"))}};
  (*data)["file"] = std::move(file);
  return envelope;
}

int report(Shell& shell, const char* request, Json args, const Render& render) {
  const std::string target = text_of(args, "to"), format = text_of(args, "format");
  args.erase("to");
  if (format == "text" || format == "json") args.erase("format");
  if (format == "json") shell.globals.json = true;
  const Json envelope = with_file(shell.ask(request, args));
  bool done = false;
  const int exit = put_file(shell, request, envelope, target, done);
  return done ? exit : shell.print(envelope, render);
}

Run declare_month(Form& form) {
  form.operand("month", tr("MONTH"), tr("2026-10, 10/2026"));
  with_report_options(form);
  return [](Shell& shell, Json args) { return report(shell, "report.month", std::move(args), render_month_report); };
}

Run declare_returns(Form& form) {
  form.operand("month", tr("MONTH"), tr("2026-10, 10/2026"), Need::optional);
  with_report_options(form);
  return [](Shell& shell, Json args) { return report(shell, "report.returns", std::move(args), render_returns); };
}

Run declare_offers(Form& form) {
  form.option("member", "--gemeinde,--member", tr("TOWN"), tr("only those of this town"))
      .option("kind", "--art,--kind", tr("KIND"), tr("only this kind"))
      .option("language", "--sprache,--fuer-sprache,--language", tr("LANGUAGE"), tr("only those in this language"))
      .flag("all", "--alle,--all", tr("ended ones too"));
  with_report_options(form);
  return [](Shell& shell, Json args) { return report(shell, "report.offers", std::move(args), render_offer_report); };
}

Run declare_consents(Form& form) {
  form.option("subject", "--gegenstand,--subject", tr("REF"), tr("only this subject"));
  with_report_options(form);
  return [](Shell& shell, Json args) { return report(shell, "report.consents", std::move(args), render_consent_report); };
}
}  // namespace

std::vector<Command> report_commands() {
  return {{"bericht", "report", translatable("month, returns, offers, consents"), {"berichte", "reports"},
           nullptr,
           {{"meldestand", "returns", translatable("who has reported, who is late"), {}, declare_returns},
            {"monat", "month", translatable("the figures of a month"), {}, declare_month},
            {"angebote", "offers", translatable("offers by town and kind"), {}, declare_offers},
            {"einvernehmen", "consents", translatable("consents, with what is known and what is not"), {}, declare_consents}}}};
}

}  // namespace kiz::cli

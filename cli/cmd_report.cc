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
  form.option("for", "--fuer,--for", tr("READER"), tr("internal, state or public; outside numbers are protected"))
      .option("protect", "--schutz,--protect", "an|aus", tr("disclosure control on or off"));
  add_export_options(form);
  return form;
}

int report(Shell& shell, const char* request, Json args, const Render& render) {
  const std::string target = text_of(args, "to");
  args.erase("to");
  if (text_of(args, "format") == "text") args.erase("format");
  if (text_of(args, "format") == "json") {
    args.erase("format");
    shell.globals.json = true;
  }
  if (const auto word = text_of(args, "protect"); !word.empty()) {
    if (word != "an" && word != "on" && word != "aus" && word != "off") {
      throw UsageError{tr("\"{}\" is neither on nor off.", {word}), {}};
    }
    args["protect"] = word == "an" || word == "on";
  }
  const Json envelope = shell.ask(request, args);
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
      .option("language", "--fuer-sprache,--language", tr("LANGUAGE"), tr("only those in this language"));
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
  return {{"bericht", "report", translatable("reports: the month, who has reported, offers, consents"), {"berichte", "reports"},
           nullptr,
           {{"meldestand", "returns", translatable("who has reported, who is late"), {}, declare_returns},
            {"monat", "month", translatable("the figures of a month"), {}, declare_month},
            {"angebote", "offers", translatable("offers by town and kind"), {}, declare_offers},
            {"einvernehmen", "consents", translatable("consents, with what is known and what is not"), {}, declare_consents}}}};
}

}  // namespace kiz::cli

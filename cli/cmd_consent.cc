// kiz einvernehmen: what the towns agree to, and what they are asked.
#include "cli/commands.h"
#include "cli/exchange_file.h"
#include "cli/record_text.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
void render_subject(Output& out, const Json& subject) {
  out.line(text_of(subject, "ref") + "  " + text_of(subject, "title"), Style::bold);
  const Json summary = subject.value("summary", Json::object());
  std::string line = text_of(summary, "text");
  if (const auto by = text_of(subject, "wanted_by"); !by.empty()) line += tr(", wanted by {}", {shown_time(by)});
  if (!line.empty()) out.line(line, Style::plain, 2);
  std::vector<std::vector<std::string>> rows;
  for (const Json& member : list_of(subject, "members")) {
    std::string state = consent_word(text_of(member, "state"));
    if (member.contains("paper") && member["paper"].is_object()) {
      state += " " + tr("(on paper: {})", {consent_word(text_of(member["paper"], "state"))});
    }
    rows.push_back({member_label(member), state,
                    shown_time(text_of(member, "decided_on")), text_of(member, "reference")});
  }
  if (!rows.empty()) {
    out.table({{tr("Town"), false, 8}, {tr("State"), false, 8}, {tr("Decided on"), false, 10, true}, {tr("Reference"), false, 8}},
              rows);
  }
}

void render_subjects(Output& out, const Json& data) {
  const Json& subjects = list_of(data, "subjects");
  if (subjects.empty()) out.line(tr("No consent is asked for."));
  for (const Json& subject : subjects) render_subject(out, subject);
}

Form& with_subject(Form& form, bool shown = false) {
  return form.option("subject", "--gegenstand,--subject", tr("REF"),
                     shown ? tr("only this subject") : tr("what it is about, S-2F9; not needed where only one is open"));
}

Run declare_status(Form& form) {
  with_subject(form, true).option("member", "--gemeinde,--member", tr("TOWN"), tr("only this town"))
      .flag("all", "--alle,--all", tr("closed ones too"));
  return [](Shell& shell, Json args) { return shell.show("consent.status", args, render_subjects); };
}

Form& with_decision(Form& form) {
  return with_subject(form)
      .option("decided_on", "--beschluss,--decided,--decided-on", tr("DATE"), tr("day of the decision"))
      .option("decided_by", "--gremium,--body,--decided-by", tr("BODY"), tr("council, main committee or mayor"))
      .option("reference", "--aktenzeichen,--reference", tr("TEXT"), tr("number of the paper or file"))
      .option("signed_by_role", "--gezeichnet,--signed-by", tr("ROLE"), tr("function of who signs, no name"));
}

Render decided(const char* sentence) {
  return [sentence](Output& out, const Json& data) {
    const Json subject = data.value("subject", Json::object());
    out.line(tr(sentence, {named(text_of(subject, "ref"), text_of(subject, "title"))}), Style::good);
  };
}

int decide(Shell& shell, const char* request, Json args, const char* sentence) {
  if (const auto evidence = text_of(args, "evidence"); !evidence.empty()) {
    const auto bytes = read_file(evidence);
    if (!bytes) return shell.refuse(request, bytes.error());
    args["evidence"] = Json::array({digest_of(*bytes) + ":" + std::to_string(bytes->size()) + ":" +
                                    std::filesystem::path{evidence}.filename().string()});
  }
  return shell.show(request, args, decided(sentence));
}

Run declare_grant(Form& form) {
  with_decision(form)
      .option("conditions", "--auflagen,--conditions", tr("TEXT"), tr("granted with these conditions"))
      .option("conditions_met_on", "--auflagen-erfuellt,--conditions-met", tr("DATE"), tr("the conditions are met since"))
      .option("evidence", "--nachweis,--evidence", tr("FILE"), tr("the decision as a file"));
  return [](Shell& shell, Json args) {
    return decide(shell, "consent.grant", std::move(args), translatable("Granted: {}"));
  };
}

Run declare_refuse(Form& form) {
  with_decision(form)
      .option("reason", "--grund,--reason", tr("TEXT"), tr("why"))
      .option("evidence", "--nachweis,--evidence", tr("FILE"), tr("the decision as a file"));
  return [](Shell& shell, Json args) {
    return decide(shell, "consent.refuse", std::move(args), translatable("Refused: {}"));
  };
}

Run declare_withdraw(Form& form) {
  with_decision(form).option("reason", "--grund,--reason", tr("TEXT"), tr("why"));
  return [](Shell& shell, Json args) {
    if (!shell.confirmed(tr("Withdraw the consent?"))) return 1;
    return decide(shell, "consent.withdraw", std::move(args), translatable("Withdrawn: {}"));
  };
}

Run declare_deliberate(Form& form) {
  with_decision(form);
  return [](Shell& shell, Json args) {
    return decide(shell, "consent.deliberate", std::move(args), translatable("Under deliberation: {}"));
  };
}

Run declare_paper(Form& form) {
  form.operand("member", tr("TOWN"), tr("name or key of the town"))
      .operand("state", tr("STATE"), tr("granted (also where it is not given), refused or deliberating"), Need::optional);
  with_decision(form)
      .option("conditions", "--auflagen,--conditions", tr("TEXT"), tr("granted with these conditions"))
      .option("reason", "--grund,--reason", tr("TEXT"), tr("why"))
      .option("evidence", "--nachweis,--evidence", tr("FILE"), tr("the decision as a file"));
  return [](Shell& shell, Json args) {
    return decide(shell, "consent.paper", std::move(args),
                  translatable("Written down as the Kreis's word: {}. It counts once the town has confirmed it."));
  };
}

Run declare_confirm(Form& form) {
  with_subject(form);
  return [](Shell& shell, Json args) {
    if (!shell.confirmed(tr("Say yourselves what the Kreis got on paper?"))) return 1;
    return decide(shell, "consent.confirm_paper", std::move(args), translatable("Confirmed as your own decision: {}"));
  };
}

Run declare_history(Form& form) {
  with_subject(form, true).option("member", "--gemeinde,--member", tr("TOWN"), tr("of this town"));
  return [](Shell& shell, Json args) {
    return shell.show("consent.history", args, [](Output& out, const Json& data) {
      const Json subject = data.value("subject", Json::object());
      out.line(text_of(subject, "title") + ", " + member_label(data), Style::bold);
      render_history(out, "consent", data);
    });
  };
}

Run declare_subject_new(Form& form) {
  form.option("kind", "--art,--kind", tr("KIND"), tr("shape, concept, state_project or cost_sharing"))
      .option("title", "--titel,--title", tr("TEXT"), tr("what it is called"))
      .option("description", "--beschreibung,--description", tr("TEXT"), tr("what it is about"))
      .option("version", "--fassung,--text-version", tr("TEXT"), tr("which version of the text"))
      .option("file", "--datei,--file", tr("FILE"), tr("the text that consent is given to; its digest is kept"))
      .option("asked", "--gefragt,--asked", tr("TOWNS"), tr("who is asked, with commas; else all towns"), true)
      .option("wanted_by", "--bis,--wanted-by", tr("DATE"), tr("when the answer is wanted"))
      .flag("required", "--erforderlich,--required", tr("without it the centre cannot be funded"));
  with_subject(form);
  return [](Shell& shell, Json args) {
    const bool again = args.contains("subject");
    if (!again && !args.contains("kind")) args["kind"] = shell.prompt(tr("Kind (shape, concept, state project, cost sharing)"));
    if (!again && !args.contains("title")) args["title"] = shell.prompt(tr("Title"));
    if (!args.contains("file")) args["file"] = shell.prompt(tr("File with the text"));
    const std::string path = text_of(args, "file");
    const auto bytes = read_file(path);
    if (!bytes) return shell.refuse("consent.subject_new", bytes.error());
    args.erase("file");
    args["digest"] = digest_of(*bytes);
    args["size"] = bytes->size();
    args["file_name"] = std::filesystem::path{path}.filename().string();
    if (args.contains("asked")) args["asked"] = split_at_commas(args["asked"]);
    return shell.show("consent.subject_new", args, [](Output& out, const Json& data) {
      const Json subject = data.value("subject", Json::object());
      out.line(tr("Consent is asked for: {}", {text_of(data, "ref") + " " + text_of(subject, "title")}));
    });
  };
}

Run declare_subject_list(Form& form) {
  form.flag("all", "--alle,--all", tr("closed ones too"));
  return [](Shell& shell, Json args) {
    return shell.show("consent.subject_list", args, [](Output& out, const Json& data) {
      std::vector<std::vector<std::string>> rows;
      for (const Json& subject : list_of(data, "subjects")) {
        rows.push_back({text_of(subject, "ref"), text_of(subject, "title"), text_of(subject.value("summary", Json::object()), "text"),
                        shown_time(text_of(subject, "wanted_by")), shown_time(text_of(subject, "closed_on"))});
      }
      if (rows.empty()) return out.line(tr("None."));
      out.table({{tr("Ref"), false, 4, true},
                 {tr("Title"), false, 12},
                 {tr("State"), false, 12},
                 {tr("wanted by"), false, 10, true},
                 {tr("closed"), false, 6, true}},
                rows);
    });
  };
}

Run declare_subject_close(Form& form) {
  form.operand("subject", tr("REF"), tr("the subject, S-2F9"), Need::optional);
  return [](Shell& shell, Json args) {
    return shell.show("consent.subject_close", args, decided(translatable("Closed: {}")));
  };
}
}  // namespace

std::vector<Command> consent_commands() {
  return {
      {"einvernehmen", "consent", translatable("what the towns agree to"), {"consents"}, nullptr,
       {{"status", "status", translatable("who agreed to what"), {"stand"}, declare_status},
        {"erteilen", "grant", translatable("agree, with the decision"), {}, declare_grant},
        {"verweigern", "refuse", translatable("do not agree"), {}, declare_refuse},
        {"zuruecknehmen", "withdraw", translatable("take a consent back"), {}, declare_withdraw},
        {"beraten", "deliberate", translatable("it is being discussed"), {}, declare_deliberate},
        {"verlauf", "history", translatable("who changed what, and when"), {}, declare_history},
        {"bestaetigen", "confirm", translatable("say yourselves what the Kreis got on paper"), {}, declare_confirm},
        {"papier", "paper", translatable("Kreis: write down what a town decided on paper"), {}, declare_paper},
        {"gegenstand", "subject", translatable("Kreis: what consent is asked for"), {}, nullptr,
         {{"liste", "list", translatable("all subjects"), {}, declare_subject_list},
          {"neu", "new", translatable("ask for consent"), {}, declare_subject_new},
          {"schliessen", "close", translatable("no more answers are wanted"), {}, declare_subject_close}}}}},
  };
}

}  // namespace kiz::cli

// kiz einvernehmen: what the towns agree to, and what they are asked.
#include "cli/commands.h"
#include "cli/exchange_file.h"
#include "cli/record_text.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
std::string state_word(const Json& consent) {
  if (const auto label = text_of(consent, "label"); !label.empty()) return label;
  const std::string state = text_of(consent, "state");
  if (state == "disputed") return tr("disputed");
  if (state == "asked") return tr("asked");
  if (state == "open") return tr("open");
  if (state == "superseded") return tr("superseded");
  return field_text("consent", "state", state);
}

void render_subject(Output& out, const Json& subject) {
  out.line(text_of(subject, "ref") + "  " + text_of(subject, "title"), Style::bold);
  std::string figures;
  const auto add = [&](const char* key, const std::string& label) {
    const Json value = subject.value(key, Json{});
    if (!value.is_number()) return;
    figures += (figures.empty() ? "" : ", ") + plain(value) + " " + label;
  };
  add("granted", tr("granted"));
  add("granted_with_conditions", tr("granted with conditions"));
  add("disputed", tr("disputed"));
  add("refused", tr("refused"));
  add("open", tr("open"));
  const Json asked = subject.value("asked", Json{});
  const std::string of = asked.is_number() ? plain(asked) : std::to_string(list_of(subject, "asked").size());
  if (!figures.empty()) out.line(tr("of {} asked: {}", {of, figures}), Style::plain, 2);
  if (const auto by = text_of(subject, "wanted_by"); !by.empty()) out.line(tr("wanted by {}", {shown_time(by)}), Style::plain, 2);
  std::vector<std::vector<std::string>> rows;
  for (const Json& member : list_of(subject, "members")) {
    rows.push_back({text_of(member, "name").empty() ? member_label(member) : text_of(member, "name"), state_word(member),
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
                     shown ? tr("only this subject") : tr("what it is about, E-1; not needed where only one is open"));
}

Run declare_status(Form& form) {
  with_subject(form, true).option("member", "--gemeinde,--member", tr("TOWN"), tr("only this town"));
  return [](Shell& shell, Json args) { return shell.show("consent.status", args, render_subjects); };
}

Form& with_decision(Form& form) {
  return with_subject(form)
      .option("decided_on", "--beschluss,--decided-on", tr("DATE"), tr("day of the decision"))
      .option("decided_by", "--gremium,--decided-by", tr("BODY"), tr("council, main committee or mayor"))
      .option("reference", "--aktenzeichen,--reference", tr("TEXT"), tr("number of the paper or file"))
      .option("signed_by_role", "--gezeichnet,--signed-by", tr("ROLE"), tr("function of who signs, no name"));
}

Render decided(const char* sentence) {
  return [sentence](Output& out, const Json& data) {
    std::string subject = text_of(data, "ref").empty() ? text_of(data, "subject") : text_of(data, "ref");
    if (const auto title = text_of(data, "title"); !title.empty()) subject += " \"" + title + "\"";
    out.line(tr(sentence, {subject}), Style::good);
  };
}

int decide(Shell& shell, const char* request, Json args, const char* sentence) {
  if (const auto evidence = text_of(args, "evidence"); !evidence.empty()) {
    Json file{{"file", evidence}};
    int refusal = 0;
    if (!take_file(shell, request, file, refusal)) return refusal;
    args["evidence"] = file;
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

Run declare_history(Form& form) {
  with_subject(form, true).option("member", "--gemeinde,--member", tr("TOWN"), tr("of this town"));
  return [](Shell& shell, Json args) {
    return shell.show("consent.history", args, [](Output& out, const Json& data) { render_history(out, "consent", data); });
  };
}

Run declare_subject_new(Form& form) {
  form.option("kind", "--art,--kind", tr("KIND"), tr("shape, concept, state_project or cost_sharing"))
      .option("title", "--titel,--title", tr("TEXT"), tr("what it is called"))
      .option("description", "--beschreibung,--description", tr("TEXT"), tr("what it is about"))
      .option("file", "--datei,--file", tr("FILE"), tr("the text that consent is given to; its digest is kept"))
      .option("asked", "--gefragt,--asked", tr("TOWNS"), tr("who is asked, with commas; else all towns"), true)
      .option("wanted_by", "--bis,--wanted-by", tr("DATE"), tr("when the answer is wanted"));
  return [](Shell& shell, Json args) {
    if (!args.contains("kind")) args["kind"] = shell.prompt(tr("Kind (shape, concept, state project, cost sharing)"));
    if (!args.contains("title")) args["title"] = shell.prompt(tr("Title"));
    int refusal = 0;
    if (args.contains("file") && !take_file(shell, "subject.new", args, refusal)) return refusal;
    if (args.contains("asked")) {
      Json towns = Json::array();
      for (const Json& word : args["asked"]) {
        const std::string list = word.get<std::string>();
        for (std::size_t from = 0; from <= list.size();) {
          const std::size_t to = std::min(list.find(',', from), list.size());
          if (to > from) towns.push_back(list.substr(from, to - from));
          from = to + 1;
        }
      }
      args["asked"] = towns;
    }
    return shell.show("subject.new", args, [](Output& out, const Json& data) {
      out.line(tr("Consent is asked for: {}", {text_of(data, "ref") + " " + text_of(data, "title")}));
    });
  };
}

Run declare_subject_list(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("subject.list", args, [](Output& out, const Json& data) {
      std::vector<std::vector<std::string>> rows;
      for (const Json& subject : list_of(data, "subjects")) {
        rows.push_back({text_of(subject, "ref"), text_of(subject, "title"),
                        field_text("consent_subject", "kind", subject.value("kind", Json{})),
                        shown_time(text_of(subject, "wanted_by")), shown_time(text_of(subject, "closed_on"))});
      }
      if (rows.empty()) return out.line(tr("None."));
      out.table({{tr("Ref"), false, 4, true},
                 {tr("Title"), false, 12},
                 {tr("Kind"), false, 8},
                 {tr("wanted by"), false, 10, true},
                 {tr("closed"), false, 6, true}},
                rows);
    });
  };
}

Run declare_subject_close(Form& form) {
  form.operand("ref", tr("REF"), tr("the subject, E-1"));
  return [](Shell& shell, Json args) {
    return shell.show("subject.close", args, [](Output& out, const Json& data) {
      out.line(tr("Closed: {}", {text_of(data, "ref")}));
    });
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
        {"gegenstand", "subject", translatable("Kreis: what consent is asked for"), {}, nullptr,
         {{"liste", "list", translatable("all subjects"), {}, declare_subject_list},
          {"neu", "new", translatable("ask for consent"), {}, declare_subject_new},
          {"schliessen", "close", translatable("no more answers are wanted"), {}, declare_subject_close}}}}},
  };
}

}  // namespace kiz::cli

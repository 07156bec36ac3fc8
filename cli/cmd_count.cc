// kiz zahlen: the figures of a month, by measure and group; and what the Kreis does with a town's month.
#include "cli/commands.h"
#include "cli/exchange_file.h"
#include "cli/record_text.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz::cli {

namespace {
const registry::Kind& count_kind() { return *registry::find_kind(registry::kinds::count); }

std::string measure_label(const std::string& measure) {
  for (const auto& part : count_kind().key) {
    if (part.name != "measure") continue;
    if (const auto* word = registry::find_value(part.values, measure)) {
      return std::string{language() == "de" ? word->label_de : word->label_en};
    }
  }
  return measure;
}

// "Grundschule, 6-9" of {"school_type": "grundschule", "age_band": "6-9"}
std::string dimensions_label(const Json& cell) {
  const Json dimensions = cell.value("dimensions", Json::object());
  if (!dimensions.is_object()) return plain(dimensions);
  std::string label;
  for (const auto& [name, value] : dimensions.items()) {
    std::string text = plain(value);
    if (text.empty() || text == "*") continue;
    for (const auto& part : count_kind().key) {
      if (part.name != name || part.values.empty()) continue;
      if (const auto* word = registry::find_value(part.values, text)) {
        text = std::string{language() == "de" ? word->label_de : word->label_en};
      }
    }
    label += (label.empty() ? "" : ", ") + text;
  }
  return label;
}

std::string value_label(const Json& cell) {
  if (is_true(cell, "unknown")) return tr("cannot be stated");
  const Json& values = list_of(cell, "values");
  if (values.size() > 1) {
    std::string all;
    for (const Json& value : values) all += (all.empty() ? "" : " / ") + plain(value.is_object() ? value.value("value", Json{}) : value);
    return all + tr(" (disputed)");
  }
  for (const char* key : {"value", "tally"}) {
    const Json value = cell.value(key, Json{});
    if (value.is_number_integer()) return shown_number(value.get<std::int64_t>());
    if (!value.is_null()) return plain(value);
  }
  return tr("(empty)");
}

void render_cells(Output& out, const Json& cells) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& cell : cells) {
    rows.push_back({measure_label(text_of(cell, "measure")), dimensions_label(cell), value_label(cell), member_label(cell)});
  }
  out.table({{tr("Measure"), false, 12}, {tr("Group"), false, 10}, {tr("Number"), true, 6, true}, {tr("Member"), false, 6}}, rows);
}

void render_month(Output& out, const Json& data) {
  const std::string month = text_of(data, "month");
  out.line(month.empty() ? text_of(data, "year") : shown_month(month), Style::bold);
  if (const Json state = data.value("return", Json{}); state.is_object()) {
    const auto label = text_of(state, "label");
    out.line(label.empty() ? text_of(state, "state") : label);
  }
  const Json& cells = list_of(data, "cells");
  if (cells.empty()) {
    out.line(tr("Nothing entered."));
  } else {
    render_cells(out, cells);
  }
}

Json counts_of(const Json& words) {
  Json values = Json::array();
  for (const Json& word : words) values.push_back(count_of(word.get<std::string>()));
  return values;
}

Form& with_month(Form& form, Need need = Need::required) {
  return form.operand("month", tr("MONTH"), tr("2026-10, 10/2026"), need);
}

void render_entered(Output& out, const Json& data) {
  const auto entered = data.contains("entered") && data["entered"].is_number() ? number_of(data, "entered")
                                                                               : static_cast<std::int64_t>(list_of(data, "cells").size());
  out.line(trn("{} figure entered for {}.", "{} figures entered for {}.", static_cast<unsigned long>(entered),
               {shown_month(text_of(data, "month"))}));
}

Json ask_for_counts(Shell& shell) {
  Json values = Json::array();
  for (;;) {
    const std::string word = shell.prompt(tr("Figure, for example arrived=6 (nothing: done)"));
    if (word.empty()) return values;
    values.push_back(count_of(word));
  }
}

Run declare_enter(Form& form) {
  with_month(form)
      .operand("values", tr("MEASURE=NUMBER"), tr("arrived:school_type=grundschule,age_band=6-9=6"), Need::many)
      .option("scope", "--bereich,--scope", tr("SCOPE"), tr("which part of the town or which form these figures are of"))
      .option("note", "--bemerkung,--note", tr("TEXT"), tr("a remark, without names"))
      .option("scope_note", "--einschraenkung,--scope-note", tr("TEXT"), tr("what these figures leave out"))
      .option("unknown", "--keine-angabe,--unknown", tr("MEASURE"), tr("this cannot be stated; that is not 0"), true);
  return [](Shell& shell, Json args) {
    args["values"] = args.contains("values") ? counts_of(args["values"]) : Json::array();
    if (args.contains("unknown")) {
      Json unknown = Json::array();
      for (const Json& word : args["unknown"]) {
        Json one = count_of(word.get<std::string>() + "=0");
        one.erase("text");
        unknown.push_back(one);
      }
      args["unknown"] = unknown;
    } else if (args["values"].empty()) {
      args["values"] = ask_for_counts(shell);
    }
    return shell.show("counts.enter", args, render_entered);
  };
}

Run declare_tally(Form& form) {
  with_month(form)
      .operand("measure", tr("MEASURE"), tr("counselled, or counselled:school_type=grundschule"))
      .operand("by", "+N|-N", tr("how many strokes; 1 where it is not given"), Need::optional);
  return [](Shell& shell, Json args) {
    const Json what = count_of(text_of(args, "measure") + "=" + (args.contains("by") ? text_of(args, "by") : "1"));
    std::int64_t by = 0;
    try {
      by = std::stoll(what["text"].get<std::string>());
    } catch (const std::exception&) {
      throw UsageError{tr("\"{}\" is not a whole number ({}).", {text_of(args, "by"), "+N|-N"}), {}};
    }
    args["measure"] = what["measure"];
    args["dimensions"] = what["dimensions"];
    args["by"] = by;
    return shell.show("counts.tally", args, [](Output& out, const Json& data) {
      out.line(measure_label(text_of(data, "measure")) + ", " + shown_month(text_of(data, "month")) + ": " + text_of(data, "tally"));
    });
  };
}

Run declare_show(Form& form) {
  with_month(form, Need::optional)
      .option("year", "--jahr,--year", tr("YEAR"), tr("a year or school year: 2026, 2025/26"))
      .option("member", "--gemeinde,--member", tr("TOWN"), tr("only those of this town"));
  return [](Shell& shell, Json args) { return shell.show("counts.show", args, render_month); };
}

Run declare_missing(Form& form) {
  with_month(form, Need::optional);
  return [](Shell& shell, Json args) {
    return shell.show("counts.missing", args, [](Output& out, const Json& data) {
      const Json &cells = list_of(data, "cells"), &members = list_of(data, "members"), &missing = list_of(data, "missing");
      out.line(shown_month(text_of(data, "month")), Style::bold);
      if (cells.empty() && members.empty() && missing.empty()) out.line(tr("Nothing is missing."), Style::good);
      for (const Json& measure : missing) out.line(measure_label(plain(measure)), Style::plain, 2);
      for (const Json& cell : cells) {
        const std::string group = dimensions_label(cell);
        out.line((cell.is_object() ? measure_label(text_of(cell, "measure")) : measure_label(plain(cell))) +
                     (group.empty() ? "" : ", " + group), Style::plain, 2);
      }
      for (const Json& member : members) {
        const std::string name = text_of(member, "name");
        out.line(name.empty() ? plain(member) : name + ": " + text_of(member, "label"), Style::plain, 2);
      }
    });
  };
}

Render month_state(const char* sentence) {
  return [sentence](Output& out, const Json& data) {
    const std::string who = text_of(data, "name").empty() ? member_label(data) : text_of(data, "name");
    out.line(tr(sentence, {shown_month(text_of(data, "month")), who}));
  };
}

Run declare_close(Form& form) {
  with_month(form).option("explanation", "--erlaeuterung,--explanation", tr("TEXT"), tr("a remark for the Kreis"));
  return [](Shell& shell, Json args) {
    return shell.show("counts.close", args, month_state(translatable("{} is reported.")));
  };
}

Run declare_import(Form& form) {
  add_import_options(form);
  form.option("month", "--monat,--month", tr("MONTH"), tr("the month, where the file does not say it"));
  return [](Shell& shell, Json args) { return import_file(shell, "counts.import", std::move(args)); };
}

Run declare_export(Form& form) {
  form.option("month", "--monat,--month", tr("MONTH"), tr("only this month"))
      .option("year", "--jahr,--year", tr("YEAR"), tr("only this year"))
      .option("member", "--gemeinde,--member", tr("TOWN"), tr("only those of this town"));
  add_export_options(form);
  return [](Shell& shell, Json args) { return export_file(shell, "counts.export", std::move(args)); };
}

Form& with_town_and_month(Form& form) {
  form.operand("member", tr("TOWN"), tr("name or key of the town"));
  return with_month(form);
}

Run declare_query(Form& form) {
  with_town_and_month(form).operand("text", tr("TEXT"), tr("what is asked"), Need::some);
  return [](Shell& shell, Json args) {
    std::string text;
    for (const Json& word : args["text"]) text += (text.empty() ? "" : " ") + word.get<std::string>();
    args["text"] = text;
    return shell.show("counts.query", args, month_state(translatable("Asked about {}: {}.")));
  };
}

Run of_town(const char* request, const char* sentence) {
  return [=](Shell& shell, Json args) { return shell.show(request, args, month_state(sentence)); };
}

Run declare_accept(Form& form) {
  with_town_and_month(form);
  return of_town("counts.accept", translatable("Accepted: {} of {}."));
}

Run declare_lock(Form& form) {
  with_town_and_month(form);
  return of_town("counts.lock", translatable("Locked: {} of {}."));
}

Run declare_reopen(Form& form) {
  with_town_and_month(form).option("reason", "--grund,--reason", tr("TEXT"), tr("why it is opened again"));
  return [](Shell& shell, Json args) {
    if (!args.contains("reason")) args["reason"] = shell.prompt(tr("Reason"));
    return shell.show("counts.reopen", args, month_state(translatable("Opened again: {} of {}.")));
  };
}

Run declare_paper(Form& form) {
  with_town_and_month(form).operand("values", tr("MEASURE=NUMBER"), tr("as the town wrote them on paper"), Need::some);
  return [](Shell& shell, Json args) {
    args["values"] = counts_of(args["values"]);
    return shell.show("counts.paper", args, month_state(translatable("Entered from paper: {} of {}.")));
  };
}
}  // namespace

std::vector<Command> count_commands() {
  return {
      {"zahlen", "counts", translatable("figures by month: newcomers, counselling, school places"), {"zahl", "count"}, nullptr,
       {{"zeigen", "show", translatable("what was entered"), {}, declare_show},
        {"eintragen", "enter", translatable("enter figures of a month"), {}, declare_enter},
        {"strich", "tally", translatable("one more stroke on the tally"), {}, declare_tally},
        {"fehlend", "missing", translatable("what is still missing"), {}, declare_missing},
        {"abschliessen", "close", translatable("report the month to the Kreis"), {}, declare_close},
        {"importieren", "import", translatable("take in a file"), {}, declare_import},
        {"exportieren", "export", translatable("write a file"), {}, declare_export},
        {"rueckfrage", "query", translatable("Kreis: ask a town about its month"), {}, declare_query},
        {"annehmen", "accept", translatable("Kreis: accept a town's month"), {}, declare_accept},
        {"sperren", "lock", translatable("Kreis: lock a town's month"), {}, declare_lock},
        {"oeffnen", "reopen", translatable("Kreis: open a locked month again"), {}, declare_reopen},
        {"papier", "paper", translatable("Kreis: enter what a town sent on paper"), {}, declare_paper}}},
  };
}

}  // namespace kiz::cli

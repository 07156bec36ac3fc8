// kiz zahlen: the figures of a month, by measure and group; and what the Kreis does with a town's month.
#include <charconv>

#include "cli/commands.h"
#include "cli/count_text.h"
#include "cli/exchange_file.h"
#include "cli/record_text.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "cli/vocabulary.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
Form& with_month(Form& form, Need need = Need::required) {
  return form.operand("month", tr("MONTH"), tr("2026-10, 10/2026"), need);
}

Form& with_remarks(Form& form) {
  return form.option("stock_day", "--stichtag,--stock-day", tr("DATE"), tr("the day that stocks are of"))
      .option("scope_note", "--einschraenkung,--scope-note", tr("TEXT"), tr("what these figures leave out"))
      .option("note", "--bemerkung,--note", tr("TEXT"), tr("a remark, without names"))
      .option("parent", "--enthalten-in,--parent", tr("TEXT"), tr("these figures are part of that row, and not added"));
}

Json ask_for_cells(Shell& shell) {
  Json cells = Json::array();
  for (;;) {
    const std::string word = shell.prompt(tr("Figure, for example arrived=6 (nothing: done)"));
    if (word.empty()) return cells;
    cells.push_back(word);
  }
}

Run declare_enter(Form& form) {
  with_month(form)
      .operand("cells", tr("MEASURE=NUMBER"), tr("arrived:school_type=grundschule,age_band=6-9=6"), Need::many)
      .option("unknown", "--keine-angabe,--unknown", tr("MEASURE"), tr("this cannot be stated; that is not 0"), true)
      .terms(terms_of_counts);
  with_remarks(form);
  return [](Shell& shell, Json args) {
    if (!args.contains("cells")) args["cells"] = args.contains("unknown") ? Json::array() : ask_for_cells(shell);
    if (args.contains("unknown")) {
      for (const Json& cell : args["unknown"]) args["cells"].push_back(cell.get<std::string>() + "=?");
      args.erase("unknown");
    }
    return shell.show("count.enter", args, render_entered);
  };
}

Run declare_tally(Form& form) {
  with_month(form)
      .operand("cell", tr("MEASURE"), tr("counselled, or counselled:school_type=grundschule"))
      .operand("by", "+N|-N", tr("how many strokes; 1 where it is not given"), Need::optional)
      .terms(terms_of_counts);
  return [](Shell& shell, Json args) {
    if (args.contains("by")) {
      std::string word = text_of(args, "by");
      const std::size_t sign = word.starts_with('+') ? 1 : 0;
      std::int64_t by = 0;
      const auto [end, wrong] = std::from_chars(word.data() + sign, word.data() + word.size(), by);
      if (wrong != std::errc{} || end != word.data() + word.size()) {
        throw UsageError{tr("\"{}\" is not a whole number ({}).", {word, "+N|-N"}), {}};
      }
      args["by"] = by;
    }
    return shell.show("count.tally", args, [](Output& out, const Json& data) {
      for (const Json& count : list_of(data, "counts")) {
        out.line(count_label(count) + ", " + shown_month(text_of(data, "month")) + ": " + count_value(count));
      }
    });
  };
}

Run declare_show(Form& form) {
  with_month(form, Need::optional)
      .option("year", "--jahr,--year", tr("YEAR"), tr("a year or school year: 2026, 2025/26"))
      .option("member", "--gemeinde,--member", tr("TOWN"), tr("only those of this town"))
      .option("measure", "--messgroesse,--measure", tr("MEASURE"), tr("only this measure"));
  return [](Shell& shell, Json args) { return shell.show("count.show", args, render_counts); };
}

Run declare_missing(Form& form) {
  with_month(form, Need::optional);
  return [](Shell& shell, Json args) { return shell.show("count.missing", args, render_missing); };
}

Run declare_close(Form& form) {
  with_month(form).option("explanation", "--erlaeuterung,--explanation", tr("TEXT"), tr("a remark for the Kreis"));
  return [](Shell& shell, Json args) { return shell.show("count.close", args, render_month_states); };
}

Run declare_import(Form& form) {
  add_import_options(form);
  form.option("month", "--monat,--month", tr("MONTH"), tr("the month, where the file does not say it"));
  return [](Shell& shell, Json args) { return import_file(shell, "count.import", std::move(args)); };
}

Run declare_export(Form& form) {
  form.option("month", "--monat,--month", tr("MONTH"), tr("only this month"))
      .option("year", "--jahr,--year", tr("YEAR"), tr("only this year"))
      .option("member", "--gemeinde,--member", tr("TOWN"), tr("only those of this town"));
  add_export_options(form, translatable("csv (where not given), xlsx or json"));
  return [](Shell& shell, Json args) { return export_file(shell, "count.export", std::move(args)); };
}

Form& with_town_and_month(Form& form) {
  form.operand("member", tr("TOWN"), tr("name or key of the town"));
  return with_month(form);
}

Run declare_query(Form& form) {
  with_town_and_month(form)
      .operand("text", tr("TEXT"), tr("what is asked"), Need::some)
      .option("cells", "--zu,--about", tr("MEASURE"), tr("which figures it is about"), true);
  return [](Shell& shell, Json args) {
    std::string text;
    for (const Json& word : args["text"]) text += (text.empty() ? "" : " ") + word.get<std::string>();
    args["text"] = text;
    return shell.show("count.query", args, render_month_states);
  };
}

// Town and month may come in either order, and the month alone means all towns.
Run of_towns(const char* request) {
  return [request](Shell& shell, Json args) {
    if (!args.contains("month")) {
      args["month"] = text_of(args, "member");
      args.erase("member");
    }
    return shell.show(request, args, render_month_states);
  };
}

Form& with_towns_and_month(Form& form) {
  return form.operand("member", tr("[TOWN]"), tr("name or key of the town; without it all that have reported"))
      .operand("month", tr("MONTH"), tr("2026-10, 10/2026"), Need::optional);
}

Run declare_accept(Form& form) {
  with_towns_and_month(form);
  return of_towns("count.accept");
}

Run declare_lock(Form& form) {
  with_towns_and_month(form);
  return of_towns("count.lock");
}

Run declare_reopen(Form& form) {
  with_town_and_month(form).option("reason", "--grund,--reason", tr("TEXT"), tr("why it is opened again"));
  return [](Shell& shell, Json args) {
    if (!args.contains("reason")) args["reason"] = shell.prompt(tr("Reason"));
    return shell.show("count.reopen", args, render_month_states);
  };
}

Run declare_paper(Form& form) {
  with_town_and_month(form).operand("cells", tr("MEASURE=NUMBER"), tr("as the town wrote them on paper"), Need::some);
  with_remarks(form);
  return [](Shell& shell, Json args) { return shell.show("count.paper", args, render_entered); };
}
}  // namespace

std::vector<Command> count_commands() {
  return {
      {"zahlen", "counts", translatable("monthly figures: newcomers, counselling, school"), {"zahl", "count"}, nullptr,
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

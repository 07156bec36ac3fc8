// kiz datenschutz: what may not be kept any longer, the archive's say in it, and how far it has gone.
#include "cli/cmd_privacy.h"

#include "cli/exchange_file.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {

std::string due_word(const std::string& what) {
  if (what == "contacts") return tr("contact data, two years after the offer ended");
  if (what == "actors") return tr("names of acting persons, after three years");
  if (what == "consents") return tr("consent on a subject that is closed; kept for good");
  return tr("numbers, after ten years");
}

std::string place_of(const Json& place) {
  const std::string record = text_of(place, "record_ref");
  return record.empty() ? text_of(place, "space") : record;
}

/// What a person types to have it erased.
std::string erase_words(const Json& due) {
  if (text_of(due, "what") != "actors") return tr("kiz erasure request {} --reason retention", {text_of(due, "record_ref")});
  const std::string space = text_of(due, "space");
  const auto from = space.find('/') + 1;
  return tr("kiz erasure request --names {} --reason retention", {space.substr(from, space.find('/', from) - from)});
}

std::string standing_word(const Json& due) {
  const std::string state = text_of(due, "state"), offer = text_of(due, "offer"), archive = text_of(due, "archive");
  if (state == "due") return tr("not offered to the archive yet: kiz privacy offer");
  if (state == "offered") return tr("{}: offered to {}, answer due by {}", {offer, archive, shown_time(text_of(due, "decide_by"))});
  if (state == "ordered") return tr("to be erased: kiz erasure execute {}", {text_of(due, "order")});
  if (state == "taken") return tr("{}: taken over by {}. Now: {}", {offer, archive, erase_words(due)});
  if (state == "declined") return tr("{}: declined by {}. Now: {}", {offer, archive, erase_words(due)});
  return tr("{}: no answer of {} in its time. Now: {}", {offer, archive, erase_words(due)});
}

Run declare_due(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("privacy.due", args, [](Output& out, const Json& data) {
      const Json& due = list_of(data, "due");
      if (due.empty()) out.line(tr("No retention period is over."), Style::good);
      for (const Json& one : due) {
        out.line(place_of(one) + "  " + due_word(text_of(one, "what")) + ", " +
                 trn("{} value", "{} values", static_cast<unsigned long>(number_of(one, "values"))));
        out.line(standing_word(one), Style::dim, 2);
      }
    });
  };
}

std::string answer_word(const std::string& answer) {
  if (answer == "taken") return tr("taken over");
  return answer == "declined" ? tr("declined") : tr("no answer yet");
}

void render_offer(Output& out, const Json& offer) {
  out.line(text_of(offer, "ref") + "  " + text_of(offer, "archive"), Style::bold);
  out.pair(tr("Offered"), shown_time(text_of(offer, "offered")), 14);
  out.pair(tr("Term"), tr("until {}", {shown_time(text_of(offer, "decide_by"))}), 14);
  const std::string on = text_of(offer, "answered_on");
  out.pair(tr("Answer"), answer_word(text_of(offer, "answer")) + (on.empty() ? "" : ", " + shown_time(on)), 14);
  for (const Json& item : list_of(offer, "items")) {
    const std::string title = text_of(item, "title"), answer = text_of(item, "answer");
    std::string line = place_of(item) + (title.empty() ? "" : "  " + title);
    if (answer != text_of(offer, "answer")) line += ": " + answer_word(answer);
    out.line(line, Style::plain, 2);
  }
}

/// Asks, writes the listing where a file was named, and shows the offer.
int show_offer(Shell& shell, const std::string& request, Json args, const Render& render) {
  const std::string target = text_of(args, "to");
  args.erase("to");
  if (!target.empty()) args["format"] = target.ends_with(".json") ? "json" : "csv";
  const Json envelope = shell.ask(request, args);
  if (target.empty()) return shell.print(envelope, render);
  bool done = false;
  const int exit = put_file(shell, request, envelope, target, done);
  if (!done) return shell.print(envelope, render);
  if (exit == 0 && !shell.globals.json) render(shell.out, envelope["data"]);
  return exit;
}

Run declare_offer(Form& form) {
  form.option("archive", "--archiv,--archive", tr("NAME"), tr("the archive that answers for you; where not given, that of the last offer"))
      .number("months", "--monate,--months", "N", tr("months that it has to answer (6)"))
      .option("to", "--datei,--file", tr("FILE"), tr("write the listing for the archive here: .csv or .json"));
  return [](Shell& shell, Json args) {
    return show_offer(shell, "privacy.offer", std::move(args), [](Output& out, const Json& data) {
      if (data["offer"].is_object()) render_offer(out, data["offer"]);
      else out.line(trn("{} item would be offered.", "{} items would be offered.", static_cast<unsigned long>(number_of(data, "items"))));
      if (const auto more = number_of(data, "left_over"); more > 0) {
        out.line(trn("{} more is due; offer again for it.", "{} more are due; offer again for them.", static_cast<unsigned long>(more)));
      }
    });
  };
}

Run declare_archive(Form& form) {
  form.operand("ref", tr("REF"), tr("the offer AB-..."))
      .operand("answer", tr("ANSWER"), tr("taken or declined; without it the offer is shown"), Need::optional)
      .option("on", "--am,--on", tr("DATE"), tr("the day of its answer; today where not given"))
      .option("records", "--nur,--only", tr("REF"), tr("only these records, or a collection for the names in it"), true)
      .option("to", "--datei,--file", tr("FILE"), tr("write the listing for the archive here: .csv or .json"));
  return [](Shell& shell, Json args) {
    if (args.contains("records")) args["records"] = split_at_commas(args["records"]);
    return show_offer(shell, "privacy.archive", std::move(args), [](Output& out, const Json& data) { render_offer(out, data["offer"]); });
  };
}

std::string period_word(const Json& row) {
  const std::string from = text_of(row, "from");
  if (from == "never") return tr("for good; offered to the archive");
  if (from == "request") return tr("no period; on request");
  const auto years = static_cast<unsigned long>(number_of(row, "years"));
  return from == "offer_ended" ? trn("{} year after the offer ended", "{} years after the offer ended", years)
                               : trn("{} year after it was entered", "{} years after it was entered", years);
}

std::string personal_word(const std::string& personal) {
  if (personal == "yes") return tr("names a person");
  return personal == "office" ? tr("an office, may name a person") : tr("small numbers may tell of a person");
}

std::string readers_word(const Json& row) {
  std::string out;
  for (const Json& reader : list_of(row, "readers")) out += (out.empty() ? "" : ", ") + plain(reader);
  return out.empty() ? tr("who reads the record") : out;
}

Run declare_register(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("privacy.register", args, [](Output& out, const Json& data) {
      out.line(tr("Register of processing (GDPR, Art. 30): {}", {text_of(data, "member_name")}), Style::bold);
      out.pair(tr("As of"), shown_time(text_of(data, "time")), 14);
      out.pair(tr("Realm"), text_of(data, "realm_name"), 14);
      std::string devices;
      for (const Json& device : list_of(data, "devices")) devices += (devices.empty() ? "" : ", ") + text_of(device, "device");
      out.pair(tr("Devices"), devices, 14);
      for (const Json& row : list_of(data, "rows")) {
        std::string title = text_of(row, "kind_label") + ": " + text_of(row, "field_label");
        if (row["values"].is_number()) title += ", " + trn("{} value", "{} values", static_cast<unsigned long>(number_of(row, "values")));
        out.line(title);
        out.pair(tr("Tells"), personal_word(text_of(row, "personal")), 14);
        out.pair(tr("Kept"), period_word(row), 14);
        out.pair(tr("Read by"), readers_word(row), 14);
      }
    });
  };
}

std::string event_word(const Json& event) {
  const std::string what = text_of(event, "event");
  if (what == "ordered") return tr("erasure ordered");
  if (what == "confirmed") return tr("erasure confirmed");
  if (what == "withdrawn") return tr("erasure withdrawn");
  if (what == "erased") return trn("erased, {} value", "erased, {} values", static_cast<unsigned long>(number_of(event, "values")));
  return what == "offered" ? tr("offered to the archive") : tr("the archive's answer");
}

Run declare_log(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("privacy.log", args, [](Output& out, const Json& data) {
      for (const Json& event : list_of(data, "events")) {
        std::string who = text_of(event, "actor");
        who += (who.empty() ? "" : ", ") + text_of(event, "device") + ", " + text_of(event, "member_name");
        out.line(shown_time(text_of(event, "time")) + "  " + text_of(event, "ref") + "  " + event_word(event) + ": " + who);
      }
      if (list_of(data, "events").empty()) out.line(tr("No erasure was ordered."));
      out.line(tr("Who looked at or exported something is not recorded."), Style::dim);
    });
  };
}

std::string checkpoint_word(const std::string& state) {
  if (state == "done") return tr("old values are gone here");
  if (state == "open") return tr("old values will go here");
  if (state == "incomplete") return tr("entries are still missing here");
  return tr("computed otherwise here: nothing was dropped");
}

Run declare_checkpoints(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("privacy.checkpoints", args, [](Output& out, const Json& data) {
      for (const Json& one : list_of(data, "checkpoints")) {
        out.line(tr("{}, {}: entries up to number {}, {}: {}", {text_of(one, "member_name"), text_of(one, "space"), shown_number(number_of(one, "entries")),
                                                       shown_time(text_of(one, "time")), checkpoint_word(text_of(one, "state"))}),
                 text_of(one, "state") == "refused" ? Style::bad : Style::plain);
      }
      if (list_of(data, "checkpoints").empty()) out.line(tr("No old values were agreed to go yet."));
      for (const Json& one : list_of(data, "waiting")) {
        std::string devices;
        for (const Json& device : list_of(one, "open")) devices += (devices.empty() ? "" : ", ") + tr("{} ({})", {text_of(device, "device"), text_of(device, "member_name")});
        out.line(tr("{}, {}: waits for {}", {text_of(one, "member_name"), text_of(one, "space"), devices.empty() ? tr("the town's signature") : devices}));
      }
      if (const auto unknown = number_of(data, "unknown"); unknown > 0) {
        out.line(trn("{} value is not held here and reads as unknown.", "{} values are not held here and read as unknown.", static_cast<unsigned long>(unknown)));
      }
    });
  };
}

Run declare_prune(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("privacy.prune", args, [](Output& out, const Json& data) {
      out.line(trn("{} old value has gone.", "{} old values have gone.", static_cast<unsigned long>(number_of(data, "values"))), Style::good);
      if (const auto begun = number_of(data, "begun"); begun > 0) out.line(trn("Begun in {} collection; it waits until all devices have it.", "Begun in {} collections; it waits until all devices have them.", static_cast<unsigned long>(begun)));
    });
  };
}

}  // namespace

std::vector<Command> privacy_commands() {
  return {{"datenschutz", "privacy", translatable("retention, the archive, the register of processing"), {}, nullptr,
           {{"faellig", "due", translatable("what its retention period is over for"), {}, declare_due},
            {"anbieten", "offer", translatable("offer what is due to the archive"), {}, declare_offer},
            {"archiv", "archive", translatable("the archive's answer to an offer"), {}, declare_archive},
            {"verzeichnis", "register", translatable("the register of processing: which personal data, how long, who reads it"), {}, declare_register},
            {"protokoll", "log", translatable("who erased what, and what the archive said"), {}, declare_log},
            {"fixpunkte", "checkpoints", translatable("up to where overwritten values have gone"), {}, declare_checkpoints},
            {"aufraeumen", "prune", translatable("let overwritten values go, as far as all have agreed"), {}, declare_prune}}}};
}

}  // namespace kiz::cli

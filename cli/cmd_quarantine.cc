// kiz quarantaene: entries that are held and do not count, and what a person decides about them.
#include "cli/commands.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
std::string whose(const Json& stretch) {
  const std::string member = text_of(stretch, "member_name"), device = text_of(stretch, "device_name");
  return member + (device.empty() ? "" : ", " + device + " (" + text_of(stretch, "device") + ")");
}

std::string why(const Json& stretch) {
  if (text_of(stretch, "reason") == "control_decreased") return tr("cites an older state of the rules than before");
  return tr("the log was ended behind entry {}", {text_of(stretch, "cut_at")});
}

void render_stretch(Output& out, const Json& stretch) {
  const auto entries = static_cast<unsigned long>(number_of(stretch, "entries"));
  out.line(text_of(stretch, "ref") + "  " + whose(stretch), Style::bold);
  out.line(trn("{} entry, {} to {}: {}", "{} entries, {} to {}: {}", entries,
               {text_of(stretch, "from"), text_of(stretch, "upto"), why(stretch)}),
           Style::plain, 2);
  out.line(shown_time(text_of(stretch, "first_time")) + " – " + shown_time(text_of(stretch, "last_time")), Style::plain, 2);
}

Run declare_list(Form& form) {
  form.flag("all", "--alle,--all", tr("those that were discarded too"));
  return [](Shell& shell, Json args) {
    return shell.show("quarantine.list", args, [](Output& out, const Json& data) {
      const Json& rows = list_of(data, "quarantine");
      for (const Json& stretch : rows) render_stretch(out, stretch);
      if (rows.empty()) out.line(tr("Nothing is in quarantine."), Style::good);
      const Json states = data.value("states", Json::object());
      out.line();
      out.line(tr("Entries that count: {}; that wait for the rules they cite: {}; in quarantine: {}; without effect for want of a right: {}.",
                  {shown_number(number_of(states, "applied")), shown_number(number_of(states, "waiting")),
                   shown_number(number_of(states, "quarantined")), shown_number(number_of(states, "void"))}));
      if (!rows.empty()) out.pair(tr("Next"), tr("kiz quarantine show {}", {text_of(rows.front(), "ref")}), 15);
    });
  };
}

Form& with_ref(Form& form) { return form.operand("ref", tr("REF"), tr("reference of what is in quarantine, Q-7K3M2")); }

void render_change(Output& out, const Json& change) {
  const std::string kind = text_of(change, "kind"), field = text_of(change, "field"), mode = text_of(change, "mode");
  std::string line = text_of(change, "record_ref") + "  ";
  if (mode == "delete") {
    line += tr("deleted");
  } else if (mode == "undo") {
    line += tr("brought back");
  } else {
    line += field_label(kind, field) + (mode == "add" ? " + " : mode == "remove" ? " -" : " = ");
    if (mode != "remove") line += is_true(change, "known") ? field_text(kind, field, change["value"]) : tr("(unknown)");
  }
  out.line(line, Style::plain, 4);
}

Run declare_show(Form& form) {
  with_ref(form);
  return [](Shell& shell, Json args) {
    return shell.show("quarantine.show", args, [](Output& out, const Json& data) {
      render_stretch(out, data);
      for (const Json& entry : list_of(data, "changes_of")) {
        out.line();
        const std::string actor = text_of(entry, "actor");
        out.line(tr("Entry {}", {text_of(entry, "seq")}) + ", " + shown_time(text_of(entry, "time")) + (actor.empty() ? "" : ", " + actor) +
                     (is_true(entry, "entered_anew") ? ", " + tr("entered anew") : ""),
                 Style::bold, 2);
        for (const Json& change : list_of(entry, "changes")) render_change(out, change);
      }
    });
  };
}

Run declare_adopt(Form& form) {
  with_ref(form)
      .number("upto", "--bis,--up-to", "N", tr("up to the entry with this number; else all of it"))
      .option("entries", "--eintrag,--entry", "N", tr("enter single entries anew, as a town"), true);
  return [](Shell& shell, Json args) {
    if (args.contains("upto") && args.contains("entries")) throw UsageError{tr("--up-to and --entry do not go together."), {}};
    if (args.contains("entries")) args["entries"] = split_at_commas(args["entries"]);
    return shell.show("quarantine.adopt", args, [](Output& out, const Json& data) {
      const auto entries = static_cast<unsigned long>(number_of(data, "adopted"));
      if (entries == 0) {
        out.line(tr("All of it is here already."));
      } else if (is_true(data, "entered_anew")) {
        out.line(trn("{} entry was entered anew; what was changed since stays beside it.",
                     "{} entries were entered anew; what was changed since stays beside them.", entries), Style::good);
      } else {
        out.line(trn("{} entry counts again, with everybody at the next contact.",
                     "{} entries count again, with everybody at the next contact.", entries), Style::good);
      }
    });
  };
}

Run declare_discard(Form& form) {
  with_ref(form);
  return [](Shell& shell, Json args) {
    if (!shell.confirmed(tr("Discard {}? It does not count as it is; it only leaves the list.", {text_of(args, "ref")}))) return 1;
    return shell.show("quarantine.discard", args, [](Output& out, const Json& data) {
      out.line(tr("{} is off the list. It stays stored: kiz quarantine list --all", {text_of(data, "ref")}));
    });
  };
}

Run declare_retry(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("quarantine.retry", args, [](Output& out, const Json& data) {
      const auto tried = static_cast<unsigned long>(number_of(data, "tried"));
      if (tried == 0) return out.line(tr("Nothing was set aside."));
      out.line(trn("{} log is tried again at the next contact.", "{} logs are tried again at the next contact.", tried));
    });
  };
}
}  // namespace

std::vector<Command> quarantine_commands() {
  return {{"quarantaene", "quarantine", translatable("entries that are held and do not count"), {}, nullptr,
           {{"liste", "list", translatable("what is in quarantine, and why"), {}, declare_list},
            {"zeigen", "show", translatable("what was entered there"), {}, declare_show},
            {"uebernehmen", "adopt", translatable("let it count after all"), {}, declare_adopt},
            {"verwerfen", "discard", translatable("take it off the list"), {}, declare_discard},
            {"erneut", "retry", translatable("try again what this program has failed on"), {}, declare_retry}}}};
}

}  // namespace kiz::cli

// kiz loeschung, kiz auskunft: personal data, from telling what is stored to proving that it is gone.
#include "cli/cmd_erasure.h"

#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {

std::string fields_of_order(const Json& order) {
  std::string out;
  for (const Json& field : list_of(order, "fields")) out += (out.empty() ? "" : ", ") + field_label(text_of(order, "kind"), plain(field));
  return out.empty() ? tr("all fields") : out;
}

std::string state_word(const std::string& state) {
  if (state == "announced") return tr("announced");
  if (state == "in_force") return tr("in force");
  return tr("withdrawn");
}

std::string place_of(const Json& order) {
  const std::string record = text_of(order, "record_ref");
  return record.empty() ? tr("names of acting persons in {}", {text_of(order, "space")}) : record + ": " + fields_of_order(order);
}

void render_order(Output& out, const Json& order) {
  out.line(text_of(order, "ref") + "  " + place_of(order), Style::bold);
  out.pair(tr("State"), tr("{}, from {}", {state_word(text_of(order, "state")), shown_time(text_of(order, "effective"))}), 14);
  out.pair(tr("Held here"), shown_number(number_of(order, "held")), 14);
  for (const Json& answer : list_of(order, "answers")) {
    std::string line = tr("{} ({}), {}, {}", {text_of(answer, "device"), text_of(answer, "member_name"), shown_time(text_of(answer, "done")),
                                              trn("{} value", "{} values", static_cast<unsigned long>(number_of(answer, "values")))});
    if (const auto until = text_of(answer, "backups_until"); !until.empty()) line += ", " + tr("backups until {}", {shown_time(until)});
    out.pair(&answer == &list_of(order, "answers").front() ? tr("Done") : "", line, 14);
  }
  for (const Json& device : list_of(order, "open")) {
    out.pair(&device == &list_of(order, "open").front() ? tr("Not yet") : "", tr("{} ({})", {text_of(device, "device"), text_of(device, "member_name")}), 14);
  }
  for (const Json& value : list_of(order, "later")) {
    std::string line = tr("{}, {}: {} ({})", {shown_time(text_of(value, "time")), field_label(text_of(order, "kind"), text_of(value, "field")),
                                            text_of(value, "device"), text_of(value, "member_name")});
    if (!is_true(value, "answered_before")) line += ", " + tr("before it had carried this out");
    out.pair(&value == &list_of(order, "later").front() ? tr("Entered since") : "", line, 14);
  }
}

void render_orders(Output& out, const Json& data) {
  const Json& orders = list_of(data, "orders");
  if (orders.empty()) out.line(tr("No erasure was ordered."));
  for (const Json& order : orders) render_order(out, order);
}

Run declare_request(Form& form) {
  form.operand("ref", tr("REF"), tr("the record: an offer, a number, a consent"), Need::optional)
      .option("fields", "--feld,--field", tr("FIELD"), tr("only these; else those that may name a person"), true)
      .flag("all", "--alles,--all", tr("every field"))
      .option("actors", "--namen,--names", tr("COLLECTION"), tr("instead: names of who entered something, once their three years are over"))
      .flag("due", "--faellig,--due", tr("instead: all that is due and that the archive has had its time for"))
      .option("reason", "--grund,--reason", tr("REASON"), tr("request (Art. 17), retention, unlawful"))
      .number("days", "--tage,--days", "N", tr("announced so many days ahead (14; unlawful: 1)"));
  return [](Shell& shell, Json args) {
    if (int{args.contains("ref")} + args.contains("actors") + args.contains("due") != 1) {
      throw UsageError{tr("Say what is to be erased: a reference, --names COLLECTION, or --due."), {}};
    }
    if (args.contains("fields")) args["fields"] = split_at_commas(args["fields"]);
    return shell.show("erasure.request", args, [](Output& out, const Json& data) {
      if (data.contains("ordered")) {
        out.line(trn("{} erasure ordered. It takes effect on its day, or at once when a second person confirms it.",
                     "{} erasures ordered. They take effect on their day, or at once when a second person confirms them.",
                     static_cast<unsigned long>(number_of(data, "ordered"))));
      }
      if (!data["order"].is_object()) return;
      render_order(out, data["order"]);
      out.line(tr("It takes effect on its day, or at once when a second person confirms it: kiz erasure execute {}", {text_of(data["order"], "ref")}));
    });
  };
}

Run declare_execute(Form& form) {
  form.operand("ref", tr("REF"), tr("the erasure L-..., to be confirmed by a second person"), Need::optional);
  return [](Shell& shell, Json args) {
    if (args.contains("ref") && !shell.globals.dry_run && !shell.confirmed(tr("What it names is gone for good afterwards, everywhere. Go on?"))) return 1;
    return shell.show("erasure.execute", args, [](Output& out, const Json& data) {
      const auto values = number_of(data, "values");
      out.line(values == 0 ? tr("Nothing that is to go was held here.")
                           : trn("{} value is gone for good.", "{} values are gone for good.", static_cast<unsigned long>(values)),
               Style::good);
      if (data.contains("order")) render_order(out, data["order"]);
    });
  };
}

Run declare_proof(Form& form) {
  form.operand("ref", tr("REF"), tr("the erasure L-..., else all of them"), Need::optional);
  return [](Shell& shell, Json args) { return shell.show("erasure.proof", args, render_orders); };
}

Run declare_list(Form&) {
  return [](Shell& shell, Json args) { return shell.show("erasure.list", args, render_orders); };
}

Run declare_withdraw(Form& form) {
  form.operand("ref", tr("REF"), tr("the erasure L-..."));
  return [](Shell& shell, Json args) {
    return shell.show("erasure.withdraw", args, [](Output& out, const Json& data) { out.line(tr("Withdrawn: {}", {text_of(data, "ref")}), Style::good); });
  };
}

Run declare_subject(Form& form) {
  form.operand("ref", tr("REF"), tr("the record: an offer, a number, a consent"));
  return [](Shell& shell, Json args) {
    return shell.show("subject.show", args, [](Output& out, const Json& data) {
      out.line(tr("Stored about {}, {}", {text_of(data, "record_ref"), text_of(data, "member_name")}), Style::bold);
      for (const Json& step : list_of(data, "steps")) {
        const std::string value = is_true(step, "known") ? field_text(text_of(data, "kind"), text_of(step, "field"), step["value"]) : tr("(erased or not arrived)");
        std::string who = text_of(step, "actor");
        who += (who.empty() ? "" : ", ") + text_of(step, "device") + ", " + text_of(step, "member_name");
        out.line(shown_time(text_of(step, "time")) + "  " + field_label(text_of(data, "kind"), text_of(step, "field")) + ": " + value, Style::plain, 2);
        out.line(who, Style::dim, 4);
      }
      std::string devices;
      for (const Json& device : list_of(data, "devices")) devices += (devices.empty() ? "" : ", ") + tr("{} ({})", {text_of(device, "device"), text_of(device, "member_name")});
      out.pair(tr("Held by"), devices, 14);
      for (const Json& order : list_of(data, "erasures")) render_order(out, order);
    });
  };
}

}  // namespace

std::vector<Command> erasure_commands() {
  return {{"loeschung", "erasure", translatable("erase personal data, and prove it"), {"loeschungen", "erase"}, nullptr,
           {{"liste", "list", translatable("every erasure that was ordered"), {}, declare_list},
            {"beantragen", "request", translatable("order an erasure"), {}, declare_request},
            {"vollziehen", "execute", translatable("confirm as a second person, and carry out what is due"), {"carry-out"}, declare_execute},
            {"nachweis", "proof", translatable("which device has erased what, and when"), {}, declare_proof},
            {"zurueckziehen", "withdraw", translatable("take an erasure back before its day"), {}, declare_withdraw}}},
          {"auskunft", "subject", translatable("everything that is stored about a record"), {"disclosure"}, declare_subject}};
}

}  // namespace kiz::cli

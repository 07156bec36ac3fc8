// kiz angebot, kiz bedarf: what is on offer, and what is needed. Both are edited alike; their fields differ.
#include <algorithm>
#include <unordered_map>

#include "cli/commands.h"
#include "cli/exchange_file.h"
#include "cli/record_text.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "cli/vocabulary.h"
#include "libclient/packed_rows.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
/// The kind of record a command is about: the prefix of its requests and the key of its list.
struct Subject {
  const char* kind;  // "offer"
  const char* list;  // "offers"
};
constexpr Subject offer{"offer", "offers"}, need{"need", "needs"};

std::string request(const Subject& subject, const char* verb) { return std::string{subject.kind} + "." + verb; }

std::vector<const char*> columns_of(const Subject& subject) {
  return {"ref", "title", "member", "member_name", std::string_view{subject.kind} == "offer" ? "provider" : "status", "kind"};
}

/// A field's values in words: ten thousand records have few different ones.
class Words {
 public:
  Words(const char* kind, const char* field) : kind_(kind), field_(field) {}
  std::string of(const packed_rows::Cell& cell) {
    std::string all;
    for (const std::string_view text : cell) {
      const auto [at, fresh] = known_.try_emplace(std::string{text});
      if (fresh) at->second = field_text(kind_, field_, at->first);
      all += (all.empty() ? "" : ", ") + at->second;
    }
    return all;
  }

 private:
  const char* kind_;
  const char* field_;
  std::unordered_map<std::string, std::string> known_;
};

/// False: these are no rows.
bool render_list(Output& out, const Subject& subject, const Json& data) {
  const auto columns = columns_of(subject);
  Words provider_or_status{subject.kind, columns[4]}, kinds{subject.kind, columns[5]};
  const auto packed = data.find("rows");
  if (packed == data.end() || !packed->is_binary()) return false;
  std::vector<std::vector<std::string>> rows;
  const auto one = [](const packed_rows::Cell& cell) { return cell.empty() ? std::string{} : std::string{cell.front()}; };
  const bool whole = packed_rows::read(packed->get_binary(), columns.size(), [&](std::span<const packed_rows::Cell> row) {
    rows.push_back({one(row[0]), one(row[1]), member_label(one(row[2]), one(row[3])), provider_or_status.of(row[4]), kinds.of(row[5])});
  });
  if (!whole) return false;
  if (rows.empty()) {
    out.line(tr("None."));
    return true;
  }
  out.table({{tr("Ref"), false, 5, true},
             {tr("Title"), false, 14},
             {tr("Member"), false, 8},
             {std::string_view{subject.kind} == "offer" ? tr("Provider") : tr("Status"), false, 8},
             {tr("Kind"), false, 8}},
            rows);
  return true;
}

/// Shows a list; for the screen only what stands on it is asked for.
int show_list(Shell& shell, const Subject& subject, const char* verb, Json args) {
  const std::string name = request(subject, verb);
  if (shell.globals.json) return shell.show(name, args, {});
  args["columns"] = columns_of(subject);
  bool understood = true;
  const int exit = shell.show(name, args, [&](Output& out, const Json& data) { understood = render_list(out, subject, data); });
  return understood ? exit : shell.refuse(name, Error{Errc::malformed, "control message"});
}

Run declare_list_of(Form& form, const Subject& subject) {
  form.option("member", "--gemeinde,--member", tr("TOWN"), tr("only those of this town"))
      .option("kind", "--art,--kind", tr("KIND"), tr("only this kind"))
      .option("language", "--sprache,--fuer-sprache,--language", tr("LANGUAGE"), tr("only those in this language"))
      .option("status", "--stand,--status", tr("STATUS"), tr("only with this status"))
      .flag("public", "--oeffentlich,--public", tr("only those that may be published"));
  return [subject](Shell& shell, Json args) { return show_list(shell, subject, "list", std::move(args)); };
}
Run declare_offer_list(Form& form) { return declare_list_of(form, offer); }
Run declare_need_list(Form& form) { return declare_list_of(form, need); }

/// Asks for what a new record cannot do without, then for what most have.
Json ask_for_fields(Shell& shell, const Subject& subject) {
  Json fields = Json::array();
  const auto ask = [&](const char* field, const std::string& question, bool required, const char* op) {
    std::string answer;
    do {
      answer = shell.prompt(question);
    } while (answer.empty() && required);
    if (!answer.empty()) fields.push_back({{"field", field}, {"op", op}, {"text", answer}});
  };
  ask("title", tr("Title"), true, "=");
  if (std::string_view{subject.kind} == "offer") ask("provider", tr("Provider"), true, "=");
  ask("kind", tr("Kind (language course, counselling, meeting place, ...)"), std::string_view{subject.kind} == "offer", "+=");
  ask("languages", tr("Languages, with commas (may stay empty)"), false, "+=");
  return fields;
}

std::string named(const Json& data) { return cli::named(text_of(data, "ref"), text_of(data, "title")); }

Render one_line(const char* sentence) {
  return [sentence](Output& out, const Json& data) { out.line(tr(sentence, {named(data)})); };
}

int make_new(Shell& shell, const Subject& subject, Json args) {
  args["fields"] = args.contains("fields") ? fields_of(args["fields"]) : ask_for_fields(shell, subject);
  const bool dry = shell.globals.dry_run;
  return shell.show(request(subject, "new"), args, [dry](Output& out, const Json& data) {
    out.line(dry ? tr("This could be entered. Nothing was changed.") : tr("Entered: {}", {named(data)}));
  });
}

Run declare_new_of(Form& form, const Subject& subject) {
  form.operand("fields", tr("FIELD=VALUE"), tr("title=\"Language café\" provider=Caritas kind=meeting_place language+=ar"),
               Need::many)
      .option("member", "--gemeinde,--member", tr("TOWN"), tr("in the name of this town, if this device may"));
  return [subject](Shell& shell, Json args) { return make_new(shell, subject, std::move(args)); };
}
Run declare_offer_new(Form& form) { return declare_new_of(form.terms(terms_of_offers), offer); }
Run declare_need_new(Form& form) { return declare_new_of(form.terms(terms_of_needs), need); }

Form& with_ref(Form& form) { return form.operand("ref", tr("REF"), tr("reference such as A-7K3, or the whole id")); }

Run declare_show_of(Form& form, const Subject& subject) {
  with_ref(form);
  return [subject](Shell& shell, Json args) {
    return shell.show(request(subject, "show"), args, [subject](Output& out, const Json& data) {
      render_record(out, subject.kind, data.contains(subject.kind) ? data[subject.kind] : data);
    });
  };
}
Run declare_offer_show(Form& form) { return declare_show_of(form, offer); }
Run declare_need_show(Form& form) { return declare_show_of(form, need); }

Run declare_edit_of(Form& form, const Subject& subject) {
  with_ref(form).operand("fields", tr("FIELD=VALUE"), tr("phone=02561-72 language-=ar; several are one change"), Need::some);
  return [subject](Shell& shell, Json args) {
    args["fields"] = fields_of(args["fields"]);
    return shell.show(request(subject, "edit"), args, one_line(translatable("Changed: {}")));
  };
}
Run declare_offer_edit(Form& form) { return declare_edit_of(form.terms(terms_of_offers), offer); }
Run declare_need_edit(Form& form) { return declare_edit_of(form.terms(terms_of_needs), need); }

Run declare_end(Form& form) {
  with_ref(form);
  return [](Shell& shell, Json args) { return shell.show("offer.end", args, one_line(translatable("Ended: {}"))); };
}

Run declare_delete_of(Form& form, const Subject& subject) {
  with_ref(form);
  return [subject](Shell& shell, Json args) {
    if (!shell.confirmed(tr("Delete {}? It can be taken back with kiz undo.", {text_of(args, "ref")}))) return 1;
    return shell.show(request(subject, "delete"), args, one_line(translatable("Deleted: {}")));
  };
}
Run declare_offer_delete(Form& form) { return declare_delete_of(form, offer); }
Run declare_need_delete(Form& form) { return declare_delete_of(form, need); }

Run declare_search(Form& form) {
  form.operand("text", tr("TEXT"), tr("words to look for"), Need::some);
  return [](Shell& shell, Json args) {
    std::string text;
    for (const Json& word : args["text"]) text += (text.empty() ? "" : " ") + word.get<std::string>();
    args["text"] = text;
    return show_list(shell, offer, "search", std::move(args));
  };
}

Run declare_history(Form& form) {
  with_ref(form);
  return [](Shell& shell, Json args) {
    return shell.show("offer.history", args, [](Output& out, const Json& data) { render_history(out, "offer", data); });
  };
}

Run declare_confirm(Form& form) {
  with_ref(form);
  return [](Shell& shell, Json args) {
    return shell.show("offer.confirm", args, one_line(translatable("Confirmed as of today: {}")));
  };
}

Run declare_overdue(Form& form) {
  form.number("days", "--tage,--days", tr("DAYS"), tr("not confirmed for so many days (180)"))
      .option("member", "--gemeinde,--member", tr("TOWN"), tr("only those of this town"));
  return [](Shell& shell, Json args) { return show_list(shell, offer, "overdue", std::move(args)); };
}

Run declare_copy(Form& form) {
  with_ref(form)
      .operand("fields", tr("FIELD=VALUE"), tr("what is different in the copy"), Need::many)
      .option("member", "--gemeinde,--member", tr("TOWN"), tr("into the offers of this town, without internal data"));
  return [](Shell& shell, Json args) {
    if (args.contains("fields")) args["fields"] = fields_of(args["fields"]);
    return shell.show("offer.copy", args, one_line(translatable("Copied: {}")));
  };
}

Run declare_meet(Form& form) {
  with_ref(form).operand("offer", tr("OFFER"), tr("the offer that meets this need, A-7K3"));
  return [](Shell& shell, Json args) { return shell.show("need.meet", args, one_line(translatable("Met: {}"))); };
}

Run declare_import(Form& form) {
  add_import_options(form);
  return [](Shell& shell, Json args) { return import_file(shell, "offer.import", std::move(args)); };
}

Run declare_export(Form& form) {
  form.option("member", "--gemeinde,--member", tr("TOWN"), tr("only those of this town"))
      .flag("public", "--oeffentlich,--public", tr("only those that may be published"));
  add_export_options(form, translatable("csv (where not given), xlsx, json or hsds"));
  return [](Shell& shell, Json args) { return export_file(shell, "offer.export", std::move(args)); };
}
}  // namespace

std::vector<Command> offer_commands() {
  return {
      {"angebot", "offer", translatable("what there is, for whom, where"), {"angebote", "offers"}, nullptr,
       {{"liste", "list", translatable("all offers"), {}, declare_offer_list},
        {"neu", "new", translatable("a new offer; without fields you are asked"), {}, declare_offer_new},
        {"zeigen", "show", translatable("one offer with all that is known"), {}, declare_offer_show},
        {"aendern", "edit", translatable("change fields"), {"change"}, declare_offer_edit},
        {"beenden", "end", translatable("the offer has ended"), {}, declare_end},
        {"loeschen", "delete", translatable("delete it"), {}, declare_offer_delete},
        {"suchen", "search", translatable("find by words"), {"find"}, declare_search},
        {"verlauf", "history", translatable("who changed what, and when"), {}, declare_history},
        {"bestaetigen", "confirm", translatable("it is still right as of today"), {}, declare_confirm},
        {"ueberfaellig", "overdue", translatable("not confirmed for a long time"), {}, declare_overdue},
        {"kopieren", "copy", translatable("a new offer like this one"), {}, declare_copy},
        {"importieren", "import", translatable("take in a file"), {}, declare_import},
        {"exportieren", "export", translatable("write a file"), {}, declare_export}}},
      {"bedarf", "need", translatable("what is missing, for whom"), {"bedarfe", "needs"}, nullptr,
       {{"liste", "list", translatable("all needs"), {}, declare_need_list},
        {"neu", "new", translatable("a new need; without fields you are asked"), {}, declare_need_new},
        {"zeigen", "show", translatable("one need with all that is known"), {}, declare_need_show},
        {"aendern", "edit", translatable("change fields"), {"change"}, declare_need_edit},
        {"loeschen", "delete", translatable("delete it"), {}, declare_need_delete},
        {"decken", "meet", translatable("an offer meets this need"), {}, declare_meet}}},
  };
}

}  // namespace kiz::cli

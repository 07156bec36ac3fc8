// kiz dump: every format that is written here, readable.
#include "cli/bundle_transfer.h"
#include "cli/commands.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {

void render_op(Output& out, const Json& op) {
  std::string line = text_of(op, "mode") + " " + text_of(op, "kind") + " " + text_of(op, "record").substr(0, 8) + " " + text_of(op, "field");
  if (op.contains("value")) line += " = " + (op.value("known", true) ? plain(op["value"]) : tr("(unknown)"));
  out.line(line, Style::plain, 4);
}

std::string decided(const Json& decision) {
  const std::string kind = text_of(decision, "kind"), device = text_of(decision, "device"), member = text_of(decision, "member_name"),
                    until = shown_time(text_of(decision, "admitted_until").substr(0, 10)), name = text_of(decision, "name");
  if (kind == "realm_founded") return tr("set up: {}", {name});
  if (kind == "member_named") return tr("member: {}", {name});
  if (kind == "device_granted") return tr("device admitted: {} of {}, until {}", {device, member, until});
  if (kind == "device_revoked") return tr("device locked out: {} of {}", {device, member});
  if (kind == "admission_renewed") return tr("renewed: {} of {}, until {}", {device, member, until});
  if (kind == "right_withdrawn") return tr("right withdrawn: {} of {}", {device, member});
  if (kind == "right_given_back") return tr("right given back: {} of {}", {device, member});
  if (kind == "log_cut") return tr("log {} ends behind entry {}", {text_of(decision, "log").substr(0, 8), text_of(decision, "last_valid")});
  if (kind == "rule_set") return tr("rule: {} = {}", {name, text_of(decision, "value")});
  if (kind == "epoch_opened") return tr("new key of the Kreis, behind decision {}", {text_of(decision, "last_good")});
  return kind == "checkpoint" ? tr("checkpoint") : tr("(unknown)");
}

void render_dump(Output& out, const Json& data) {
  for (const Json& decision : list_of(data, "decisions")) {
    out.line(tr("Decision {}  {}  {}", {text_of(decision, "seq"), shown_time(text_of(decision, "time")), decided(decision)}));
  }
  for (const Json& entry : list_of(data, "entries")) {
    out.line(text_of(entry, "entry").substr(0, 16) + "  " + text_of(entry, "log").substr(0, 8) + " #" + plain(entry["seq"]) + "  " +
                 text_of(entry, "time") + "  " + text_of(entry, "state"),
             Style::bold);
    for (const Json& op : list_of(entry, "ops")) render_op(out, op);
  }
  out.line(tr("Control records: {}, entries: {}. The bytes: kiz dump --json", {shown_number(static_cast<std::int64_t>(list_of(data, "control").size())),
                                                                               shown_number(static_cast<std::int64_t>(list_of(data, "entries").size()))}));
}

void render_bundle(Output& out, const Json& data) {
  const Json& outside = data["outside"];
  out.line(text_of(outside, "kind") + "  " + trn("{} recipient", "{} recipients", static_cast<unsigned long>(number_of(outside, "recipients"))) + "  " + text_of(outside, "hash").substr(0, 16), Style::bold);
  for (const Json& item : list_of(data, "items")) {
    std::string line = text_of(item, "part");
    for (const char* key : {"number", "bytes", "device", "messages"}) {
      if (item.contains(key)) line += "  " + std::string{key} + " " + text_of(item, key);
    }
    for (const char* list : {"records", "heads", "recipients"}) {
      if (item.contains(list)) line += "  " + std::string{list} + " " + std::to_string(item[list].size());
    }
    out.line(line, Style::plain, 2);
  }
}

Run declare_dump(Form& form) {
  form.operand("what", tr("ENTRY|LOG|BUNDLE"), tr("64 hexadecimal digits of an entry or a log, or a bundle's file; else everything"), Need::optional);
  return [](Shell& shell, Json args) {
    if (const std::string path = text_of(args, "what"); !path.empty() && is_bundle(path)) {
      const Handed handed = hand_over(shell, "bundle.dump", path);
      return handed.ok() ? shell.show("bundle.dump", {{"id", handed.id}}, render_bundle) : handed.exit;
    }
    return shell.show("dump", args, render_dump);
  };
}

}  // namespace

std::vector<Command> dump_commands() {
  return {{"dump", "dump", translatable("everything that is held, readable"), {}, declare_dump}};
}

}  // namespace kiz::cli

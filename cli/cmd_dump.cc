// kiz dump: every format that is written here, readable.
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

void render_dump(Output& out, const Json& data) {
  for (const Json& entry : list_of(data, "entries")) {
    out.line(text_of(entry, "entry").substr(0, 16) + "  " + text_of(entry, "log").substr(0, 8) + " #" + plain(entry["seq"]) + "  " +
                 text_of(entry, "time") + "  " + text_of(entry, "state"),
             Style::bold);
    for (const Json& op : list_of(entry, "ops")) render_op(out, op);
  }
  out.line(tr("{} control records, {} entries. The bytes: kiz dump --json", {std::to_string(list_of(data, "control").size()),
                                                                            std::to_string(list_of(data, "entries").size())}));
}

Run declare_dump(Form& form) {
  form.operand("what", tr("ENTRY|LOG"), tr("64 hexadecimal digits of an entry or a log; else everything"), Need::optional);
  return [](Shell& shell, Json args) { return shell.show("dump", args, render_dump); };
}

}  // namespace

std::vector<Command> dump_commands() {
  return {{"dump", "dump", translatable("everything that is held, readable"), {}, declare_dump}};
}

}  // namespace kiz::cli

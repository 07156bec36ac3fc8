#include "cli/cmd_rule.h"

#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
std::string value_of(const Json& rule) {
  const Json& value = rule["value"];
  return value.is_boolean() ? (value.get<bool>() ? tr("yes") : tr("no")) : plain(value);
}

void render_rule(Output& out, const Json& rule) {
  out.line(text_of(rule, "label") + "=" + value_of(rule), Style::bold);
  out.line(text_of(rule, "meaning"), Style::plain, 4);
}

Run declare_list(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("rule.list", args, [](Output& out, const Json& data) {
      for (const Json& rule : list_of(data, "rules")) render_rule(out, rule);
    });
  };
}

Run declare_set(Form& form) {
  form.operand("fields", tr("RULE=VALUE"), tr("such as return_due_day=15 or paper_consent_counts=yes"), Need::some);
  return [](Shell& shell, Json args) {
    args["fields"] = fields_of(args["fields"]);
    return shell.show("rule.set", args, [&](Output& out, const Json& data) {
      for (const Json& rule : list_of(data, "rules")) render_rule(out, rule);
      if (list_of(data, "changed").empty()) return out.line(tr("That holds already."));
      out.line(shell.globals.dry_run ? tr("Would hold from now on. Nothing was changed.")
                                     : tr("Holds from now on; the towns learn of it at their next contact."),
               Style::good);
    });
  };
}
}  // namespace

std::vector<Command> rule_commands() {
  return {{"regel", "rule", translatable("what the Kreis decides for all its towns"), {"regeln", "rules"}, nullptr,
           {{"liste", "list", translatable("the rules and what holds now"), {}, declare_list},
            {"setzen", "set", translatable("decide a rule"), {}, declare_set}}}};
}

}  // namespace kiz::cli

// kiz konflikt: two values that stand side by side until a person chooses.
#include "cli/commands.h"
#include "cli/record_text.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
Run declare_list(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("conflict.list", args, [](Output& out, const Json& data) {
      const Json& conflicts = list_of(data, "conflicts");
      if (conflicts.empty()) out.line(tr("No conflicts."), Style::good);
      for (const Json& conflict : conflicts) render_conflict(out, conflict);
    });
  };
}

Form& with_ref(Form& form) { return form.operand("ref", tr("REF"), tr("reference of the conflict, K-1")); }

Run declare_show(Form& form) {
  with_ref(form);
  return [](Shell& shell, Json args) {
    return shell.show("conflict.show", args, [](Output& out, const Json& data) {
      render_conflict(out, data.contains("conflict") ? data["conflict"] : data);
    });
  };
}

Run declare_resolve(Form& form) {
  with_ref(form)
      .number("take", "--nimm,--take", "N", tr("the value with this number"))
      .option("value", "--wert,--value", tr("VALUE"), tr("another value, instead of all of them"));
  return [](Shell& shell, Json args) {
    if (args.contains("take") == args.contains("value")) {
      throw UsageError{tr("Say which value counts: --take N or --value VALUE."), tr("kiz conflict show {}", {text_of(args, "ref")})};
    }
    return shell.show("conflict.resolve", args, [](Output& out, const Json& data) {
      out.line(tr("Settled: {}. The other value stays in the history.", {text_of(data, "ref")}), Style::good);
    });
  };
}
}  // namespace

std::vector<Command> conflict_commands() {
  return {{"konflikt", "conflict", translatable("choose between two values"), {"konflikte", "conflicts"}, nullptr,
           {{"liste", "list", translatable("all conflicts"), {}, declare_list},
            {"zeigen", "show", translatable("one conflict, with who and when"), {}, declare_show},
            {"loesen", "resolve", translatable("choose a value"), {"settle"}, declare_resolve}}}};
}

}  // namespace kiz::cli

#include "cli/help.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "libclient/translate.h"

namespace kiz::cli {

namespace {
constexpr std::size_t words_max = 84;  // of a list of commands that is still read; the others are named behind it

void print_options(Output& out, const CLI::App& app) {
  std::vector<std::vector<std::string>> rows;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    std::string names;
    for (const std::string& name : option->get_snames()) names += (names.empty() ? "-" : ", -") + name;
    for (const std::string& name : option->get_lnames()) names += (names.empty() ? "--" : ", --") + name;
    if (option->get_items_expected_max() > 0) names += " " + option->get_type_name();
    rows.push_back({names, option->get_description()});
  }
  // Names of options are long in two languages: what they mean stands below them.
  for (const auto& row : rows) {
    out.line(row[0], Style::plain, 2);
    out.line(row[1], Style::dim, 6);
  }
}
}  // namespace

void print_group_help(Output& out, const std::string& path, const Command& group) {
  const std::string words = path.empty() ? "kiz" : "kiz " + path;
  out.line(tr("Usage: {} COMMAND", {words}), Style::bold);
  if (*group.summary != '\0') out.line(tr(group.summary));
  out.line();
  std::vector<std::vector<std::string>> rows;
  std::string also;
  std::size_t told = 0;
  for (const Command& child : group.children) {
    const std::string summary = tr(child.summary);
    told += 2 + static_cast<std::size_t>(std::count(summary.begin(), summary.end(), ' '));
    if (told <= words_max) {
      rows.push_back({child.shown(), summary});
    } else {
      also += (also.empty() ? "" : ", ") + std::string{child.shown()};
    }
  }
  out.table({{"", false, 6, true}, {"", false, 12, false}}, rows);
  if (!also.empty()) out.line(tr("Also: {}", {also}));
  out.line();
  out.line(tr("More: {} COMMAND --help", {words}));
}

void print_command_help(Output& out, const std::string& path, const Command& command, const Form& form, const CLI::App& app,
                        const CLI::App& everywhere) {
  std::string usage = "kiz " + path;
  for (const Form::Operand& operand : form.operands()) {
    const bool optional = operand.need == Need::optional || operand.need == Need::many;
    const bool list = operand.need == Need::many || operand.need == Need::some;
    usage += " " + (optional ? "[" + operand.name + "]" : operand.name) + (list ? "..." : "");
  }
  out.line(tr("Usage: {}", {usage}), Style::bold);
  out.line(tr(command.summary));
  if (!form.operands().empty()) out.line();
  for (const Form::Operand& operand : form.operands()) out.pair(operand.name, operand.help, 16);
  bool any = false;
  for (const CLI::Option* option : app.get_options()) any = any || !option->get_lnames().empty();
  if (any) {
    out.line();
    out.line(tr("Options"), Style::bold);
    print_options(out, app);
  }
  for (const Term& term : form.terms()) {
    out.line();
    out.line(term.name + ":", Style::bold);
    out.line(term.words, Style::plain, 2);
  }
  std::string common;
  for (const CLI::Option* option : everywhere.get_options()) {
    const auto& names = option->get_lnames();  // where there are two, the German one is the last
    if (!names.empty()) common += (common.empty() ? "--" : " --") + (language() == "de" ? names.back() : names.front());
  }
  out.line();
  out.line(tr("Everywhere: {}", {common}), Style::dim);
}

}  // namespace kiz::cli

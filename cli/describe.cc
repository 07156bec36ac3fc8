#include "cli/describe.h"

#include <CLI/CLI.hpp>

#include "libclient/doctor_kinds.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
constexpr unsigned short last_code = 255;  // codes are sparse and grow; those without a name are none

Json describe_options(const CLI::App& app) {
  Json options = Json::array();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    Json names = Json::array();
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    const bool takes_value = option->get_items_expected_max() > 0;
    options.push_back({{"names", std::move(names)},
                       {"value", takes_value ? Json(option->get_type_name()) : Json()},
                       {"many", option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll},
                       {"help", option->get_description()}});
  }
  return options;
}

Json describe_operands(const Form& form) {
  Json operands = Json::array();
  for (const Form::Operand& operand : form.operands()) {
    operands.push_back({{"name", operand.name},
                        {"help", operand.help},
                        {"optional", operand.need == Need::optional || operand.need == Need::many},
                        {"many", operand.need == Need::many || operand.need == Need::some}});
  }
  return operands;
}

Json describe_terms(const Form& form) {
  Json terms = Json::array();
  for (const Term& term : form.terms()) terms.push_back({{"name", term.name}, {"words", term.words}});
  return terms;
}

Json describe_command(const Command& command) {
  CLI::App app;
  app.set_help_flag();
  Form form{app};
  if (command.declare != nullptr) command.declare(form);
  Json children = Json::array();
  for (const Command& child : command.children) children.push_back(describe_command(child));
  return {{"german", command.german},
          {"english", command.english},
          {"also", command.more},
          {"summary", tr(command.summary)},
          {"operands", describe_operands(form)},
          {"options", describe_options(app)},
          {"terms", describe_terms(form)},
          {"commands", std::move(children)}};
}

Json describe_errors() {
  Json errors = Json::array();
  for (unsigned short number = 1; number <= last_code; ++number) {
    const auto code = static_cast<Errc>(number);
    const Json refusal = to_json(to_refusal(Error{code, {}}));
    if (name(code) == name(Errc::internal) && code != Errc::internal) continue;
    errors.push_back(refusal);
  }
  return errors;
}
Json describe_findings() {
  Json findings = Json::array();
  for (const doctor::Kind& kind : doctor::kinds) {
    const std::string mend = tr(kind.mend);
    findings.push_back({{"name", kind.name}, {"check", kind.check}, {"state", doctor::name_of(kind.state)},
                        {"mend", mend.empty() ? Json() : Json(mend)}, {"exit", kind.exit}});
  }
  return findings;
}
}  // namespace

Json description(const CLI::App& everywhere) {
  Json commands = Json::array();
  for (const Command& command : command_tree().children) commands.push_back(describe_command(command));
  return {{"program", "kiz"},
          {"version", KIZ_VERSION},
          {"options", describe_options(everywhere)},
          {"commands", std::move(commands)},
          {"errors", describe_errors()},
          {"findings", describe_findings()}};
}

}  // namespace kiz::cli

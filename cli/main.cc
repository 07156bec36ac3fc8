// kiz: reads the command line, finds the command, runs it. What it does: commands.h; whom it asks: shell.h.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/shell.h"
#include "libclient/intake_guard.h"
#include "libclient/memory_dumps.h"
#include "libclient/complaint.h"
#include "libclient/refusals.h"
#include "libclient/sqlite.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
using Words = std::vector<std::string>;

void add_globals(CLI::App& app, Globals& globals) {
  app.set_help_flag();
  app.add_flag("--json", globals.json, tr("one JSON object instead of text"));
  app.add_option("--store", globals.store, tr("the store in this folder, no daemon needed"))->type_name(tr("DIR"));
  app.add_option("--socket", globals.socket, tr("the daemon that listens at this socket"))->type_name(tr("PATH"));
  app.add_flag("-y,--yes,--ja", globals.yes, tr("answer every question with yes"));
  app.add_flag("-n,--dry-run,--probe", globals.dry_run, tr("show what would happen, change nothing"));
  app.add_flag("-q,--quiet,--still", globals.quiet, tr("say nothing when all went well"));
  app.add_flag("-v,--verbose,--ausfuehrlich", globals.verbose, tr("say more"));
  app.add_option("--color,--farbe", globals.colour, tr("colours: auto, always, never"))->type_name(tr("WHEN"));
  app.add_option("--lang,--ausgabesprache", globals.lang, tr("language: de or en"))->type_name("de|en");
  app.add_option("--timeout,--frist", globals.timeout, tr("wait at most so many seconds"))->type_name("S");
  app.add_flag("--no-input,--ohne-rueckfrage", globals.no_input, tr("never ask, refuse instead"));
  app.add_flag("--wait,--warten", globals.wait, tr("wait until it has arrived"));
  app.add_option("--password-file,--passwort-datei", globals.password_file, tr("the passphrase of the store is in this file"))
      ->type_name(tr("FILE"));
  app.add_flag("-h,--help,--hilfe", globals.help, tr("this help"));
  app.add_flag("-V,--version", globals.version, tr("version"));
}

bool is_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9');
}

// "--gültig=30" -> "--gueltig": how CLI11 knows it.
std::string option_name(const std::string& word) {
  std::string name = word.substr(0, word.find('='));
  if (!word.starts_with("--")) return name;
  name = folded(name.substr(2));
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

const CLI::Option* find_option(const CLI::App& app, const std::string& word) {
  const std::string name = option_name(word);
  return app.get_option_no_throw(name.starts_with("--") ? name : name.substr(0, 2));
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

/// The words of a command line, each put where it belongs.
struct Sorted {
  Words globals, options, operands;
};

[[noreturn]] void refuse_option(const std::string& word, const CLI::App& own, const CLI::App& everywhere) {
  Words names;
  for (const CLI::App* app : {&own, &everywhere}) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back(name);
    }
  }
  const std::string typed = option_name(word);
  const std::string near = typed.starts_with("--") ? nearest(typed.substr(2), names) : std::string{};
  throw UsageError{tr("There is no option {} here.", {typed}),
                   near.empty() ? tr("--help names the options of this command.") : tr("Did you mean --{}?", {near})};
}

Sorted sort_words(const Words& words, const CLI::App& own, const CLI::App& everywhere) {
  Sorted sorted;
  bool operands_only = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (operands_only || !is_option(word)) {
      sorted.operands.push_back(word);
      continue;
    }
    if (word == "--") {
      operands_only = true;
      continue;
    }
    const CLI::Option* option = find_option(own, word);
    Words& to = option != nullptr ? sorted.options : sorted.globals;
    if (option == nullptr) option = find_option(everywhere, word);
    if (option == nullptr) refuse_option(word, own, everywhere);

    const std::size_t equals = word.find('=');
    if (!takes_value(*option)) {
      if (equals != std::string::npos) throw UsageError{tr("{} takes no value.", {option_name(word)}), {}};
      to.push_back(option_name(word));
    } else if (equals != std::string::npos) {
      to.push_back(option_name(word) + word.substr(equals));
    } else if (i + 1 < words.size()) {
      to.push_back(option_name(word) + "=" + words[++i]);
    } else {
      throw UsageError{tr("{} needs a value: {}", {option_name(word), option->get_type_name()}), {}};
    }
  }
  return sorted;
}

void parse(CLI::App& app, Words words) {
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    throw UsageError{tr("The command line cannot be read: {}", {error.what()}), {}};
  }
}

/// What the first words mean, and the words that are left.
struct Found {
  const Command* command;
  std::string path;
  Words rest;
};

Found find_command(const Words& words, const CLI::App& everywhere) {
  Found found{&command_tree(), {}, {}};
  std::size_t i = 0;
  for (; i < words.size() && !found.command->children.empty(); ++i) {
    const std::string& word = words[i];
    if (is_option(word)) {
      found.rest.push_back(word);
      const CLI::Option* option = find_option(everywhere, word);
      const bool value_follows = option != nullptr && takes_value(*option) && word.find('=') == std::string::npos;
      if (value_follows && i + 1 < words.size()) found.rest.push_back(words[++i]);
      continue;
    }
    // "kiz help offer new" is "kiz offer new --help".
    if (found.path.empty() && (folded(word) == "help" || folded(word) == "hilfe")) {
      found.rest.emplace_back("--help");
      continue;
    }
    const Command* next = nullptr;
    for (const Command& child : found.command->children) {
      if (child.named(word)) next = &child;
    }
    if (next == nullptr) {
      const std::string near = nearest_word(*found.command, word);
      const std::string whole = found.path.empty() ? "kiz" : "kiz " + found.path;
      throw UsageError{tr("There is no command \"{}\".", {whole + " " + word}),
                       near.empty() ? tr("{} --help names them all.", {whole}) : tr("Did you mean {}?", {whole + " " + near})};
    }
    found.command = next;
    found.path += (found.path.empty() ? "" : " ") + std::string{next->shown()};
  }
  found.rest.insert(found.rest.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
  return found;
}

/// Looked for before anything else is read: the language of all that follows, and the form of a refusal.
struct Early {
  std::string language;
  bool json = false;
  bool describe = false;  // for the build of man pages and completions
};

Early early(const Words& words) {
  Early found;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    for (const std::string name : {"--lang", "--ausgabesprache"}) {
      if (words[i] == name && i + 1 < words.size()) found.language = words[i + 1];
      if (words[i].starts_with(name + "=")) found.language = words[i].substr(name.size() + 1);
    }
    found.json = found.json || words[i] == "--json";
    found.describe = found.describe || words[i] == "--describe";
  }
  return found;
}

int run_group(const Command& group, const std::string& path, const Words& rest, Globals& globals, CLI::App& everywhere,
              Output& out) {
  CLI::App none;
  none.set_help_flag();
  parse(everywhere, sort_words(rest, none, everywhere).globals);
  if (globals.version) {
    out.line("kiz-sync " + std::string{KIZ_VERSION});
    return 0;
  }
  if (globals.help) {
    print_group_help(out, path, group);
    return 0;
  }
  // A group alone means its list; the program alone means its first screen.
  const Command& first = group.children.front();
  Form form{none};
  const Run run = first.declare(form);
  for (const Form::Operand& operand : form.operands()) {
    if (operand.need == Need::required || operand.need == Need::some) {
      print_group_help(out, path, group);
      return 2;
    }
  }
  Shell shell{globals};
  Json args = form.arguments();
  if (path.empty()) args["first_screen"] = true;
  return run(shell, args);
}

int run_command(const Command& command, const std::string& path, const Words& rest, Globals& globals,
                CLI::App& everywhere, Output& out) {
  CLI::App own;
  own.set_help_flag();
  Form form{own};
  const Run run = command.declare(form);
  Sorted sorted = sort_words(rest, own, everywhere);
  parse(everywhere, sorted.globals);
  parse(own, sorted.options);
  if (globals.help) {
    print_command_help(out, path, command, form, own, everywhere);
    return 0;
  }
  form.take_operands(std::move(sorted.operands));
  Shell shell{globals};
  return run(shell, form.arguments());
}

int refuse(const Refusal& refusal, bool json) {
  if (json) {
    Output{stdout, Colour::never}.json(refusal_envelope({}, refusal));
  } else {
    Output err{stderr, Colour::automatic};
    err.line(refusal.text, Style::bad);
    if (!refusal.hint.empty()) err.line(tr("Next: {}", {refusal.hint}));
  }
  return refusal.exit != 0 ? refusal.exit : exit_code(refusal.code);
}

int run(const Words& words) {
  start_translations();
  const Early at_once = early(words);
  if (!at_once.language.empty()) set_language(at_once.language);
  take_interrupts();

  try {
    if (!at_once.language.empty() && at_once.language != "de" && at_once.language != "en") {
      throw UsageError{tr("\"{}\" is none of the languages de and en.", {at_once.language}), {}};
    }
    Globals globals;
    CLI::App everywhere;
    add_globals(everywhere, globals);
    Output out{stdout, Colour::automatic};
    if (at_once.describe) {
      out.json(description(everywhere));
      return 0;
    }
    const Found found = find_command(words, everywhere);
    return found.command->children.empty()
               ? run_command(*found.command, found.path, found.rest, globals, everywhere, out)
               : run_group(*found.command, found.path, found.rest, globals, everywhere, out);
  } catch (const UsageError& error) {
    return refuse(Refusal{Errc::usage, error.text, error.hint, 0}, at_once.json);
  } catch (const SqlFailure& failure) {
    return refuse(to_refusal(failure.error()), at_once.json);
  } catch (const std::exception& failure) {
    return refuse(to_refusal(Error{Errc::internal, failure.what()}), at_once.json);
  }
}

// Every user of a machine may read the command lines of others: an invite, also one broken into several words, does not stay there.
void hide_invite(int argc, char** argv) {
  bool inside = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word{argv[i]};
    inside = word.starts_with("KIZ1-") || (inside && !word.starts_with('-'));
    if (inside) std::fill_n(argv[i], word.size(), '*');
  }
}
}  // namespace

}  // namespace kiz::cli

int main(int argc, char** argv) {
  kiz::forbid_memory_dumps();
  kiz::mark_own_failures();
  const std::vector<std::string> words{argv + 1, argv + argc};
  kiz::cli::hide_invite(argc, argv);
  const int code = kiz::cli::run(words);
  // What was asked for must have reached its reader: a full disk behind ">" is a failure.
  if (std::fflush(stdout) != 0 && code == 0) return kiz::exit_code(kiz::Errc::io_error);
  return code;
}

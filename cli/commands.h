// The tree of words: what a person may type, in German, in English and with umlauts, and which command it means.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/form.h"

namespace kiz::cli {

class Shell;

/// Runs a command whose arguments were read; returns the exit code.
using Run = std::function<int(Shell&, Json args)>;

struct Command {
  const char* german;
  const char* english;
  const char* summary;               // English msgid, one line
  std::vector<const char*> more = {};  // further accepted words
  Run (*declare)(Form&) = nullptr;   // leaves only
  std::vector<Command> children = {};  // groups only; a group alone means its first child where that needs no operand

  bool named(std::string_view word) const;
  const char* shown() const;  // in the present language
};

/// The whole tree; its root is the program itself.
const Command& command_tree();

// One function for each cmd_*.cc.
std::vector<Command> status_commands();
std::vector<Command> setup_commands();
std::vector<Command> member_commands();
std::vector<Command> quarantine_commands();
std::vector<Command> key_commands();
std::vector<Command> offer_commands();
std::vector<Command> count_commands();
std::vector<Command> consent_commands();
std::vector<Command> conflict_commands();
std::vector<Command> report_commands();
std::vector<Command> config_commands();
std::vector<Command> demo_commands();
std::vector<Command> dump_commands();
std::vector<Command> backup_commands();
std::vector<Command> doctor_commands();
std::vector<Command> service_commands();
std::vector<Command> bugreport_commands();

/// The word of `command`'s children nearest to a mistyped one; empty when none is near.
std::string nearest_word(const Command& command, const std::string& typed);

/// "ae" for "ä" and so on, lower case: umlauts and their spellings are one word.
std::string folded(std::string_view word);

}  // namespace kiz::cli

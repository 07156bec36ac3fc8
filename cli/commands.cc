#include "cli/commands.h"

#include <algorithm>

#include "cli/cmd_bundle.h"
#include "cli/cmd_erasure.h"
#include "cli/cmd_privacy.h"
#include "cli/cmd_rule.h"
#include "libclient/complaint.h"
#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz::cli {

std::string folded(std::string_view word) {
  // registry::fold writes "_" for "-"; words of commands have neither.
  return registry::fold(word);
}

bool Command::named(std::string_view word) const {
  const std::string typed = folded(word);
  if (typed == folded(german) || typed == folded(english)) return true;
  for (const char* other : more) {
    if (typed == folded(other)) return true;
  }
  return false;
}

const char* Command::shown() const { return language() == "de" ? german : english; }

namespace {
// What a clerk needs comes first: `kiz --help` describes as many as fit one screen.
std::size_t place(const Command& command) {
  constexpr std::string_view first[] = {"status", "sync", "offer", "need", "counts", "consent", "conflict", "report",
                                        "undo", "bundle", "offline", "online", "join", "init", "member", "device"};
  return static_cast<std::size_t>(std::find(std::begin(first), std::end(first), command.english) - std::begin(first));
}
}  // namespace

const Command& command_tree() {
  static const Command root = [] {
    Command top{"kiz", "kiz", ""};
    for (auto group : {status_commands, setup_commands, offer_commands, count_commands, consent_commands, conflict_commands,
                       report_commands, bundle_commands, member_commands, rule_commands, doctor_commands, backup_commands,
                       key_commands, quarantine_commands, erasure_commands, privacy_commands, config_commands,
                       service_commands, bugreport_commands, dump_commands, demo_commands}) {
      for (Command& command : group()) top.children.push_back(std::move(command));
    }
    std::stable_sort(top.children.begin(), top.children.end(), [](const Command& a, const Command& b) { return place(a) < place(b); });
    return top;
  }();
  return root;
}

std::string nearest_word(const Command& command, const std::string& typed) {
  std::vector<std::string> words;
  for (const Command& child : command.children) {
    words.emplace_back(child.german);
    words.emplace_back(child.english);
    words.insert(words.end(), child.more.begin(), child.more.end());
  }
  const std::string near = nearest(typed, words);
  if (near.empty()) return {};
  for (const Command& child : command.children) {
    if (child.named(near)) return child.shown();
  }
  return near;
}

}  // namespace kiz::cli

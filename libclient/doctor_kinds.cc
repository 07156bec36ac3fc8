#include "libclient/doctor_kinds.h"

#include <algorithm>
#include <vector>

namespace kiz::doctor {

namespace {
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view{"/._-+:@%,="}.find(c) != std::string_view::npos;
}

// The command is pasted into a shell, often by root.
std::string shell_word(const std::string& word) {
  if (!word.empty() && word[0] != '-' && std::all_of(word.begin(), word.end(), is_plain)) return word;
  std::string quoted = word.starts_with('-') ? "'./" : "'";
  for (const char c : word) quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return quoted + "'";
}
}  // namespace

std::string mend_of(const Kind& kind, std::initializer_list<std::string> pieces) {
  std::string command = tr(kind.mend);
  std::size_t at = 0;
  for (const std::string& piece : pieces) {
    at = command.find("{}", at);
    if (at == std::string::npos) break;
    const std::string word = shell_word(piece);
    command.replace(at, 2, word);
    at += word.size();
  }
  return command;
}

const char* name_of(State state) {
  switch (state) {
    case State::good: return "good";
    case State::note: return "note";
    case State::warning: return "warning";
    case State::bad: return "bad";
  }
  return "bad";
}

}  // namespace kiz::doctor

// `kiz doctor`: what an administrator would look at, in one place. Each finding is a sentence and, where something can be
// done, the one command that mends it. Nobody is called; the command line itself tries the network. Nothing is changed, but
// for a thorough look at a store that turns out damaged: what can be derived is derived anew, and what only others can give
// is noted, so that the next exchange brings it.
#pragma once

#include <string>
#include <vector>

#include "libclient/requests.h"

namespace kiz::doctor {

/// good: looked at and fine. note: worth knowing. warning: works, but somebody should act. bad: does not work.
enum class State { good, note, warning, bad };

struct Finding {
  const char* check;  // "service", "store", "integrity", "clock", "network", "membership", "backup", "disk", "version", "permissions"
  State state = State::good;
  std::string text;
  std::string mend = {};  // a command, may be empty
  int exit = 0;           // of a bad one: the exit code that says what is wrong
};

struct Scope {
  bool network = true, store = true, clock = true;
  bool thorough = false;  // also what takes long: every signature of a large store
  bool rest = true;       // all the others
};

struct Report {
  std::vector<Finding> findings;
  std::uint64_t damaged_entries = 0;  // that are asked of peers from now on
  Json forks = Json::array();  // [{"log", "member", "device", "seq", "branches": [{"seq", "entry", "signature"}]}]
  void add(Finding finding) { findings.push_back(std::move(finding)); }
};

/// All checks of the scope on an open replica. `running`: what the daemon says of itself, null without one:
/// {"version", "listen": [...], "peers": [...], "last_failure": code or null, "backup_age_max_days"}
Report examine(Replica& replica, const Json& running, const Scope& scope);

/// What can be said where the store does not open.
Report examine_closed(const Refusal& refusal);

/// 0; 3: warnings; else the exit code of the first bad finding.
int exit_of(const Report& report);
/// {"findings": [{"check", "state", "text", "mend"}], "forks", "damaged_entries", "good", "notes", "warnings", "bad"}
Json to_json(const Report& report);

}  // namespace kiz::doctor

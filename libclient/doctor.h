// `kiz doctor`: what an administrator would look at, in one place. Each finding is a sentence and, unless all is well, the
// one command that mends it (doctor_kinds.h). Nobody is called; the command line itself tries the network. Nothing is changed,
// but for a thorough look at a store that turns out damaged: what can be derived is derived anew, and what only others can
// give is noted, so that the next exchange brings it.
#pragma once

#include <string>
#include <vector>

#include "libclient/doctor_kinds.h"
#include "libclient/requests.h"

namespace kiz::doctor {

struct Finding {
  const Kind* kind;
  std::string text;  // a sentence
  std::string mend;  // the command of its kind
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
  /// `pieces`: what goes into the command of the kind.
  void add(const Kind& kind, std::string text, std::initializer_list<std::string> pieces = {}) {
    findings.push_back({&kind, std::move(text), mend_of(kind, pieces)});
  }
};

/// All checks of the scope on an open replica. `running`: what the daemon says of itself, null without one:
/// {"version", "listen": [...], "peers": [...], "last_failure": code or null, "backup_age_max_days"}
Report examine(Replica& replica, const Json& running, const Scope& scope);

/// What can be said where the store does not open. `at`: the folder of the store. Who the daemon does not let in, or does
/// not answer, is found by whoever asked it.
Report examine_closed(const Refusal& refusal, const std::string& at);

/// 0; 3: warnings; else the exit code of the first bad finding.
int exit_of(const Report& report);
/// {"findings": [{"name", "check", "state", "text", "mend"}], "forks", "damaged_entries", "good", "notes", "warnings", "bad"}
Json to_json(const Report& report);
/// Adds one to what to_json() made.
void add_to(Json& data, const Finding& finding);

}  // namespace kiz::doctor

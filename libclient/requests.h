// What the command line and the dashboard ask of a replica, and its answers: one JSON object each way.
//
// The same call serves `kiz` on a store of its own and the daemon behind its control socket, so there is one way to do
// each thing. `data` in the reply is what `--json` prints (CLI contract); the command line renders its text from it.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kiz/progress.h"
#include "kiz/replica.h"

namespace kiz {

using Json = nlohmann::ordered_json;
struct InviteDraft;  // enrolment.h

/// What a local user may do; each contains the ones before. The replica's own grants are the upper bound.
enum class LocalRole : std::uint8_t { none, read, edit, consent, administer };

struct Caller {
  LocalRole role = LocalRole::administer;
  std::string actor;     // name for the erasable part of entries
  std::string language;  // "de" or "en"
};

/// What the requests need besides the replica: facts that only the running program knows.
struct Surroundings {
  /// Peers as the daemon knows them: [{name, reachable, acknowledged, pending, last_contact}]; null without a daemon.
  std::function<Json()> peers;
  /// What the daemon says of itself (libclient/doctor.h); null without a daemon.
  std::function<Json()> running = {};
  /// Called after a commit, so that it is pushed at once.
  std::function<void()> committed;
  /// An invite whose check number was stretched beforehand; null, or none given: it is stretched here.
  std::function<std::unique_ptr<InviteDraft>()> stretched_invite;
  /// Told how far a long request has come. Throws where the asker has gone: what goes on then ends and changes nothing.
  Watch progress = {};
};

struct Warning {
  std::string code;  // "W_..."
  std::string text;
};

/// A reply before it is put into the envelope of `--json`.
struct Reply {
  Json data = Json::object();
  std::vector<Warning> warnings;
  int exit = 0;  // 0, or 3 with warnings about the command's own work
};

/// A refusal with its sentence: what happened, what is safe, what to do next.
struct Refusal {
  Errc code = Errc::internal;
  std::string text;
  std::string hint;  // a command to run, or empty
  int exit = 0;      // 0: the exit code of `code`
};

/// One request handler. Arguments are checked by the handler: bad ones are refused with Errc::usage or invalid_input.
struct RequestContext {
  Replica& replica;
  const Caller& caller;
  const Surroundings& surroundings;
  const Json& args;
  bool dry_run = false;

  Actor actor() const { return Actor{caller.actor}; }
};

using Answer = std::variant<Reply, Refusal>;
using Handler = std::function<Answer(RequestContext&)>;

struct RequestKind {
  const char* name;  // "offer.new"
  LocalRole role;    // least role that may ask it
  Handler handler;
};

/// Tables of the handlers, one for each group; each stands in requests_<group>.cc.
std::vector<RequestKind> offer_requests();
std::vector<RequestKind> count_requests();
std::vector<RequestKind> consent_requests();
std::vector<RequestKind> report_requests();
std::vector<RequestKind> conflict_requests();
std::vector<RequestKind> member_requests();
std::vector<RequestKind> status_requests();
std::vector<RequestKind> dump_requests();
std::vector<RequestKind> quarantine_requests();
std::vector<RequestKind> key_requests();
std::vector<RequestKind> backup_requests();
std::vector<RequestKind> doctor_requests();

/// {"request": "offer.new", "args": {...}, "dry_run": false} -> the envelope
/// {"schema": "kiz.offer.new/1", "ok": true, "exit": 0, "data": {...}, "warnings": [...]} or with "error".
Json execute(Replica& replica, const Json& request, const Caller& caller, const Surroundings& surroundings);

/// The envelope around a refusal that arose before a replica could be asked.
Json refusal_envelope(const std::string& request, const Refusal& refusal);

}  // namespace kiz

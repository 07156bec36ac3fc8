#include "cli/setup.h"

#include "cli/progress_line.h"
#include "cli/text.h"
#include "libclient/dial.h"
#include "libclient/refusals.h"
#include "libclient/requests_setup.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
using namespace std::chrono_literals;

Json request_of(Shell& shell, const char* name, const Json& args) {
  return {{"request", name}, {"args", args}, {"dry_run", shell.globals.dry_run}};
}

void warn(Json& envelope, const char* code, const std::string& text) {
  envelope["warnings"].push_back({{"code", code}, {"text", text}});
}

void show_code(Shell& shell, const std::string& code) {
  shell.err.line(tr("The Kreis must confirm this device. Compare with what is shown there: {}", {code}), Style::bold);
  shell.err.flush();
}

bool is_about_the_invite(Errc code) {
  return (code >= Errc::invite_used && code <= Errc::invite_unknown) || code == Errc::not_permitted;
}
}  // namespace

Json set_up(Shell& shell, const Json& args) {
  if (shell.daemon()) return shell.ask("setup", args);
  Begun begun = execute_setup(shell.replica_options(), request_of(shell, "setup", args), shell.caller());
  if (begun.replica != nullptr) shell.adopt(std::move(begun.replica));
  return std::move(begun.envelope);
}

Json prepare_join(Shell& shell, const Json& args) {
  if (shell.daemon()) return shell.ask("join", args);
  Begun begun = execute_join(shell.replica_options(), request_of(shell, "join", args), shell.caller());
  if (begun.replica != nullptr) shell.adopt(std::move(begun.replica));
  return std::move(begun.envelope);
}

Json join(Shell& shell, const Json& args) {
  if (shell.daemon()) return shell.ask("join", args);
  Begun begun = execute_join(shell.replica_options(), request_of(shell, "join", args), shell.caller());
  if (begun.replica == nullptr) return std::move(begun.envelope);

  Replica& replica = *begun.replica;
  const auto met = exchange_once(replica, shell.timeout(60s), false, [&](const std::string& code) { show_code(shell, code); });
  shell.adopt(std::move(begun.replica));
  const Identity self = replica.identity();
  Json& data = begun.envelope["data"];
  data["joined"] = self.joined;
  data["member"] = self.joined ? Json(self.member) : Json();
  data["member_name"] = self.joined ? Json(self.member_name) : Json();
  data["realm"] = self.joined ? Json(self.realm_name) : Json();
  if (!met && is_about_the_invite(met.error().code)) return refusal_envelope("join", to_refusal(met.error()));
  if (!met && shell.globals.wait) return refusal_envelope("join", to_refusal(met.error()));
  if (!met) {
    warn(begun.envelope, "W_UNREACHABLE",
         self.joined ? tr("The connection broke before everything was exchanged. It goes on with: kiz sync")
                     : tr("The Kreis was not reached. The invite is kept; try again with: kiz sync"));
  }
  return std::move(begun.envelope);
}

Json sync_without_daemon(Shell& shell, const Json&) {
  auto replica = shell.replica();
  if (!replica) return refusal_envelope("sync", to_refusal(replica.error()));
  ProgressLine line{shell.err, !shell.globals.quiet};
  const auto met = exchange_once(**replica, shell.timeout(60s), false, [&](const std::string& code) { show_code(shell, code); },
                                 line.watch());
  line.clear();
  // The node of the Kreis calls nobody: without a daemon it waits for nobody either.
  const bool called_only = !met && met.error().code == Errc::not_set_up && (*replica)->identity().is_authority;
  if (called_only && shell.globals.wait) {
    return refusal_envelope("sync", Refusal{Errc::unreachable,
                                            tr("The towns call this machine, and no kizd runs that could answer. What was entered is safe and waits here."),
                                            tr("Start kizd, or name a store with --store."), 0});
  }
  if (!met && !called_only && (shell.globals.wait || met.error().code != Errc::unreachable)) {
    return refusal_envelope("sync", to_refusal(met.error()));
  }
  const auto pending = (*replica)->figures().pending;
  Json peer{{"name", (*replica)->identity().realm_name}, {"reachable", static_cast<bool>(met)}, {"pending", pending}};
  Json envelope{{"schema", "kiz.sync/1"},
                {"ok", true},
                {"exit", 0},
                {"data", {{"peers", Json::array({std::move(peer)})}, {"pending", pending}, {"in_sync", met && met->in_sync}}},
                {"warnings", Json::array()}};
  if (!met) warn(envelope, "W_UNREACHABLE", tr("The Kreis was not reached. What was entered is safe and waits here."));
  return envelope;
}

}  // namespace kiz::cli

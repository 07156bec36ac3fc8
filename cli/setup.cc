#include "cli/setup.h"

#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
Json only_with_daemon(const char* request) {
  return refusal_envelope(request, Refusal{Errc::unreachable, tr("This needs a running kizd, and none answers here. Nothing was changed."),
                                           tr("Start kizd, or name its socket with --socket."), 1});
}
}  // namespace

Json set_up(Shell& shell, const Json& args) {
  return shell.daemon() ? shell.ask("setup", args) : only_with_daemon("setup");
}

Json join(Shell& shell, const Json& args) {
  return shell.daemon() ? shell.ask("join", args) : only_with_daemon("join");
}

Json sync_without_daemon(Shell&, const Json&) { return only_with_daemon("sync"); }

}  // namespace kiz::cli

// doctor   {"network", "store", "clock": asked for alone, "all"} -> doctor::to_json, and {"dials": where the Kreis is called}
#include "libclient/doctor.h"
#include "libclient/keyring.h"
#include "libclient/replica_core.h"
#include "libclient/request_support.h"

namespace kiz {

namespace {
Answer examine(RequestContext& context) {
  const bool all = request::flag(context.args, "all");
  const bool network = request::flag(context.args, "network"), store = request::flag(context.args, "store"), clock = request::flag(context.args, "clock");
  const bool some = (network || store || clock) && !all;
  const doctor::Scope scope{!some || network, !some || store, !some || clock, all || store, !some};
  const Json running = context.surroundings.running ? context.surroundings.running() : Json();
  const doctor::Report report = doctor::examine(context.replica, running, scope);
  Reply reply{doctor::to_json(report), {}, doctor::exit_of(report)};
  reply.data["dials"] = context.replica.core().files().keyring().kreis_addresses;
  reply.data["daemon"] = running.is_object() ? running.value("version", Json()) : Json();
  return reply;
}
}  // namespace

std::vector<RequestKind> doctor_requests() { return {{"doctor", LocalRole::read, examine}}; }

}  // namespace kiz

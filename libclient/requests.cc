#include "libclient/requests.h"

#include "libclient/refusals.h"
#include "libclient/requests_bundle.h"
#include "libclient/requests_checkpoint.h"
#include "libclient/requests_erasure.h"
#include "libclient/requests_privacy.h"
#include "libclient/requests_privacy_record.h"
#include "libclient/requests_rule.h"
#include "libclient/translate.h"

namespace kiz {

namespace {
std::vector<RequestKind> all_requests() {
  std::vector<RequestKind> all;
  const auto add = [&all](std::vector<RequestKind> group) {
    for (RequestKind& kind : group) all.push_back(std::move(kind));
  };
  add(status_requests());
  add(dump_requests());
  add(bundle_requests());
  add(erasure_requests());
  add(privacy_requests());
  add(privacy_record_requests());
  add(checkpoint_requests());
  add(backup_requests());
  add(doctor_requests());
  add(member_requests());
  add(rule_requests());
  add(quarantine_requests());
  add(key_requests());
#ifdef KIZ_HAS_OFFER_REQUESTS
  add(offer_requests());
#endif
#ifdef KIZ_HAS_COUNT_REQUESTS
  add(count_requests());
#endif
#ifdef KIZ_HAS_CONSENT_REQUESTS
  add(consent_requests());
#endif
#ifdef KIZ_HAS_REPORT_REQUESTS
  add(report_requests());
#endif
#ifdef KIZ_HAS_CONFLICT_REQUESTS
  add(conflict_requests());
#endif
  return all;
}

const RequestKind* find_request(const std::string& name) {
  static const std::vector<RequestKind> all = all_requests();
  for (const RequestKind& kind : all) {
    if (name == kind.name) return &kind;
  }
  return nullptr;
}

Json warnings_json(const std::vector<Warning>& warnings) {
  Json list = Json::array();
  for (const Warning& warning : warnings) list.push_back({{"code", warning.code}, {"text", warning.text}});
  return list;
}

Json reply_envelope(const std::string& request, Reply reply) {
  Json out = Json::object();
  // An object that grows copies what it holds, with all that lies below.
  out.get_ref<Json::object_t&>().reserve(5);
  out["schema"] = "kiz." + request + "/1";
  out["ok"] = true;
  out["exit"] = reply.exit;
  out["data"] = std::move(reply.data);
  out["warnings"] = warnings_json(reply.warnings);
  return out;
}

const char* word_for(LocalRole role) {
  switch (role) {
    case LocalRole::none: return "keine";
    case LocalRole::read: return "lesen";
    case LocalRole::edit: return "bearbeiten";
    case LocalRole::consent: return "einvernehmen";
    case LocalRole::administer: return "verwalten";
  }
  return "keine";
}

Answer answer(const RequestKind& kind, Replica& replica, const Caller& caller, const Surroundings& surroundings,
              const Json& args, bool dry_run) {
  if (caller.role < kind.role) {
    return Refusal{Errc::not_permitted,
                   tr("This needs the role \"{}\", and you have \"{}\" on this machine. Nothing was changed.",
                      {word_for(kind.role), word_for(caller.role)}),
                   tr("Ask the administrator of this machine to put you into the right group."), 0};
  }
  RequestContext context{replica, caller, surroundings, args, dry_run};
  return kind.handler(context);
}
}  // namespace

Json refusal_envelope(const std::string& request, const Refusal& refusal) {
  Json error = to_json(refusal);
  return Json{{"schema", "kiz." + (request.empty() ? std::string{"error"} : request) + "/1"},
              {"ok", false},
              {"exit", error["exit"]},
              {"data", Json::object()},
              {"warnings", Json::array()},
              {"error", std::move(error)}};
}

Json execute(Replica& replica, const Json& request, const Caller& caller, const Surroundings& surroundings) {
  set_language(caller.language);
  const auto refused = [](const std::string& name, const std::string& text) {
    return refusal_envelope(name, Refusal{Errc::usage, text, tr("kiz help"), 0});
  };

  const auto named = request.find("request");
  if (named == request.end() || !named->is_string()) return refused({}, tr("The request has no name."));
  const auto name = named->get<std::string>();
  const RequestKind* kind = find_request(name);
  if (kind == nullptr) return refused({}, tr("This program does not know the request \"{}\".", {name}));

  const Json args = request.value("args", Json::object());
  if (!args.is_object()) return refused(name, tr("The arguments of the request are not an object."));
  const auto dry_run = request.find("dry_run");
  const bool dry = dry_run != request.end() && dry_run->is_boolean() && dry_run->get<bool>();

  try {
    Answer result = answer(*kind, replica, caller, surroundings, args, dry);
    if (auto* refusal = std::get_if<Refusal>(&result)) return refusal_envelope(name, *refusal);
    return reply_envelope(name, std::move(std::get<Reply>(result)));
  } catch (const Json::exception&) {
    // Handlers read arguments as the types they expect; another type there is the asker's mistake, found before any edit.
    return refused(name, tr("An argument of the request has the wrong type. Nothing was changed."));
  }
}

}  // namespace kiz

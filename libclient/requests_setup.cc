#include "libclient/requests_setup.h"

#include <unistd.h>

#include <algorithm>

#include "libclient/enrolment.h"
#include "libclient/keyring.h"
#include "libclient/places.h"
#include "libclient/recovery.h"
#include "libclient/refusals.h"
#include "libclient/replica_core.h"
#include "libclient/request_support.h"
#include "libclient/translate.h"

namespace kiz {

namespace {
using request::Or;
using request::refuse;

Begun refused(const char* name, const Refusal& refusal) { return {refusal_envelope(name, refusal), nullptr}; }

Json done(const char* name, Json data, Json warnings = Json::array()) {
  return {{"schema", std::string{"kiz."} + name + "/1"},
          {"ok", true},
          {"exit", 0},
          {"data", std::move(data)},
          {"warnings", std::move(warnings)}};
}

std::optional<Refusal> check_caller(const Caller& caller) {
  if (caller.role >= LocalRole::administer) return std::nullopt;
  return refuse(Errc::not_permitted, tr("Only an administrator of this machine may set it up. Nothing was changed."),
                tr("Ask the administrator of this machine to put you into the right group."));
}

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "kiz";
}

/// The area that is meant: by key where one is given, else by name.
Or<const places::Area*> area_of(const std::string& key, const std::string& name) {
  if (!key.empty()) {
    if (const auto* area = places::find_area(key)) return area;
    return static_cast<const places::Area*>(nullptr);  // outside the register; the members must be given then
  }
  if (const auto* area = places::find_area(name)) return area;
  const auto found = places::find_areas(name);
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return refuse(Errc::invalid_input, tr("No Kreis or city of that name is in the register: {}. Nothing was changed.", {name}),
                  tr("Give its key: kiz init --kreis NAME --ags KEY"));
  }
  std::string all;
  for (const auto* area : found) all += (all.empty() ? "" : ", ") + area->name + " (" + area->key + ")";
  return refuse(Errc::ambiguous, tr("Several are meant by {}: {}. Nothing was changed.", {name, all}),
                tr("Give its key: kiz init --kreis NAME --ags KEY"));
}

bool is_key(const std::string& key) {
  return (key.size() == 5 || key.size() == 8) && std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Or<RealmPlan> plan_of(const Json& args) {
  RealmPlan plan;
  plan.name = request::text(args, "name");
  plan.authority = request::text(args, "ags");
  if (plan.name.empty() && plan.authority.empty()) {
    return refuse(Errc::usage, tr("Which Kreis or city?"), tr("kiz init --kreis NAME --ags KEY"));
  }
  if (!plan.authority.empty() && !is_key(plan.authority)) {
    return refuse(Errc::invalid_input, tr("\"{}\" is no key: 5 digits of a Kreis, or 8 of a city. Nothing was changed.", {plan.authority}));
  }
  auto area = area_of(plan.authority, plan.name);
  if (!area) return area.refusal();
  if (*area != nullptr) {
    // A name that was given stays: an office may call its centre as it likes.
    if (plan.name.empty() || plan.authority.empty()) plan.name = (*area)->name;
    if (plan.authority.empty()) plan.authority = (*area)->single_city ? (*area)->members.front() : (*area)->key;
  }
  std::vector<std::string> members = request::texts(args, "members");
  if (members.empty() && *area != nullptr) members = (*area)->members;
  if (members.empty()) {
    return refuse(Errc::invalid_input, tr("The key {} is not in the register, so its towns must be named. Nothing was changed.", {plan.authority}),
                  tr("kiz init --kreis NAME --ags KEY --members KEY,KEY,..."));
  }
  for (const std::string& member : members) {
    const auto key = places::resolve(member, tr("member"));
    if (!key) return refuse(Errc::invalid_input, tr("No town of the register is meant by \"{}\". Nothing was changed.", {member}));
    if (std::any_of(plan.members.begin(), plan.members.end(), [&](const auto& known) { return known.id == key.value; })) continue;
    plan.members.push_back({key.value, places::display_name(key.value)});
  }
  for (const std::string& given : request::texts(args, "addresses")) {
    auto address = request::dialled_address(given);
    if (!address) return address.refusal();
    plan.addresses.push_back(*address);
  }
  if (const std::string listen = request::text(args, "listen"); !listen.empty()) plan.listen = {listen};
  plan.device = request::text(args, "device");
  if (plan.device.empty()) plan.device = machine_name();
  return plan;
}

Begun restore(ReplicaOptions options, const Json& args, bool dry_run) {
  const auto sheet = decode_sheet(request::text(args, "sheet"));
  if (!sheet) {
    return refused("restore", refuse(Errc::invalid_input, tr("This is no emergency sheet, or a character of it was misread: it begins with KIZN1 and "
                                                           "has 23 groups. Nothing was changed.")));
  }
  RestorePlan plan;
  for (const std::string& given : request::texts(args, "addresses")) {
    auto address = request::dialled_address(given);
    if (!address) return refused("restore", address.refusal());
    plan.addresses.push_back(*address);
  }
  if (const std::string listen = request::text(args, "listen"); !listen.empty()) plan.listen = {listen};
  plan.device = request::text(args, "device");
  if (plan.device.empty()) plan.device = machine_name();
  Json data{{"realm", nullptr}, {"restoring", true}, {"addresses", plan.addresses}, {"listen", request::text(args, "listen")}};
  if (dry_run) return {done("restore", std::move(data)), nullptr};
  auto begun = begin_restore(std::move(options), *sheet, plan);
  if (!begun) return refused("restore", to_refusal(begun.error()));
  return {done("restore", std::move(data)), std::move(*begun)};
}
}  // namespace

Begun execute_setup(ReplicaOptions options, const Json& request, const Caller& caller) {
  set_language(caller.language);
  if (auto refusal = check_caller(caller)) return refused("setup", *refusal);
  const Json args = request.value("args", Json::object());
  if (request::flag(args, "restore")) return restore(std::move(options), args, request.value("dry_run", false));
  auto plan = plan_of(args);
  if (!plan) return refused("setup", plan.refusal());

  Json members = Json::array();
  for (const auto& member : plan->members) members.push_back({{"ags", member.id}, {"name", member.name}});
  Json data{{"realm", plan->name}, {"ags", plan->authority}, {"member", plan->authority}, {"towns", plan->members.size()},
            {"members", std::move(members)}, {"addresses", plan->addresses}, {"listen", request::text(args, "listen")}};
  Json warnings = Json::array();
  if (plan->addresses.empty()) {
    warnings.push_back({{"code", "W_NO_ADDRESS"},
                        {"text", tr("No address was given, so nobody can be invited yet. Give one with kiz member address HOST:PORT.")}});
  }
  if (request.value("dry_run", false)) return {done("setup", std::move(data), std::move(warnings)), nullptr};
  auto founded = found_realm(std::move(options), *plan);
  if (!founded) return refused("setup", to_refusal(founded.error()));
  data["emergency_sheet"] = founded->emergency_sheet;
  return {done("setup", std::move(data), std::move(warnings)), std::move(founded->replica)};
}

Begun execute_join(ReplicaOptions options, const Json& request, const Caller& caller) {
  set_language(caller.language);
  if (auto refusal = check_caller(caller)) return refused("join", *refusal);
  const Json args = request.value("args", Json::object());
  const std::string invite = request::text(args, "invite"), check = request::text(args, "check");
  if (invite.empty() || check.empty()) {
    return refused("join", refuse(Errc::usage, tr("Joining needs an invite and its check number."), tr("kiz join INVITE")));
  }
  std::string device = request::text(args, "device");
  if (device.empty()) device = machine_name();

  auto replica = prepare_join(options, invite, check, device);
  if (!replica && replica.error().code == Errc::already_set_up) {
    // The first try may have had a wrong number, or found nobody: the same device goes on.
    auto opened = Replica::open(options);
    if (opened && !(*opened)->identity().joined) {
      if (auto retried = retry_join(**opened, check); !retried) return refused("join", to_refusal(retried.error()));
      replica = std::move(*opened);
    }
  }
  if (!replica) return refused("join", to_refusal(replica.error()));
  const Json addresses = (*replica)->core().files().keyring().kreis_addresses;
  return {done("join", {{"joined", false}, {"device", device}, {"addresses", addresses}}), std::move(*replica)};
}

}  // namespace kiz

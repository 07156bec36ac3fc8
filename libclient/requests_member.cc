// Requests about members and devices: who belongs to the realm, invites, locking out, renewing.
#include <algorithm>

#include "libclient/collation.h"
#include "libclient/enrolment.h"
#include "libclient/keyring.h"
#include "libclient/months.h"
#include "libclient/places.h"
#include "libclient/refusals.h"
#include "libclient/replica_core.h"
#include "libclient/request_support.h"
#include "libclient/requests.h"
#include "libclient/space_name.h"
#include "libclient/translate.h"
#include "protocol/membership.h"
#include "protocol/registry.h"

namespace kiz {

namespace {
using request::refuse;

constexpr std::uint64_t soon_ms = 90ull * 24 * 60 * 60 * 1000;  // an admission that ends within this is renewed in one go

std::string device_ref(const Membership& membership, const Device& device) {
  return "G-" + std::to_string(&device - membership.devices().data() + 1);
}

const char* state_of(const std::vector<const Device*>& devices, std::uint64_t now_ms) {
  if (devices.empty()) return "named";
  const auto counts = [now_ms](const Device* device) { return !device->revoked && device->admitted_until_ms > now_ms; };
  if (std::any_of(devices.begin(), devices.end(), counts)) return "active";
  const bool revoked = std::all_of(devices.begin(), devices.end(), [](const Device* device) { return device->revoked; });
  return revoked ? "revoked" : "expired";
}

const char* word_for(MemberRole role) {
  return role == MemberRole::kreis ? "kreis" : role == MemberRole::land ? "land" : "municipality";
}

Json time_or_null(std::uint64_t ms) { return ms == 0 ? Json() : Json(months::instant(ms)); }

std::vector<const Device*> devices_of(const Membership& membership, const MemberId& member) {
  std::vector<const Device*> found;
  for (const Device& device : membership.devices()) {
    if (device.member == member) found.push_back(&device);
  }
  return found;
}

/// The Kreis comes first in a list, then the others by name.
std::string place_in_list(const RequestContext& context, const MemberId& member) {
  return member == context.replica.membership().authority() ? std::string{} : collation::key(request::member_name(context.replica, member));
}

/// Rows with what each is sorted by, as a list.
Json in_order(std::vector<std::pair<std::string, Json>> rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Json out = Json::array();
  for (auto& [key, row] : rows) out.push_back(std::move(row));
  return out;
}

/// member.list   data: {"members": [{"ags", "name", "role", "state", "devices", "admitted_until"}]}
/// state: named (no device yet), active, expired, revoked
Answer list_members(RequestContext& context) {
  const Membership& membership = context.replica.membership();
  std::vector<std::pair<std::string, Json>> rows;
  for (const Member& member : membership.members()) {
    const auto devices = devices_of(membership, member.id);
    std::uint64_t until = 0;
    for (const Device* device : devices) {
      if (!device->revoked) until = std::max(until, device->admitted_until_ms);
    }
    rows.emplace_back(place_in_list(context, member.id), Json{{"ags", member.id},
                                                              {"name", member.name},
                                                              {"role", word_for(member.role)},
                                                              {"state", state_of(devices, context.replica.now_ms())},
                                                              {"devices", devices.size()},
                                                              {"admitted_until", time_or_null(until)}});
  }
  return Reply{{{"members", in_order(std::move(rows))}}, {}, 0};
}

Json rights_json(Rights rights) {
  Json words = Json::array();
  for (const auto& [right, word] : {std::pair{Right::write, "write"}, std::pair{Right::consent, "consent"},
                                    std::pair{Right::erase, "erase"}, std::pair{Right::admin, "admin"}}) {
    if ((rights & static_cast<Rights>(right)) != 0) words.push_back(word);
  }
  return words;
}

/// device.list   data: {"devices": [{"ref", "name", "member", "member_name", "rights", "admitted_until", "revoked", "self"}]}
Answer list_devices(RequestContext& context) {
  const Membership& membership = context.replica.membership();
  const AuthorKey self = context.replica.identity().author;
  std::vector<std::pair<std::string, Json>> rows;
  for (const Device& device : membership.devices()) {
    rows.emplace_back(place_in_list(context, device.member), Json{{"ref", device_ref(membership, device)},
                                                                  {"name", device.name},
                                                                  {"member", device.member},
                                                                  {"member_name", request::member_name(context.replica, device.member)},
                                                                  {"rights", rights_json(device.rights)},
                                                                  {"admitted_until", time_or_null(device.admitted_until_ms)},
                                                                  {"revoked", device.revoked},
                                                                  {"self", device.author == self}});
  }
  return Reply{{{"devices", in_order(std::move(rows))}}, {}, 0};
}

request::Or<InviteOptions> invite_options(const Json& args) {
  InviteOptions options;
  const std::int64_t days = args.value("days", std::int64_t{14});
  if (days < 1 || days > 365) return refuse(Errc::invalid_input, tr("An invite is good for 1 to 365 days. Nothing was changed."));
  options.valid_days = static_cast<std::uint64_t>(days);
  options.needs_confirmation = request::flag(args, "confirm");
  const std::string role = request::text(args, "role");
  const auto write = static_cast<Rights>(Right::write);
  if (role.empty() || role == "einvernehmen" || role == "consent") {
    options.rights = rights_of_an_office;
  } else if (role == "bearbeiten" || role == "edit") {
    options.rights = write;
  } else if (role == "datenschutz" || role == "privacy") {
    options.rights = rights_of_an_office | static_cast<Rights>(Right::erase);
  } else if (role == "lesen" || role == "read") {
    options.rights = 0;
  } else {
    return refuse(Errc::invalid_input, tr("\"{}\" is none of the roles read, edit, consent, privacy. Nothing was changed.", {role}));
  }
  return options;
}

Refusal cannot_invite(const Error& error) {
  if (error.code == Errc::not_permitted) {
    return refuse(Errc::not_permitted, tr("Invites are made by the Kreis, on its own machine. Nothing was changed."));
  }
  if (error.code == Errc::invalid_input) {
    return refuse(Errc::invalid_input, tr("It is not known yet which address the towns dial. Nothing was changed."),
                  tr("kiz member address HOST:PORT"));
  }
  if (error.code == Errc::over_limit) {
    return refuse(Errc::over_limit, tr("A thousand invites are open that nobody has used. Nothing was changed."), tr("kiz member list"));
  }
  return to_refusal(error);
}

Result<InviteIssued> make_invite(RequestContext& context, const MemberId& member, const InviteOptions& options) {
  auto prepared = context.surroundings.stretched_invite ? context.surroundings.stretched_invite() : nullptr;
  return prepared ? issue_invite(context.replica, member, options, std::move(*prepared)) : issue_invite(context.replica, member, options);
}

Json invite_json(const Replica& replica, const MemberId& member, const InviteIssued& issued) {
  return {{"ags", member},
          {"name", request::member_name(replica, member)},
          {"invite", issued.invite},
          {"check", issued.check},
          {"expires", months::instant(issued.expires_ms)}};
}

/// member.invite  {"member", "role"?: read|edit|consent|privacy, "days"?, "confirm"?}
/// data: {"ags", "name", "invite", "check", "expires"}
Answer invite(RequestContext& context) {
  if (auto refused = request::need_authority(context)) return *refused;
  const std::string given = request::text(context.args, "member");
  if (given.empty()) return refuse(Errc::usage, tr("Which town is to be invited?"), tr("kiz member list"));
  auto town = request::member(context.replica, given);
  if (!town) return town.refusal();
  auto options = invite_options(context.args);
  if (!options) return options.refusal();
  if (context.dry_run) return Reply{{{"ags", town->id}, {"name", town->name}}, {}, 0};
  const auto issued = make_invite(context, town->id, *options);
  if (!issued) return cannot_invite(issued.error());
  return Reply{invite_json(context.replica, town->id, *issued), {}, 0};
}

/// member.invite_all  {"role"?, "days"?, "confirm"?}: all members without a device
/// data: {"realm", "invites": [as member.invite]}
Answer invite_all(RequestContext& context) {
  if (auto refused = request::need_authority(context)) return *refused;
  auto options = invite_options(context.args);
  if (!options) return options.refusal();
  const Membership& membership = context.replica.membership();
  std::vector<MemberId> waiting;
  for (const Member& member : membership.members()) {
    if (member.id != membership.authority() && devices_of(membership, member.id).empty()) waiting.push_back(member.id);
  }
  Json invites = Json::array();
  for (const MemberId& member : waiting) {
    if (context.dry_run) {
      invites.push_back({{"ags", member}, {"name", request::member_name(context.replica, member)}});
      continue;
    }
    const auto issued = make_invite(context, member, *options);
    if (!issued) return cannot_invite(issued.error());
    invites.push_back(invite_json(context.replica, member, *issued));
  }
  return Reply{{{"realm", membership.realm_name()}, {"invites", std::move(invites)}}, {}, 0};
}

/// member.address  {"addresses": [HOST:PORT]}: what members dial, written into invites from now on. data: {"addresses"}
Answer set_addresses(RequestContext& context) {
  if (auto refused = request::need_authority(context)) return *refused;
  std::vector<std::string> addresses = request::texts(context.args, "addresses");
  for (std::string& given : addresses) {
    auto address = request::dialled_address(given);
    if (!address) return address.refusal();
    given = *address;
  }
  if (addresses.empty()) return refuse(Errc::usage, tr("Which address do the towns dial?"), tr("kiz member address HOST:PORT"));
  KeyringContents& ring = context.replica.core().files().keyring();
  if (!context.dry_run) {
    ring.own_addresses = addresses;
    if (auto saved = context.replica.core().files().save_keyring(); !saved) return to_refusal(saved.error());
  }
  return Reply{{{"addresses", addresses}}, {}, 0};
}

/// The devices that "G-2", a town's key or its name mean.
request::Or<std::vector<const Device*>> devices_named(const RequestContext& context, bool towns_too) {
  const Membership& membership = context.replica.membership();
  const std::string ref = request::text(context.args, "ref");
  if ((ref.starts_with("G-") || ref.starts_with("g-")) && ref.size() < 12) {
    const std::string digits = ref.substr(2);
    const bool number = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    const std::size_t n = number ? std::stoul(digits) : 0;
    if (n >= 1 && n <= membership.devices().size()) return std::vector<const Device*>{&membership.devices()[n - 1]};
    return refuse(Errc::not_found, tr("There is no device {}.", {ref}), tr("kiz device list"));
  }
  if (!towns_too) return refuse(Errc::not_found, tr("There is no device {}.", {ref}), tr("kiz device list"));
  auto town = request::member(context.replica, ref);
  if (!town) return town.refusal();
  auto devices = devices_of(membership, town->id);
  if (devices.empty()) return refuse(Errc::not_found, tr("{} has no device yet.", {town->name}), tr("kiz member list"));
  return devices;
}

Refusal cannot_change(const Error& error) {
  if (error.code != Errc::not_permitted) return to_refusal(error);
  return refuse(Errc::not_permitted, tr("This is decided by the Kreis, on its own machine. Nothing was changed."));
}

struct Change {
  std::string ref, member;
  AuthorKey author;
};

/// Notes what is meant before anything changes: the list of devices is made anew with each control record.
std::vector<Change> changes_of(const RequestContext& context, const std::vector<const Device*>& devices) {
  std::vector<Change> changes;
  for (const Device* device : devices) {
    changes.push_back({device_ref(context.replica.membership(), *device), device->member, device->author});
  }
  return changes;
}

Answer changed(const RequestContext& context, const std::vector<Change>& changes) {
  if (!context.dry_run && context.surroundings.committed) context.surroundings.committed();
  Json refs = Json::array();
  for (const Change& change : changes) refs.push_back(change.ref);
  return Reply{{{"ref", changes.front().ref},
                {"devices", std::move(refs)},
                {"member", changes.front().member},
                {"member_name", request::member_name(context.replica, changes.front().member)}},
               {},
               0};
}

// One word of --ab: "17" ends every log of the device after its entry 17, "offers:17" those of a collection, and the
// first digits of a log's name one log.
struct LastValid {
  std::string where;  // empty: everywhere
  Seq seq = 0;
};

request::Or<LastValid> last_valid(const std::string& word) {
  const std::size_t colon = word.rfind(':');
  LastValid out{colon == std::string::npos ? std::string{} : word.substr(0, colon), 0};
  const std::string digits = colon == std::string::npos ? word : word.substr(colon + 1);
  const bool number = !digits.empty() && digits.size() < 10 &&
                      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!number || (colon != std::string::npos && out.where.empty())) {
    return refuse(Errc::invalid_input, tr("\"{}\" names no entry of a log: 17, offers:17 or LOG:17 are meant. Nothing was changed.", {word}),
                  "kiz dump");
  }
  out.seq = std::stoul(digits);
  return out;
}

bool is_named(const DeviceLog& log, const std::string& where) {
  if (where.empty() || is_name_of(log.space.collection, where)) return true;
  return where.size() >= 8 && to_hex(log.log).starts_with(where);
}

/// Where the logs of one device end by --ab; empty without it: at what is held here.
request::Or<std::vector<DeviceLog>> ends_of(const RequestContext& context, const AuthorKey& device) {
  std::vector<DeviceLog> ends;
  const auto logs = logs_of(context.replica, device);
  for (const std::string& word : request::texts(context.args, "after")) {
    auto last = last_valid(word);
    if (!last) return last.refusal();
    bool any = false;
    for (const DeviceLog& log : logs) {
      if (!is_named(log, last->where) || log.seq < last->seq) continue;
      std::erase_if(ends, [&](const DeviceLog& end) { return end.log == log.log; });
      ends.push_back({log.space, log.log, last->seq});
      any = true;
    }
    if (!any) {
      return refuse(Errc::not_found, tr("This device has no log that reaches \"{}\" here. Nothing was changed.", {word}), "kiz dump");
    }
  }
  return ends;
}

Json cuts_json(const RequestContext& context, const AuthorKey& device, const std::vector<DeviceLog>& ends) {
  Json out = Json::array();
  for (const DeviceLog& log : logs_of(context.replica, device)) {
    const auto end = std::find_if(ends.begin(), ends.end(), [&](const DeviceLog& each) { return each.log == log.log; });
    out.push_back({{"space", name_of(log.space)}, {"log", to_hex(log.log)},
                   {"last_valid", end == ends.end() ? log.seq : end->seq}, {"held", log.seq}});
  }
  return out;
}

/// member.revoke, device.revoke  {"ref", "after"?: ["17" | "offers:17" | "LOG:17"]}: the last entry that still counts
/// data: {"ref", "devices": [ref], "member", "member_name", "cuts": [{"space", "log", "last_valid", "held"}]}
Answer revoke(RequestContext& context, bool towns_too) {
  if (auto refused = request::need_authority(context)) return *refused;
  auto devices = devices_named(context, towns_too);
  if (!devices) return devices.refusal();
  std::erase_if(*devices, [](const Device* device) { return device->revoked; });
  if (devices->empty()) return refuse(Errc::invalid_input, tr("It is locked out already. Nothing was changed."), tr("kiz device list"));
  const auto changes = changes_of(context, *devices);
  for (const Change& change : changes) {
    if (change.author == context.replica.identity().author) {
      return refuse(Errc::invalid_input, tr("This device cannot lock itself out. Nothing was changed."));
    }
  }
  std::vector<std::vector<DeviceLog>> ends;
  Json cuts = Json::array();
  for (const Change& change : changes) {
    auto wanted = ends_of(context, change.author);
    if (!wanted) return wanted.refusal();
    for (Json& cut : cuts_json(context, change.author, *wanted)) cuts.push_back(std::move(cut));
    ends.push_back(std::move(*wanted));
  }
  for (std::size_t i = 0; i < changes.size() && !context.dry_run; ++i) {
    if (auto done = revoke_device(context.replica, changes[i].author, ends[i]); !done) return cannot_change(done.error());
  }
  Answer answer = changed(context, changes);
  if (auto* reply = std::get_if<Reply>(&answer)) reply->data["cuts"] = std::move(cuts);
  return answer;
}

// Devices that are not locked out and whose admission has ended or will soon.
std::vector<const Device*> ending_soon(const RequestContext& context) {
  std::vector<const Device*> out;
  for (const Device& device : context.replica.membership().devices()) {
    if (!device.revoked && device.admitted_until_ms < context.replica.now_ms() + soon_ms) out.push_back(&device);
  }
  return out;
}

/// member.renew  {"ref", "days"?}   data as member.revoke, without cuts
/// device.renew  {"ref"?, "days"?}  without ref: every device whose admission ends within 90 days, or has ended
Answer renew(RequestContext& context, bool towns_too) {
  if (auto refused = request::need_authority(context)) return *refused;
  const bool all = !towns_too && request::text(context.args, "ref").empty();
  request::Or<std::vector<const Device*>> devices = all ? ending_soon(context) : devices_named(context, towns_too);
  if (!devices) return devices.refusal();
  if (devices->empty()) return Reply{{{"ref", nullptr}, {"devices", Json::array()}, {"member", nullptr}, {"member_name", nullptr}}, {}, 0};
  const std::int64_t days = context.args.value("days", std::int64_t{730});
  if (days < 1 || days > 3650) return refuse(Errc::invalid_input, tr("A membership lasts 1 to 3650 days. Nothing was changed."));
  const auto changes = changes_of(context, *devices);
  for (const Change& change : changes) {
    if (context.dry_run) break;
    if (auto done = renew_admission(context.replica, change.author, static_cast<std::uint64_t>(days)); !done) {
      return cannot_change(done.error());
    }
  }
  return changed(context, changes);
}
}  // namespace

std::vector<RequestKind> member_requests() {
  return {{"member.list", LocalRole::read, list_members},
          {"member.invite", LocalRole::administer, invite},
          {"member.invite_all", LocalRole::administer, invite_all},
          {"member.address", LocalRole::administer, set_addresses},
          {"member.revoke", LocalRole::administer, [](RequestContext& context) { return revoke(context, true); }},
          {"member.renew", LocalRole::administer, [](RequestContext& context) { return renew(context, true); }},
          {"device.list", LocalRole::read, list_devices},
          {"device.revoke", LocalRole::administer, [](RequestContext& context) { return revoke(context, false); }},
          {"device.renew", LocalRole::administer, [](RequestContext& context) { return renew(context, false); }}};
}

}  // namespace kiz

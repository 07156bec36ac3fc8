// Requests about keys: what two people compare on the telephone, the emergency sheet, and a new epoch of the control log.
#include "libclient/alarms.h"
#include "libclient/keyring.h"
#include "libclient/recovery.h"
#include "libclient/refusals.h"
#include "libclient/replica_core.h"
#include "libclient/request_support.h"
#include "libclient/requests.h"
#include "libclient/translate.h"

namespace kiz {
namespace {

using request::refuse;

/// Eight groups of four digits of the hash: enough to tell keys apart on the telephone.
std::string fingerprint(const char* label, ByteView key) {
  const std::string hex = to_hex(crypto::hash(label, key)).substr(0, 32);
  std::string out;
  for (std::size_t at = 0; at < hex.size(); at += 4) out += (at == 0 ? "" : " ") + hex.substr(at, 4);
  return out;
}

/// key.fingerprint   data: {"device", "device_fingerprint", "realm", "realm_fingerprint", "root_fingerprint", "epoch", "records"}
Answer show_fingerprint(RequestContext& context) {
  const ReplicaCore& core = context.replica.core();
  const Identity self = context.replica.identity();
  Bytes both(self.author.bytes.begin(), self.author.bytes.end());
  both.insert(both.end(), self.transport.bytes.begin(), self.transport.bytes.end());
  const bool known = !core.control().empty();
  return Reply{{{"device", self.device},
                {"device_fingerprint", fingerprint("kiz-sync device fingerprint v1", both)},
                {"realm", self.realm_name},
                {"realm_fingerprint", known ? Json(fingerprint("kiz-sync realm fingerprint v1", self.realm)) : Json()},
                {"root_fingerprint", known ? Json(fingerprint("kiz-sync root fingerprint v1", core.control().root())) : Json()},
                {"epoch", core.control().epoch()},
                {"records", core.control().last_seq()}},
               {},
               0};
}

Refusal no_sheet(const Error& error) {
  if (error.code == Errc::unknown_version) return to_refusal(error);
  return refuse(Errc::invalid_input,
                tr("This is no emergency sheet, or a character of it was misread: it begins with KIZN1 and has 23 groups. Nothing was changed."));
}

Refusal cannot_open(const Error& error) {
  if (error.code == Errc::foreign_realm) return refuse(Errc::foreign_realm, tr("This emergency sheet belongs to another Kreis. Nothing was changed."));
  if (error.code == Errc::wrong_key) return refuse(Errc::wrong_key, tr("This emergency sheet does not hold the root key of this Kreis. Nothing was changed."));
  if (error.code == Errc::gap) {
    return refuse(Errc::unreachable, tr("No town has called yet, so the list of members is not here. Nothing was changed."), tr("kiz status"));
  }
  if (error.code == Errc::not_permitted) {
    return refuse(Errc::not_permitted, tr("This is not the machine of the Kreis. Nothing was changed."),
                  tr("On a machine without a store: kiz init --restore"));
  }
  if (error.code == Errc::invalid_input) return refuse(Errc::invalid_input, tr("The list of decisions has no record with this number. Nothing was changed."));
  return to_refusal(error);
}

/// key.sheet  {"sheet"}   data: {"realm", "valid": true}: the sheet is whole and holds the root key of this realm
Answer check_sheet(RequestContext& context) {
  const auto sheet = decode_sheet(request::text(context.args, "sheet"));
  if (!sheet) return no_sheet(sheet.error());
  const ReplicaCore& core = context.replica.core();
  if (core.realm() != sheet->realm) return cannot_open(Error{Errc::foreign_realm, {}});
  if (!core.control().empty() && sheet->signing().author() != core.control().root()) return cannot_open(Error{Errc::wrong_key, {}});
  return Reply{{{"realm", context.replica.membership().realm_name()}, {"valid", true}}, {}, 0};
}

/// key.epoch  {"sheet", "last_good"?: seq}
/// data: {"epoch", "last_good", "closed", "device_granted", "realm", "old_devices": [ref]}: the Kreis decides with a new
/// key from here on, and what was decided behind `last_good` does not count. old_devices: those of the Kreis to lock out
Answer open_epoch(RequestContext& context) {
  const auto sheet = decode_sheet(request::text(context.args, "sheet"));
  if (!sheet) return no_sheet(sheet.error());
  std::optional<Seq> last_good;
  if (const auto at = context.args.find("last_good"); at != context.args.end()) last_good = at->get<Seq>();
  const auto opened = context.dry_run ? look_at_new_epoch(context.replica, *sheet, last_good) : open_new_epoch(context.replica, *sheet, last_good);
  if (!opened) return cannot_open(opened.error());
  if (!context.dry_run && context.surroundings.committed) context.surroundings.committed();
  const Membership& membership = context.replica.membership();
  Json old = Json::array();
  for (const Device& device : membership.devices()) {
    if (device.member != membership.authority() || device.revoked || device.author == context.replica.identity().author) continue;
    old.push_back("G-" + std::to_string(&device - membership.devices().data() + 1));
  }
  return Reply{{{"epoch", opened->epoch},
                {"last_good", opened->last_good},
                {"closed", opened->closed},
                {"device_granted", opened->device_granted},
                {"realm", membership.realm_name()},
                {"old_devices", std::move(old)}},
               {},
               0};
}

/// device.confirm  {"ref"}   data: {"ref", "name"}: a person of this office knows the device
Answer confirm(RequestContext& context) {
  const Membership& membership = context.replica.membership();
  const std::string ref = request::text(context.args, "ref");
  for (const AuthorKey& author : unknown_devices(context.replica)) {
    const Device* device = membership.device(author);
    if ("G-" + std::to_string(device - membership.devices().data() + 1) != ref) continue;
    const std::string name = device->name;
    if (!context.dry_run) {
      if (auto done = confirm_device(context.replica, author); !done) return to_refusal(done.error());
    }
    return Reply{{{"ref", ref}, {"name", name}}, {}, 0};
  }
  return refuse(Errc::not_found, tr("No device {} of your own waits to be known. Nothing was changed.", {ref}), tr("kiz device list"));
}

}  // namespace

std::vector<RequestKind> key_requests() {
  return {{"key.fingerprint", LocalRole::read, show_fingerprint},
          {"key.sheet", LocalRole::administer, check_sheet},
          {"key.epoch", LocalRole::administer, open_epoch},
          {"device.confirm", LocalRole::edit, confirm}};
}

}  // namespace kiz

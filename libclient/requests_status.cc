// Requests about the replica itself: its state, its whole history checked, whether it exchanges with others.
#include "libclient/alarms.h"
#include "libclient/inspection.h"
#include "libclient/keyring.h"
#include "libclient/months.h"
#include "libclient/receipts.h"
#include "libclient/refusals.h"
#include "libclient/replica_core.h"
#include "libclient/requests.h"
#include "libclient/space_name.h"
#include "libclient/translate.h"
#include "libclient/worklist.h"
#include "protocol/membership.h"
#include "protocol/registry.h"

namespace kiz {

namespace {
const char* name_of(MemberRole role) {
  switch (role) {
    case MemberRole::municipality: return "municipality";
    case MemberRole::kreis: return "kreis";
    case MemberRole::land: return "land";
  }
  return "municipality";
}

std::string membership_until(const Replica& replica, const Identity& self) {
  const Device* device = replica.membership().device(self.author);
  return device != nullptr && device->admitted_until_ms > 0 ? months::instant(device->admitted_until_ms) : "";
}

Json spaces_json(const Replica& replica) {
  Json list = Json::array();
  for (const SpaceStatus& status : replica.spaces()) {
    list.push_back({{"space", name_of(status.space)},
                    {"owner", status.space.owner},
                    {"collection", name_of(status.space.collection)},
                    {"entries", status.entries},
                    {"state_hash", to_hex(status.state_hash)}});
  }
  return list;
}

/// The newest receipt of each space: that the Kreis holds this, and since when it says so.
Json receipts_json(Replica& replica) {
  Json list = Json::array();
  for (const Receipt& receipt : receipts::held(replica.core())) {
    list.push_back({{"space", name_of(receipt.space.in(replica.identity().realm))},
                    {"time", months::instant(receipt.time_ms)},
                    {"logs", receipt.heads.size()},
                    {"missing", receipts::not_covered(replica.core(), receipt)}});
  }
  return list;
}

Answer show_status(RequestContext& context) {
  const Replica& replica = context.replica;
  const Identity self = replica.identity();
  const StoreFigures figures = replica.figures();
  const Member* member = replica.membership().member(self.member);

  Reply reply;
  Json& data = reply.data;
  data["member"] = self.member;
  data["member_name"] = self.member_name;
  data["realm"] = self.realm_name;
  data["role"] = member != nullptr ? name_of(member->role) : "";
  data["device"] = self.device;
  data["joined"] = self.joined;
  data["state_hash"] = to_hex(replica.state_hash());
  data["spaces"] = spaces_json(replica);
  data["pending"] = figures.pending;
  data["conflicts"] = replica.conflict_count();
  data["quarantine"] = figures.quarantined;
  data["waiting"] = figures.waiting;
  data["offline"] = context.replica.core().files().keyring().offline;
  data["daemon"] = static_cast<bool>(context.surroundings.peers);
  data["peers"] = context.surroundings.peers ? context.surroundings.peers() : Json::array();
  data["clock"] = months::instant(replica.now_ms());
  data["membership_until"] = membership_until(replica, self);
  data["store"] = {{"entries", figures.entries}, {"bytes", figures.bytes}};
  data["alarms"] = alarms_json(alarms(replica));
  data["receipts"] = receipts_json(context.replica);
  data["revoked"] = context.replica.core().own_device() != nullptr && context.replica.core().own_device()->revoked;
  add_worklist(replica, data);
  return reply;
}

Answer verify(RequestContext& context) {
  const Verification found =
      inspect::verify(context.replica.core(), context.args.value("rebuild", false), context.surroundings.progress);
  Json forks = Json::array();
  for (const LogId& log : found.forks) forks.push_back(to_hex(log));
  Json proofs = Json::array();
  for (const ForkProof& fork : fork_proofs(context.replica)) proofs.push_back(fork_json(context.replica, fork));
  Reply reply;
  reply.data = {{"ok", found.ok},
                {"logs", found.logs},
                {"entries", found.entries},
                {"signatures", found.signatures},
                {"forks", forks},
                {"fork_proofs", std::move(proofs)},
                {"findings", found.findings},
                {"erased", found.erased},
                {"state_hash", to_hex(found.state_hash)}};
  if (!found.ok) reply.exit = exit_code(Errc::damaged);
  return reply;
}

/// offline, online   data: {"offline"}: whether this machine exchanges with others; a running daemon heeds it at once
Answer set_offline(RequestContext& context, bool offline) {
  StoreFiles& files = context.replica.core().files();
  if (!context.dry_run && files.keyring().offline != offline) {
    files.keyring().offline = offline;
    if (auto saved = files.save_keyring(); !saved) return to_refusal(saved.error());
    if (context.surroundings.committed) context.surroundings.committed();
  }
  return Reply{{{"offline", offline}}, {}, 0};
}
}  // namespace

std::vector<RequestKind> status_requests() {
  return {{"status", LocalRole::read, show_status},
          {"verify", LocalRole::read, verify},
          {"offline", LocalRole::edit, [](RequestContext& context) { return set_offline(context, true); }},
          {"online", LocalRole::edit, [](RequestContext& context) { return set_offline(context, false); }}};
}

}  // namespace kiz

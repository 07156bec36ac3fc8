#include "libclient/requests_checkpoint.h"

#include <algorithm>

#include "libclient/checkpoints.h"
#include "libclient/months.h"
#include "libclient/refusals.h"
#include "libclient/request_support.h"
#include "libclient/space_name.h"

namespace kiz {
namespace {

Json place_of(const Replica& replica, const CheckpointClaim& claim) {
  std::uint64_t entries = 0;
  for (const CheckpointHead& named : claim.heads) entries += named.head.seq;
  return {{"space", name_of(claim.space)},
          {"member", claim.space.owner},
          {"member_name", request::member_name(replica, claim.space.owner)},
          {"entries", entries}};
}

Json device_json(const Replica& replica, const AuthorKey& author) {
  const auto& devices = replica.membership().devices();
  const auto at = std::find_if(devices.begin(), devices.end(), [&](const Device& device) { return device.author == author; });
  return {{"device_ref", "G-" + std::to_string(at - devices.begin() + 1)},
          {"device", at->name},
          {"member", at->member},
          {"member_name", request::member_name(replica, at->member)}};
}

std::uint64_t unknown_values(const ReplicaCore& core) {
  auto query = core.db().query("SELECT coalesce(sum(unknown), 0) FROM records WHERE unknown > 0");
  return query.step() ? query.count(0) : 0;
}

/// privacy.checkpoints   up to where superseded values have gone, what is being waited for, and values that are not held
/// data: {"checkpoints": [{"space", "member", "member_name", "entries", "time", "state": done|open|incomplete|refused}],
/// "waiting": [{"space", "member", "member_name", "entries", "open": [{"device_ref", "device", "member", "member_name"}]}],
/// "unknown"}
Answer list(RequestContext& context) {
  if (auto refused = request::need_member(context)) return *refused;
  const Replica& replica = context.replica;
  const ReplicaCore& core = context.replica.core();
  Json known = Json::array(), waiting = Json::array();
  for (const checkpoints::Known& one : checkpoints::known(core)) {
    Json item = place_of(replica, one.claim);
    item["time"] = months::instant(one.time_ms);
    item["state"] = checkpoints::name(one.standing);
    known.push_back(std::move(item));
  }
  for (const checkpoints::Waiting& one : checkpoints::waiting(core)) {
    Json item = place_of(replica, one.claim);
    item["open"] = Json::array();
    for (const AuthorKey& device : one.open) item["open"].push_back(device_json(replica, device));
    waiting.push_back(std::move(item));
  }
  return Reply{{{"checkpoints", std::move(known)}, {"waiting", std::move(waiting)}, {"unknown", unknown_values(core)}}, {}, 0};
}

/// privacy.prune   lets go now what checkpoints allow; at the Kreis begins new ones, without waiting for their day
/// data: {"begun", "issued", "spaces", "values", "refused"}; a dry run tells how many spaces would be pruned
Answer prune(RequestContext& context) {
  if (auto refused = request::need_member(context)) return *refused;
  ReplicaCore& core = context.replica.core();
  std::size_t begun = 0, issued = 0;
  if (context.dry_run) {
    const auto known = checkpoints::known(core);
    const auto open = std::count_if(known.begin(), known.end(), [](const auto& one) { return one.standing == checkpoints::Standing::open; });
    return Reply{{{"begun", 0}, {"issued", 0}, {"spaces", open}, {"values", 0}, {"refused", 0}}, {}, 0};
  }
  if (core.files().issuing_key() != nullptr) {
    auto planned = checkpoints::plan(core, {.every_ms = 0, .entries_min = 1});
    if (!planned) return to_refusal(planned.error());
    auto own = checkpoints::issue_own(core);
    if (!own) return to_refusal(own.error());
    begun = *planned;
    issued = *own;
  }
  auto done = checkpoints::carry_out(core);
  if (!done) return to_refusal(done.error());
  if (context.surroundings.committed) context.surroundings.committed();
  return Reply{{{"begun", begun}, {"issued", issued}, {"spaces", done->spaces}, {"values", done->values}, {"refused", done->refused}}, {}, 0};
}

}  // namespace

std::vector<RequestKind> checkpoint_requests() {
  return {{"privacy.checkpoints", LocalRole::read, list}, {"privacy.prune", LocalRole::administer, prune}};
}

}  // namespace kiz

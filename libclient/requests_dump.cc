// Everything that is held, readable: for auditors, for other decoders (tests/vectors/decode.py), for taking data along.
#include <algorithm>

#include "libclient/months.h"
#include "libclient/peer_source.h"
#include "libclient/record_json.h"
#include "libclient/refusals.h"
#include "libclient/replica_core.h"
#include "libclient/request_support.h"
#include "libclient/requests.h"
#include "libclient/translate.h"
#include "protocol/entry_fields.h"
#include "protocol/membership.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

using request::refuse;

const char* word_of(Mode mode) {
  switch (mode) {
    case Mode::replace: return "replace";
    case Mode::add: return "add";
    case Mode::remove: return "remove";
    case Mode::del: return "delete";
    case Mode::undo: return "undo";
  }
  return "";
}

Json value_of(const registry::Kind* kind, const Op& op) {
  if (!op.value || is_null(*op.value)) return nullptr;
  const auto* field = kind == nullptr ? nullptr : registry::find_field(*kind, op.field);
  if (field != nullptr) return Json(record_json::value(*field, *op.value));
  if (const auto* number = as_int(*op.value)) return *number;
  if (const auto* text = as_text(*op.value)) return *text;
  return to_hex(std::get<Bytes>(*op.value));
}

Json cell(const CellName& name) { return {{"entry", to_hex(name.entry)}, {"op", name.op}}; }

Json op_json(const Op& op) {
  const auto* kind = registry::find_kind(op.record.kind);
  Json out;
  out["record"] = to_hex(op.record.key);
  out["kind"] = kind != nullptr ? std::string{kind->name} : "#" + std::to_string(op.record.kind);
  out["field"] = op.field == field_existence ? "existence"
                 : kind != nullptr           ? registry::field_name(*kind, op.field)
                                             : "#" + std::to_string(op.field);
  out["mode"] = word_of(op.mode);
  if (carries_value(op.mode)) {
    out["value"] = value_of(kind, op);
    out["known"] = op.value.has_value();
  }
  for (const CellName& name : op.cells) out["cells"].push_back(cell(name));
  if (op.origin) out["origin"] = cell(op.origin->cell);
  return out;
}

Json entry_json(const SpaceSlot& slot, EntryRef ref) {
  const EntryMeta meta = slot.store.meta(ref);
  const EntryBody& body = slot.store.body(ref);
  Json out;
  out["entry"] = to_hex(meta.hash);
  out["log"] = to_hex(slot.store.log(meta.place.log).id);
  out["seq"] = meta.place.seq;
  out["time"] = months::instant(meta.hlc.millis());
  out["state"] = name(slot.merge.history().state(meta));
  out["control"] = {{"epoch", body.control.epoch}, {"seq", body.control.seq}};
  out["seen"] = Json::array();
  for (const Head& head : body.seen) out["seen"].push_back({{"log", to_hex(head.log)}, {"seq", head.seq}, {"entry", to_hex(head.entry)}});
  out["ops"] = Json::array();
  for (const Op& op : body.ops) out["ops"].push_back(op_json(op));
  return out;
}

// Every run of a space, in the bytes in which peers get it.
std::optional<Error> add_runs(ReplicaCore& core, const SpaceSlot& slot, const std::optional<LogId>& only, Json& runs) {
  const PeerSource source{core, core.files().transport()};
  for (const Head& head : slot.heads()) {
    if (only && head.log != *only) continue;
    Point after;
    while (after.seq < head.seq) {
      auto piece = source.read_run(head.log, after, head.entry, limits::run_bytes_max);
      if (!piece) return piece.error();
      after = {piece->last.seq, piece->last.entry};
      runs.push_back({{"space", slot.store.space().owner + "/" + std::to_string(static_cast<unsigned>(slot.store.space().collection))},
                      {"log", to_hex(head.log)},
                      {"author", to_hex(slot.store.log(slot.store.find_log(head.log)).author)},
                      {"last_seq", after.seq},
                      {"bytes", to_hex(piece->bytes)}});
    }
  }
  return std::nullopt;
}

// What the Kreis decided, with the number that `kiz init --restore --up-to` and cited positions mean.
class DecisionWriter {
 public:
  explicit DecisionWriter(const Replica& replica) : replica_(&replica) {}

  Json written(const ControlRecord& record, const ControlBody& body) const {
    Json out = std::visit(*this, body);
    out["seq"] = record.seq;
    out["epoch"] = record.epoch;
    out["time"] = months::instant(record.time_ms);
    return out;
  }

  Json operator()(const UnknownControl&) const { return {{"kind", "unknown"}}; }
  Json operator()(const RealmFounded& founded) const { return {{"kind", "realm_founded"}, {"name", founded.name}}; }
  Json operator()(const MemberNamed& member) const { return {{"kind", "member_named"}, {"member", member.id}, {"name", member.name}}; }
  Json operator()(const DeviceGranted& granted) const {
    return {{"kind", "device_granted"}, {"device", granted.device}, {"member", granted.member}, {"member_name", request::member_name(*replica_, granted.member)},
            {"rights", granted.rights}, {"admitted_until", months::instant(granted.admitted_until_ms)}};
  }
  Json operator()(const LogCut& cut) const { return {{"kind", "log_cut"}, {"log", to_hex(cut.cut.log)}, {"last_valid", cut.cut.seq}}; }
  Json operator()(const DeviceRevoked& revoked) const { return of("device_revoked", revoked.author); }
  Json operator()(const RightWithdrawn& withdrawn) const { return of("right_withdrawn", withdrawn.author); }
  Json operator()(const RightGivenBack& given) const { return of("right_given_back", given.author); }
  Json operator()(const AdmissionRenewed& renewed) const {
    Json out = of("admission_renewed", renewed.author);
    out["admitted_until"] = months::instant(renewed.admitted_until_ms);
    return out;
  }
  Json operator()(const RuleSet& rule) const { return {{"kind", "rule_set"}, {"name", rule.name}, {"value", rule.value}}; }
  Json operator()(const EpochOpened& opened) const { return {{"kind", "epoch_opened"}, {"last_good", opened.last_good.seq}}; }
  Json operator()(const Checkpoint&) const { return {{"kind", "checkpoint"}}; }

 private:
  Json of(const char* kind, const AuthorKey& author) const {
    const Device* device = replica_->membership().device(author);
    if (device == nullptr) return {{"kind", kind}};
    return {{"kind", kind}, {"device", device->name}, {"member", device->member}, {"member_name", request::member_name(*replica_, device->member)}};
  }

  const Replica* replica_;
};

/// dump   args: what (hex of an entry or a log; empty: everything)
/// data: {"control": [hex], "decisions": [{"seq", "epoch", "time", "kind", ...}], "runs": [{"space", "log", "author",
/// "last_seq", "bytes"}], "entries": [...]}; "decisions" is what the control log says, readable, "entries" what the runs
/// say; for a single entry it stands alone. "decisions" only where everything is asked for.
Answer dump(RequestContext& context) {
  if (auto refused = request::need_member(context)) return *refused;
  ReplicaCore& core = context.replica.core();
  const std::string what = request::text(context.args, "what");
  const Bytes wanted = from_hex(what);
  if (!what.empty() && wanted.size() != EntryHash::size_bytes) {
    return refuse(Errc::usage, tr("An entry or a log is named by 64 hexadecimal digits."));
  }
  Reply reply;
  reply.data["control"] = Json::array();
  reply.data["decisions"] = Json::array();
  reply.data["runs"] = Json::array();
  reply.data["entries"] = Json::array();
  bool found = what.empty();
  const std::uint64_t total = found ? context.replica.figures().entries : 0;
  for (const SpaceSlot* slot : core.slots()) {
    if (!what.empty()) {
      if (const EntryRef ref = slot->store.find(EntryHash::from(wanted))) {
        reply.data["entries"].push_back(entry_json(*slot, ref));
        found = true;
        continue;
      }
      if (slot->store.find_log(LogId::from(wanted)) == 0) continue;
      found = true;
    }
    const std::optional<LogId> only = what.empty() ? std::nullopt : std::optional{LogId::from(wanted)};
    if (auto failed = add_runs(core, *slot, only, reply.data["runs"])) return to_refusal(*failed);
    auto query = core.db().query("SELECT id, log FROM entries WHERE space = ? ORDER BY log, branch, seq");
    query << slot->store.number();
    while (query.step()) {
      if (only && slot->store.log(static_cast<LogRef>(query.number(1))).id != *only) continue;
      reply.data["entries"].push_back(entry_json(*slot, query.count(0)));
      tell(context.surroundings.progress, "reading", reply.data["entries"].size(), total);
    }
  }
  if (!found) return refuse(Errc::not_found, tr("There is no \"{}\" here.", {what}));
  const DecisionWriter decisions{context.replica};
  const ControlLog& control = core.control();
  for (std::size_t i = 0; i < control.records().size(); ++i) {
    reply.data["control"].push_back(to_hex(encode_control_record(control.records()[i])));
    if (what.empty()) reply.data["decisions"].push_back(decisions.written(control.records()[i], control.bodies()[i]));
  }
  return reply;
}

}  // namespace

std::vector<RequestKind> dump_requests() { return {{"dump", LocalRole::administer, dump}}; }

}  // namespace kiz

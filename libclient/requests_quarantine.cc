// Requests about entries that are held and do not count: which, why, and what a person decides about them.
#include <algorithm>

#include "libclient/inspection.h"
#include "libclient/months.h"
#include "libclient/quarantine.h"
#include "libclient/record_json.h"
#include "libclient/references.h"
#include "libclient/refusals.h"
#include "libclient/request_support.h"
#include "libclient/requests.h"
#include "libclient/space_name.h"
#include "libclient/translate.h"
#include "protocol/entry_fields.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

using quarantine::Stretch;
using request::refuse;

std::string device_ref(const Membership& membership, const AuthorKey& author) {
  const Device* device = membership.device(author);
  return device == nullptr ? "" : "G-" + std::to_string(device - membership.devices().data() + 1);
}

Json stretch_json(const Replica& replica, ReplicaCore& core, const Stretch& stretch) {
  const SpaceSlot* slot = core.slot(stretch.space);
  const Author author = replica.author_of(stretch.log);
  const auto time_of = [&](const Place& place) { return months::instant(slot->store.meta(slot->store.at(place)).hlc.millis()); };
  return {{"ref", stretch.ref},
          {"space", name_of(stretch.space)},
          {"owner", stretch.space.owner},
          {"collection", name_of(stretch.space.collection)},
          {"member", author.member},
          {"member_name", author.member_name},
          {"device", device_ref(replica.membership(), stretch.author)},
          {"device_name", author.device},
          {"log", to_hex(stretch.log)},
          {"reason", stretch.why == quarantine::Why::beyond_cut ? "beyond_cut" : "control_decreased"},
          {"cut_at", stretch.cut_at},
          {"from", stretch.first.seq},
          {"upto", stretch.last.seq},
          {"entries", stretch.last.seq - stretch.first.seq + 1},
          {"first_time", time_of(stretch.first)},
          {"last_time", time_of(stretch.last)},
          {"discarded", stretch.discarded}};
}

request::Or<Stretch> stretch_named(RequestContext& context) {
  const std::string ref = request::text(context.args, "ref");
  std::string wanted = ref;
  std::transform(wanted.begin(), wanted.end(), wanted.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  for (Stretch& stretch : quarantine::stretches(context.replica.core())) {
    if (stretch.ref == wanted || stretch.ref == "Q-" + wanted) return std::move(stretch);
  }
  return refuse(Errc::not_found, tr("There is no {} in quarantine.", {ref}), tr("kiz quarantine list"));
}

/// quarantine.list  {"all"?: the discarded ones too}
/// data: {"states": {"applied", "waiting", "quarantined", "void"}, "quarantine": [stretch]}
Answer list(RequestContext& context) {
  ReplicaCore& core = context.replica.core();
  const quarantine::States states = quarantine::states(core);
  const bool all = request::flag(context.args, "all");
  Json rows = Json::array();
  for (const Stretch& stretch : quarantine::stretches(core)) {
    if (all || !stretch.discarded) rows.push_back(stretch_json(context.replica, core, stretch));
  }
  return Reply{{{"states",
                 {{"applied", states.applied}, {"waiting", states.waiting}, {"quarantined", states.quarantined}, {"void", states.void_}}},
                {"quarantine", std::move(rows)}},
               {},
               0};
}

const char* word_of(Mode mode) {
  switch (mode) {
    case Mode::replace: return "set";
    case Mode::add: return "add";
    case Mode::remove: return "remove";
    case Mode::del: return "delete";
    case Mode::undo: return "undo";
  }
  return "";
}

Json change_json(const Replica& replica, const Op& op) {
  const auto* kind = registry::find_kind(op.record.kind);
  const auto* field = kind == nullptr ? nullptr : registry::find_field(*kind, op.field);
  Json value;
  if (op.value && !is_null(*op.value)) {
    if (field != nullptr) {
      value = Json(record_json::value(*field, *op.value));
    } else if (const auto* number = as_int(*op.value)) {
      value = *number;
    } else if (const auto* text = as_text(*op.value)) {
      value = *text;
    }
  }
  return {{"record", references::full_of(op.record)},
          {"record_ref", references::short_of(replica, op.record)},
          {"kind", kind != nullptr ? std::string{kind->name} : "#" + std::to_string(op.record.kind)},
          {"field", op.field == field_existence ? "existence"
                    : kind != nullptr           ? registry::field_name(*kind, op.field)
                                                : "#" + std::to_string(op.field)},
          {"mode", word_of(op.mode)},
          {"value", std::move(value)},
          {"known", !carries_value(op.mode) || op.value.has_value()}};
}

/// quarantine.show  {"ref"}   data: the stretch, and "changes_of": [{"entry", "seq", "time", "actor", "entered_anew", "changes"}]
Answer show(RequestContext& context) {
  auto stretch = stretch_named(context);
  if (!stretch) return stretch.refusal();
  ReplicaCore& core = context.replica.core();
  const SpaceSlot* slot = core.slot(stretch->space);
  Reply reply;
  reply.data = stretch_json(context.replica, core, *stretch);
  Json entries = Json::array();
  for (Place place = stretch->first; place.seq <= stretch->last.seq; ++place.seq) {
    const EntryRef ref = slot->store.at(place);
    const EntryMeta meta = slot->store.meta(ref);
    std::vector<Op> ops;
    slot->store.ops_of(ref, ops);
    Json changes = Json::array();
    for (const Op& op : ops) {
      if (!is_note(op)) changes.push_back(change_json(context.replica, op));
    }
    entries.push_back({{"entry", to_hex(meta.hash)},
                       {"seq", place.seq},
                       {"time", months::instant(meta.hlc.millis())},
                       {"actor", request::or_null(inspect::actor_of(core, meta.hash))},
                       {"entered_anew", quarantine::entered_anew(*slot, ref)},
                       {"changes", std::move(changes)}});
  }
  reply.data["changes_of"] = std::move(entries);
  return reply;
}

Answer adopted(RequestContext& context, const Stretch& stretch, Seq upto, std::uint64_t entries, bool anew) {
  if (!context.dry_run && context.surroundings.committed) context.surroundings.committed();
  return Reply{{{"ref", stretch.ref}, {"upto", upto}, {"adopted", entries}, {"entered_anew", anew}}, {}, 0};
}

/// Single entries, entered anew by a person of the town that owns them.
Answer enter_anew(RequestContext& context, const Stretch& stretch, const std::vector<std::string>& seqs) {
  std::vector<Seq> wanted;
  for (const std::string& text : seqs) {
    const bool number = !text.empty() && text.size() < 19 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    const Seq seq = number ? std::stoull(text) : 0;
    if (seq < stretch.first.seq || seq > stretch.last.seq) {
      return refuse(Errc::invalid_input,
                    tr("{} holds the entries {} to {}, and \"{}\" is none of them. Nothing was changed.",
                       {stretch.ref, std::to_string(stretch.first.seq), std::to_string(stretch.last.seq), text}),
                    tr("kiz quarantine show {}", {stretch.ref}));
    }
    wanted.push_back(seq);
  }
  if (context.replica.identity().member != stretch.space.owner) {
    return refuse(Errc::not_permitted,
                  tr("Single entries are entered anew by {} alone, in its own office. Nothing was changed.",
                     {request::member_name(context.replica, stretch.space.owner)}));
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::uint64_t entered = 0;
  for (const Seq seq : wanted) {
    if (context.dry_run) break;
    const auto committed = quarantine::enter_anew(context.replica.core(), stretch, seq, context.actor());
    if (!committed) return to_refusal(committed.error());
    entered += committed->entries.empty() ? 0u : 1u;
  }
  return adopted(context, stretch, wanted.back(), context.dry_run ? wanted.size() : entered, true);
}

/// quarantine.adopt  {"ref", "upto"?: seq, "entries"?: [seq]}   data: {"ref", "upto", "adopted", "entered_anew"}
/// Without "entries" the Kreis moves the cut forward, so that everything up to `upto` counts again.
Answer adopt(RequestContext& context) {
  auto stretch = stretch_named(context);
  if (!stretch) return stretch.refusal();
  if (const auto seqs = request::texts(context.args, "entries"); !seqs.empty()) return enter_anew(context, *stretch, seqs);
  if (context.caller.role < LocalRole::administer) {
    return refuse(Errc::not_permitted, tr("Where a log ends is decided by an administrator of the Kreis. Nothing was changed."));
  }
  if (auto refused = request::need_authority(context)) {
    refused->hint = tr("kiz quarantine adopt {} --entry N", {stretch->ref});
    return *refused;
  }
  if (stretch->why == quarantine::Why::control_decreased) {
    return refuse(Errc::invalid_input,
                  tr("{} is held back because it cites an older state of the rules than the entries before it. No cut can change "
                     "that; its town can enter single entries anew. Nothing was changed.", {stretch->ref}),
                  tr("kiz quarantine adopt {} --entry N", {stretch->ref}));
  }
  const Seq upto = context.args.value("upto", stretch->last.seq);
  if (upto < stretch->first.seq || upto > stretch->last.seq) {
    return refuse(Errc::invalid_input,
                  tr("{} holds the entries {} to {}, and \"{}\" is none of them. Nothing was changed.",
                     {stretch->ref, std::to_string(stretch->first.seq), std::to_string(stretch->last.seq), std::to_string(upto)}),
                  tr("kiz quarantine show {}", {stretch->ref}));
  }
  if (!context.dry_run) {
    if (auto moved = quarantine::adopt(context.replica.core(), *stretch, upto); !moved) return to_refusal(moved.error());
  }
  return adopted(context, *stretch, upto, upto - stretch->first.seq + 1, false);
}

/// quarantine.discard  {"ref"}   data: {"ref", "entries"}. They stay stored, and count nowhere; only the list forgets them.
Answer discard(RequestContext& context) {
  auto stretch = stretch_named(context);
  if (!stretch) return stretch.refusal();
  if (!context.dry_run) {
    if (auto done = quarantine::discard(context.replica.core(), *stretch); !done) return to_refusal(done.error());
  }
  return Reply{{{"ref", stretch->ref}, {"entries", stretch->last.seq - stretch->first.seq + 1}}, {}, 0};
}

/// quarantine.retry  {}   data: {"tried": n}. What the program had failed on is taken in again when it comes again.
Answer retry(RequestContext& context) {
  const std::size_t tried = context.replica.core().set_aside().size();
  if (!context.dry_run) {
    if (auto done = context.replica.core().try_set_aside_again(); !done) return to_refusal(done.error());
  }
  return Reply{{{"tried", tried}}, {}, 0};
}

}  // namespace

std::vector<RequestKind> quarantine_requests() {
  return {{"quarantine.list", LocalRole::read, list},
          {"quarantine.show", LocalRole::read, show},
          {"quarantine.adopt", LocalRole::edit, adopt},
          {"quarantine.discard", LocalRole::administer, discard},
          {"quarantine.retry", LocalRole::administer, retry}};
}

}  // namespace kiz

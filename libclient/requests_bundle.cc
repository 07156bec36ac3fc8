// Requests about bundles. The file travels in pieces: bundle.put takes one in, bundle.get gives one out.
#include <algorithm>

#include "libclient/bundle_dump.h"
#include "libclient/bundle_file.h"
#include "libclient/bundle_spool.h"
#include "libclient/checkpoints.h"
#include "libclient/erasure.h"
#include "libclient/keyring.h"
#include "libclient/months.h"
#include "libclient/refusals.h"
#include "libclient/replica_core.h"
#include "libclient/request_support.h"
#include "libclient/requests_bundle.h"
#include "libclient/translate.h"

namespace kiz {

namespace {
using request::Or;
using request::refuse;

constexpr std::size_t piece_bytes_max = std::size_t{1} << 20;

Refusal cannot_read(const Error& error) {
  switch (error.code) {
    case Errc::invalid_input:
      return refuse(error.code, tr("This file is no bundle of kiz-sync. Nothing was changed."));
    case Errc::wrong_key:
      return refuse(error.code, tr("This bundle was sealed for other devices. Nothing was changed."),
                    tr("Ask its sender for one for this device: kiz bundle write FILE --for TOWN"));
    case Errc::malformed:
      if (error.context == bundle_cut_short) {
        return refuse(error.code, tr("This bundle ends too early: a part of the file is missing. Nothing was changed."),
                      tr("Copy it once more, and take the stick out only when the copy is done."));
      }
      [[fallthrough]];
    case Errc::not_canonical:
    case Errc::broken_chain:
    case Errc::bad_signature:
      if (error.context == bundle_seal_broken) {
        return refuse(error.code, tr("This bundle is damaged or was altered on its way. Nothing was changed."), tr("Ask for it to be written again."));
      }
      return refuse(error.code, tr("This bundle was not put together by the device that it names. Nothing was changed."),
                    tr("Tell the Kreis, and keep the file."));
    case Errc::unknown_log:
      return refuse(error.code, tr("This bundle comes from a device that the Kreis has not admitted. Nothing was changed."));
    case Errc::revoked:
      return refuse(error.code, tr("This bundle comes from a device that the Kreis has locked out. Nothing was changed."));
    case Errc::foreign_realm:
      return refuse(error.code, tr("This bundle belongs to another Kreis. Nothing was changed."));
    case Errc::not_permitted:
      if (error.context == "confirmation") {
        return refuse(error.code, tr("This invite wants the codes on both screens compared, which a file cannot do. Nothing was changed."),
                      tr("kiz member invite TOWN"));
      }
      if (error.context == "issuing key") return refuse(error.code, tr("An answer to an invite is for the Kreis. Nothing was changed."));
      if (error.context == "membership") {
        return refuse(error.code, tr("The Kreis has not read this device's answer yet. Nothing was changed."),
                      tr("Take the answer to the Kreis first, then bring its bundle back."));
      }
      return to_refusal(error);
    default: return to_refusal(error);
  }
}

Or<BundleSpool> spool_of(const RequestContext& context) {
  auto spool = BundleSpool::find(context.replica.core(), request::text(context.args, "id"));
  if (!spool) return refuse(Errc::usage, tr("There is no such bundle on its way."));
  return std::move(*spool);
}

Json summary_json(const Replica& replica, const BundleSummary& summary) {
  const bool exchange = summary.kind == BundleKind::exchange;
  Json out{{"kind", exchange ? "exchange" : "join"},
           {"bytes", summary.bytes},
           {"member", request::or_null(summary.member)},
           {"member_name", summary.member.empty() ? Json() : Json(request::member_name(replica, summary.member))},
           {"device", summary.device}};
  if (!exchange) return out;
  out["number"] = summary.opening.number;
  out["made"] = months::instant(summary.opening.made_ms);
  out["whole"] = summary.opening.whole;
  out["recipients"] = summary.opening.recipients.size();
  out["control_records"] = summary.control_records;
  out["runs"] = summary.runs;
  out["entries"] = summary.entries;
  out["seen_before"] = summary.seen_before;
  out["builds_on"] = summary.opening.builds_on == 0 ? Json() : Json(summary.opening.builds_on);
  out["missing_logs"] = summary.missing.size();
  out["missing_control"] = summary.control_missing;
  return out;
}

bool is_missing(const BundleSummary& summary) { return !summary.missing.empty() || summary.control_missing; }

Warning missing_warning(const Replica& replica, const BundleSummary& summary) {
  const std::string from = summary.device + " (" + request::member_name(replica, summary.member) + ")";
  if (summary.opening.builds_on != 0) {
    return {"W_BUNDLE_MISSING", tr("Bundle {} builds on bundle {} of {}, which was not read here. Read that one, then this one again.",
                                   {std::to_string(summary.opening.number), std::to_string(summary.opening.builds_on), from})};
  }
  return {"W_BUNDLE_MISSING", tr("Bundle {} of {} builds on what this store no longer holds. Ask for a whole one: kiz bundle write FILE --whole",
                                 {std::to_string(summary.opening.number), from})};
}

void add_warnings(const Replica& replica, const BundleSummary& summary, Reply& reply) {
  if (is_missing(summary)) reply.warnings.push_back(missing_warning(replica, summary));
  if (summary.control_forked) {
    reply.warnings.push_back({"W_CONTROL_FORKED", tr("The sender's control log differs from the one here: somebody holds the key of the Kreis twice. "
                                                     "Tell the Kreis, and keep the file.")});
  }
  if (!reply.warnings.empty()) reply.exit = 3;
}

/// bundle.put  {"id"?, "offset", "content"}: a piece of at most 1 MiB; the first one, without id, makes a place for it.
/// data: {"id", "bytes"}
Answer put(RequestContext& context) {
  const auto piece = request::from_base64(request::text(context.args, "content"));
  const std::int64_t offset = context.args.value("offset", std::int64_t{0});
  if (!piece || piece->size() > piece_bytes_max || offset < 0) return refuse(Errc::usage, tr("The piece of the bundle cannot be read."));
  if (!context.args.contains("id")) {
    // What is none at all, for others, or wrong from its first chunk on is refused before more of it is stored: a file
    // to which a gigabyte was appended would take half a minute to come.
    BundleOpener opener{context.replica.core().files().keyring().transport};
    Bytes inside;
    if (auto opened = opener.feed(view(*piece), inside); !opened) return cannot_read(opened.error());
    auto made = BundleSpool::create(context.replica.core());
    if (!made) return to_refusal(made.error());
    auto bytes = made->append(0, view(*piece));
    if (!bytes) {
      made->remove();
      return to_refusal(bytes.error());
    }
    return Reply{{{"id", made->id()}, {"bytes", *bytes}}, {}, 0};
  }
  auto spool = spool_of(context);
  if (!spool) return spool.refusal();
  auto bytes = spool->append(static_cast<std::uint64_t>(offset), view(*piece));
  if (!bytes) {
    spool->remove();
    return to_refusal(bytes.error());
  }
  return Reply{{{"id", spool->id()}, {"bytes", *bytes}}, {}, 0};
}

/// bundle.check  {"id"}: verifies all of it, changes nothing.
/// data: {"kind": exchange|join, "bytes", "member", "member_name", "device"}, of an exchange also {"number", "made", "whole",
/// "recipients", "control_records", "runs", "entries", "seen_before", "builds_on", "missing_logs", "missing_control"}
/// Warnings: W_BUNDLE_MISSING, W_CONTROL_FORKED.
Answer check(RequestContext& context) {
  auto spool = spool_of(context);
  if (!spool) return spool.refusal();
  auto file = spool->open();
  spool->remove();  // the open file stays readable
  if (!file) return to_refusal(file.error());
  auto summary = check_bundle(context.replica.core(), **file);
  if (!summary) return cannot_read(summary.error());
  Reply reply{summary_json(context.replica, *summary), {}, 0};
  add_warnings(context.replica, *summary, reply);
  return reply;
}

Answer take_answer(RequestContext& context, BundleInput& file, const BundleSummary& summary) {
  if (context.caller.role < LocalRole::administer) {
    return refuse(Errc::not_permitted, tr("Admitting a device is the administrator's business. Nothing was changed."));
  }
  auto taken = read_join_answer(context.replica.core(), file);
  if (!taken) return cannot_read(taken.error());
  if (context.surroundings.committed) context.surroundings.committed();
  Json data = summary_json(context.replica, summary);
  data["member"] = taken->member;
  data["member_name"] = request::member_name(context.replica, taken->member);
  data["admitted"] = !taken->repeated;
  const auto& devices = context.replica.membership().devices();
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (devices[i].author == taken->author) data["device_ref"] = "G-" + std::to_string(i + 1);
  }
  return Reply{std::move(data), {}, 0};
}

/// bundle.read  {"id"}: takes it in. The answer of a device to an invite admits that device.
/// data: that of bundle.check, and {"control_new", "entries_new", "runs_refused", "joined", "heads_unheld"}; of an answer
/// {"admitted", "device_ref"}. Warnings: those of bundle.check, W_RUNS_REFUSED, W_OWN_TAIL_LOST, W_HEADS_UNHELD.
Answer read(RequestContext& context) {
  auto spool = spool_of(context);
  if (!spool) return spool.refusal();
  auto file = spool->open();
  spool->remove();
  if (!file) return to_refusal(file.error());
  auto summary = check_bundle(context.replica.core(), **file);
  if (!summary) return cannot_read(summary.error());
  if (context.dry_run) {
    Reply reply{summary_json(context.replica, *summary), {}, 0};
    add_warnings(context.replica, *summary, reply);
    return reply;
  }
  if (summary->kind == BundleKind::join) return take_answer(context, **file, *summary);

  auto taken = read_bundle(context.replica.core(), **file);
  if (!taken) return cannot_read(taken.error());
  if (auto erased = erasure::carry_out(context.replica.core()); !erased) return to_refusal(erased.error());
  if (auto pruned = checkpoints::carry_out(context.replica.core()); !pruned) return to_refusal(pruned.error());
  if (context.surroundings.committed) context.surroundings.committed();
  Reply reply{summary_json(context.replica, taken->summary), {}, 0};
  reply.data["control_new"] = taken->control_new;
  reply.data["entries_new"] = taken->entries_new;
  reply.data["runs_refused"] = taken->runs_refused;
  reply.data["joined"] = taken->joined;
  reply.data["heads_unheld"] = taken->heads_unheld;
  if (taken->runs_refused > 0) {
    reply.warnings.push_back({"W_RUNS_REFUSED", trn("{} piece was not taken in: {}", "{} pieces were not taken in: {}",
                                                    static_cast<unsigned long>(taken->runs_refused), {name(taken->refused)})});
  }
  if (taken->own_tail_lost) {
    reply.warnings.push_back({"W_OWN_TAIL_LOST", tr("This store is an older state of itself: entries of this device are missing here. "
                                                    "Nothing is lost; they come back with the next exchange.")});
  }
  if (taken->states_differ > 0) {
    reply.warnings.push_back({"W_STATE_DIFFERS", tr("The sender holds the same entries and sees something else in them. Run kiz verify --rebuild here and there, and tell the Kreis.")});
  }
  if (taken->heads_unheld > 0 && !is_missing(taken->summary)) {
    reply.warnings.push_back({"W_HEADS_UNHELD", tr("The sender proves that there are entries which are not here and not in this bundle. "
                                                   "They come with the next exchange.")});
  }
  add_warnings(context.replica, taken->summary, reply);
  return reply;
}

/// Devices of a member by its name or key, or one device by its reference G-2.
Or<std::vector<TransportKey>> devices_for(const RequestContext& context, const std::string& text) {
  const Replica& replica = context.replica;
  const auto& devices = replica.membership().devices();
  const TransportKey own = replica.identity().transport;
  std::vector<TransportKey> out;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const std::string ref = "G-" + std::to_string(i + 1);
    if ((text == ref || text == "g-" + std::to_string(i + 1)) && !devices[i].revoked) return std::vector{devices[i].transport};
  }
  auto member = request::member(replica, text);
  if (!member) return member.refusal();
  for (const Device& device : devices) {
    if (device.member == member->id && !device.revoked && device.transport != own) out.push_back(device.transport);
  }
  if (out.empty()) {
    return refuse(Errc::not_found, tr("{} has no other device that could read a bundle. Nothing was written.", {member->name}), tr("kiz device list"));
  }
  return out;
}

Or<std::vector<TransportKey>> recipients_of(const RequestContext& context) {
  std::vector<std::string> named = request::texts(context.args, "for");
  if (named.empty()) {
    if (context.replica.identity().is_authority) {
      return refuse(Errc::usage, tr("For whom is the bundle?"), tr("kiz bundle write FILE --for TOWN"));
    }
    named.push_back(context.replica.membership().authority());
  }
  std::vector<TransportKey> out;
  for (const std::string& text : named) {
    auto devices = devices_for(context, text);
    if (!devices) return devices.refusal();
    out.insert(out.end(), devices->begin(), devices->end());
  }
  return out;
}

/// bundle.write  {"for"?: [TOWN or G-2], "whole"?, "since_last"?}: for the Kreis where nobody is named. It waits under
/// "id" for bundle.get.
/// data: {"id", "number", "bytes", "recipients": [{"ref", "name", "member", "member_name"}], "control_records", "runs",
/// "entries", "spaces", "spaces_left_out", "builds_on"}. Warnings: W_SPACES_LEFT_OUT.
Answer write(RequestContext& context) {
  if (auto refused = request::need_member(context)) return *refused;
  auto recipients = recipients_of(context);
  if (!recipients) return recipients.refusal();
  BundleOrder order{*recipients, request::flag(context.args, "whole"), request::flag(context.args, "since_last")};
  if (order.whole && order.since_last) return refuse(Errc::usage, tr("A bundle is either whole or goes on from the last one."));

  std::optional<BundleSpool> spool;
  if (!context.dry_run) {
    auto made = BundleSpool::create(context.replica.core());
    if (!made) return to_refusal(made.error());
    spool.emplace(std::move(*made));
  }
  std::uint64_t bytes = 0;
  auto written = write_bundle(context.replica.core(), order, [&](ByteView piece) -> Result<void> {
    if (!spool) return {};
    auto appended = spool->append(bytes, piece);
    if (!appended) return appended.error();
    bytes = *appended;
    return {};
  });
  if (!written) {
    if (spool) spool->remove();
    return to_refusal(written.error());
  }
  Json to = Json::array();
  const auto& devices = context.replica.membership().devices();
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (std::find(recipients->begin(), recipients->end(), devices[i].transport) == recipients->end()) continue;
    to.push_back({{"ref", "G-" + std::to_string(i + 1)},
                  {"name", devices[i].name},
                  {"member", devices[i].member},
                  {"member_name", request::member_name(context.replica, devices[i].member)}});
  }
  Reply reply{{{"id", spool ? Json(spool->id()) : Json()},
               {"number", written->number},
               {"bytes", written->bytes},
               {"recipients", std::move(to)},
               {"control_records", written->control_records},
               {"runs", written->runs},
               {"entries", written->entries},
               {"spaces", written->spaces},
               {"spaces_left_out", written->spaces_left_out},
               {"builds_on", written->builds_on == 0 ? Json() : Json(written->builds_on)}},
              {},
              0};
  if (written->spaces_left_out > 0) {
    reply.warnings.push_back({"W_SPACES_LEFT_OUT", tr("What not all of the recipients may read was left out. Write one bundle for each of them to give it.")});
    reply.exit = 3;
  }
  return reply;
}

/// bundle.get  {"id", "offset"}   data: {"content", "end"}: up to 1 MiB; at its end the bundle is forgotten here
Answer get(RequestContext& context) {
  auto spool = spool_of(context);
  if (!spool) return spool.refusal();
  const std::int64_t offset = context.args.value("offset", std::int64_t{0});
  if (offset < 0) return refuse(Errc::usage, tr("The piece of the bundle cannot be read."));
  auto piece = spool->read(static_cast<std::uint64_t>(offset), piece_bytes_max);
  if (!piece) return to_refusal(piece.error());
  const bool end = piece->size() < piece_bytes_max;
  if (end) spool->remove();
  return Reply{{{"content", request::to_base64({reinterpret_cast<const char*>(piece->data()), piece->size()})}, {"end", end}}, {}, 0};
}

constexpr std::uint64_t dump_bytes_max = std::uint64_t{8} << 20;  // what is shown goes through one reply, in hexadecimal

/// bundle.dump  {"id"}   data: {"outside": {"suite", "kind", "recipients", "ephemeral", "hash"}, "items": [{"part", ...}]}
Answer dump(RequestContext& context) {
  auto spool = spool_of(context);
  if (!spool) return spool.refusal();
  auto beyond = spool->read(dump_bytes_max, 1);
  auto file = spool->open();
  spool->remove();
  if (!beyond) return to_refusal(beyond.error());
  if (!file) return to_refusal(file.error());
  if (!beyond->empty()) return refuse(Errc::over_limit, tr("Bundles above 8 MB are verified, not shown: kiz bundle check FILE"));
  auto shown = dump_bundle(context.replica.core().files().keyring().transport, **file);
  if (!shown) return cannot_read(shown.error());
  return Reply{std::move(*shown), {}, 0};
}

/// bundle.answer   data: {"content", "device"}: this device's answer to its invite, for the Kreis
Answer answer_invite(RequestContext& context) {
  auto bytes = write_join_answer(context.replica.core());
  if (!bytes) return to_refusal(bytes.error());
  return Reply{{{"content", request::to_base64({reinterpret_cast<const char*>(bytes->data()), bytes->size()})},
                {"device", context.replica.identity().device}},
               {},
               0};
}

}  // namespace

std::vector<RequestKind> bundle_requests() {
  return {{"bundle.put", LocalRole::edit, put},         {"bundle.check", LocalRole::edit, check},
          {"bundle.read", LocalRole::edit, read},       {"bundle.write", LocalRole::edit, write},
          {"bundle.get", LocalRole::edit, get},         {"bundle.answer", LocalRole::administer, answer_invite},
          {"bundle.dump", LocalRole::edit, dump}};
}

}  // namespace kiz

#include "libclient/requests_backup.h"

#include <filesystem>

#include "libclient/inspection.h"
#include "libclient/key_file.h"
#include "libclient/months.h"
#include "libclient/refusals.h"
#include "libclient/request_support.h"
#include "libclient/store_files.h"
#include "libclient/translate.h"

namespace kiz {

namespace {
namespace fs = std::filesystem;
using request::refuse;

const std::atomic<bool> never_stopped{false};

std::optional<std::string> recovery_of(const Json& args) {
  auto given = request::text(args, "recovery");
  return given.empty() ? std::nullopt : std::optional<std::string>{std::move(given)};
}

std::size_t count_of(const Json& args, const char* name, std::size_t otherwise) {
  const auto at = args.find(name);
  if (at == args.end() || !at->is_number_integer() || at->get<std::int64_t>() < 0) return otherwise;
  return static_cast<std::size_t>(std::min<std::int64_t>(at->get<std::int64_t>(), 10'000));
}

Json facts_of(const fs::path& source, const backup::Checked& checked) {
  return {{"file", source.string()},
          {"bytes", checked.bytes},
          {"created", months::instant(checked.contents.created_ms)},
          {"entries", checked.contents.entries},
          {"member", checked.contents.member},
          {"member_name", checked.contents.member_name},
          {"device", checked.contents.device},
          {"recovery", checked.recovery}};
}

Refusal no_source() { return refuse(Errc::usage, tr("Which backup?"), tr("kiz backup check FILE")); }

// The key of a key file; empty where none was named.
Result<std::optional<StoreKey>> key_of(const Json& args, const Unlock& unlock) {
  const auto path = request::text(args, "key_file");
  if (path.empty()) return std::optional<StoreKey>{};
  auto key = open_store_key(path, unlock.passphrase);
  if (!key) return Error{key.error().code == Errc::not_set_up ? Errc::not_found : key.error().code, path};
  return std::optional<StoreKey>{std::move(*key)};
}

Answer check_with(const Json& args, const StoreKey* key, const Watch& watch) {
  const fs::path source = request::text(args, "source");
  if (source.empty()) return no_source();
  auto checked = backup::check(source, {key, recovery_of(args)}, watch);
  if (!checked) return backup_refusal(checked.error(), source.string());
  return Reply{facts_of(source, *checked), {}, 0};
}

Answer write(RequestContext& context) {
  auto options = backup_options(context.args, {});
  if (auto* refusal = std::get_if<Refusal>(&options)) return *refusal;
  auto& wanted = std::get<backup::WriteOptions>(options);
  const std::string target = wanted.target.string();
  const bool recovery = wanted.passphrase.has_value();
  if (context.dry_run) return Reply{{{"file", target}}, {}, 0};
  auto writer = backup::Writer::begin(context.replica.core(), std::move(wanted));
  if (!writer) return backup_refusal(writer.error(), target);
  auto written = (*writer)->run(context.surroundings.progress, never_stopped);
  if (!written) return backup_refusal(written.error(), target);
  writer->reset();
  if (auto noted = backup::note(context.replica.core(), *written); !noted) return to_refusal(noted.error());
  return backup_reply(*written, recovery);
}

Answer check(RequestContext& context) {
  if (!request::text(context.args, "key_file").empty()) return check_backup(context.args, {}, context.surroundings.progress);
  return check_with(context.args, &context.replica.core().files().key(), context.surroundings.progress);
}
}  // namespace

std::variant<backup::WriteOptions, Refusal> backup_options(const Json& args, const BackupDefaults& defaults) {
  backup::WriteOptions out;
  out.target = request::text(args, "target");
  if (out.target.empty()) out.target = defaults.folder;
  if (out.target.empty()) {
    return refuse(Errc::not_set_up, tr("Where to? No folder for backups is configured. Nothing was changed."), tr("kiz backup write FOLDER"));
  }
  out.target = fs::absolute(out.target).lexically_normal();
  if (!out.target.has_filename()) out.target = out.target.parent_path();
  out.passphrase = recovery_of(args);
  if (!out.passphrase) out.passphrase = defaults.passphrase;
  out.keep = {count_of(args, "keep_days", defaults.keep.days), count_of(args, "keep_weeks", defaults.keep.weeks),
              count_of(args, "keep_months", defaults.keep.months)};
  return out;
}

Reply backup_reply(const backup::Written& written, bool recovery) {
  Reply reply;
  reply.data = {{"file", written.file.string()},
                {"bytes", written.bytes},
                {"entries", written.entries},
                {"created", months::instant(written.created_ms)},
                {"resumed_bytes", written.resumed_bytes},
                {"recovery", recovery},
                {"removed", written.removed}};
  if (!recovery) {
    reply.warnings.push_back({"W_NO_RECOVERY", tr("Only the key file of this store opens this backup. Keep a copy of it elsewhere, or give a recovery passphrase with --recovery-file.")});
  }
  return reply;
}

Refusal backup_refusal(const Error& error, const std::string& file) {
  switch (error.code) {
    case Errc::already_set_up:
      if (error.context == "store" || error.context == "keyring") return to_refusal(error);
      return refuse(Errc::invalid_input, tr("{} is there already. Nothing was changed.", {error.context}), tr("Name a folder, or a new file."));
    case Errc::not_found:
      return refuse(Errc::not_found, tr("There is no such file or folder: {}. Nothing was changed.", {error.context}));
    case Errc::not_permitted:
      return refuse(Errc::not_permitted, tr("This cannot be opened for lack of rights: {}. Nothing was changed.", {error.context}),
                    tr("Give a folder that kiz-sync may write to, such as /var/backups/kiz-sync."));
    case Errc::no_space:
      return refuse(Errc::no_space, tr("The target is full: the backup needs {} bytes more. Nothing was changed.", {error.context}),
                    tr("Make room, then do it again."));
    case Errc::malformed:
      return refuse(Errc::invalid_input, tr("This is no backup of kiz-sync: {}. Nothing was changed.", {file}));
    case Errc::damaged:
      return refuse(Errc::damaged, tr("This backup is damaged ({}), so it is not used. Nothing was changed.", {error.context}),
                    tr("Take another one: kiz backup check FILE"));
    case Errc::wrong_key:
      return refuse(Errc::wrong_key, tr("Neither key nor passphrase opens this backup. Nothing was changed."),
                    tr("Give the key file of the store it is of with --key, or the recovery passphrase with --recovery-file."));
    case Errc::store_in_use:
      return refuse(Errc::store_in_use, tr("A backup is being written already. Nothing was changed."));
    case Errc::silent_peer: {
      Refusal stopped = refuse(Errc::io_error, tr("Stopped. What was written stays, the next backup goes on from there."));
      stopped.exit = 130;
      return stopped;
    }
    default: return to_refusal(error);
  }
}

Answer check_backup(const Json& args, const Unlock& unlock, const Watch& watch) {
  auto key = key_of(args, unlock);
  if (!key) return backup_refusal(key.error(), request::text(args, "key_file"));
  return check_with(args, *key ? &**key : nullptr, watch);
}

Begun execute_restore(ReplicaOptions options, const Json& request, const Caller& caller, const Watch& watch) {
  set_language(caller.language);
  const auto refused = [](const Refusal& refusal) { return Begun{refusal_envelope("backup.read", refusal), nullptr}; };
  if (caller.role < LocalRole::administer) {
    return refused(refuse(Errc::not_permitted, tr("Only an administrator of this machine may set it up. Nothing was changed."),
                          tr("Ask the administrator of this machine to put you into the right group.")));
  }
  Json args = request.value("args", Json::object());
  const fs::path source = request::text(args, "source");
  if (source.empty()) return refused(no_source());
  // A key file that was put into the new store's folder is meant to open it.
  std::error_code failed;
  const fs::path beside = options.directory / "key";
  if (request::text(args, "key_file").empty() && fs::exists(beside, failed)) args["key_file"] = beside.string();
  auto key = key_of(args, options.unlock);
  if (!key) return refused(backup_refusal(key.error(), request::text(args, "key_file")));
  const backup::Opening opening{*key ? &**key : nullptr, recovery_of(args)};

  auto checked = request.value("dry_run", false) ? backup::check(source, opening, watch)
                                                       : backup::restore(source, opening, options, watch);
  if (!checked) return refused(backup_refusal(checked.error(), source.string()));
  Json data = facts_of(source, *checked);
  Json warnings = Json::array();
  const auto done = [&](int exit) {
    return Json{{"schema", "kiz.backup.read/1"}, {"ok", true}, {"exit", exit}, {"data", data}, {"warnings", warnings}};
  };
  if (request.value("dry_run", false)) return {done(0), nullptr};

  auto replica = Replica::open(options);
  if (!replica) return refused(to_refusal(replica.error()));
  const Verification found = inspect::verify((*replica)->core(), false, watch);
  if (!found.ok) return refused(refuse(Errc::damaged, tr("What was restored does not hold together. It stays here for a look; restore another backup elsewhere."), tr("kiz verify")));
  data["state_hash"] = to_hex(found.state_hash);
  data["authority"] = (*replica)->identity().is_authority;
  if ((*replica)->identity().is_authority) {
    warnings.push_back({{"code", "W_WAIT_FOR_A_TOWN"},
                        {"text", tr("Invite, lock out and renew nobody before a town has called: it brings what was decided after the backup.")}});
  }
  return {done(0), std::move(*replica)};
}

std::vector<RequestKind> backup_requests() {
  return {{"backup.write", LocalRole::administer, write}, {"backup.check", LocalRole::administer, check}};
}

}  // namespace kiz

#include "libclient/enrolment.h"

#include <algorithm>

#include "libclient/checkpoints.h"
#include "libclient/keyring.h"
#include "libclient/replica_core.h"
#include "protocol/emergency_sheet.h"
#include "protocol/enrolment_code.h"

namespace kiz {
namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;

SecretKey32 fresh_key(const Replica& replica) {
  SecretKey32 out;
  replica.random(out.writable());
  return out;
}

std::string sheet_of(const RealmPlan& plan, const EmergencySheet& sheet) {
  return "NOTFALLBLATT / EMERGENCY SHEET\n" + plan.name + " (" + plan.authority + ")\n" + encode_sheet(sheet) + "\n";
}

void keep_invite(KeyringContents& ring, const std::string& text, const Invite& invite, const CheckNumber& check) {
  const auto bytes = view(text);
  PendingJoin joining;
  joining.invite.assign(bytes.begin(), bytes.end());
  joining.psk = invite_psk(invite, check);
  ring.joining = std::move(joining);
  ring.kreis = invite.kreis_static;
  ring.kreis_addresses = invite.addresses;
}

// Moves the cut of one log down to an earlier entry, on the branch that the cut is on.
Result<void> end_earlier(const ReplicaCore& core, std::vector<Cut>& cuts, const DeviceLog& end) {
  const auto cut = std::find_if(cuts.begin(), cuts.end(), [&](const Cut& each) { return each.log == end.log; });
  const SpaceSlot* slot = core.slot(end.space);
  if (cut == cuts.end() || slot == nullptr || end.seq > cut->seq) return Error{Errc::not_found, "log"};
  if (end.seq == 0) {
    *cut = {end.log, 0, {}, {}};
    return {};
  }
  Place place = slot->store.meta(slot->store.find(cut->head)).place;
  const auto& branches = slot->store.log(place.log).branches;
  while (branches[place.branch].parent != no_branch && end.seq <= branches[place.branch].fork_seq) {
    place.branch = branches[place.branch].parent;
  }
  place.seq = end.seq;
  cut->seq = end.seq;
  cut->head = slot->store.meta(slot->store.at(place)).hash;
  if (cut->fork && *cut->fork >= end.seq) cut->fork.reset();  // before the branches part there is nothing to choose
  return {};
}

}  // namespace

Result<Founded> found_realm(ReplicaOptions options, const RealmPlan& plan) {
  const bool named = std::all_of(plan.members.begin(), plan.members.end(), [](const auto& m) { return !m.name.empty(); });
  if (plan.members.empty() || plan.name.empty() || plan.authority.empty() || !named) return Error{Errc::invalid_input, "realm"};
  auto replica = Replica::create(std::move(options), plan.device);
  if (!replica) return replica.error();
  ReplicaCore& core = (*replica)->core();

  EmergencySheet sheet;
  sheet.root = fresh_key(**replica);
  const crypto::SigningKey root = sheet.signing();
  KeyringContents& ring = core.files().keyring();
  ring.transport = kreis_transport(sheet.root);  // what members know the node by comes back with the sheet
  ring.pair_secret = pair_secret(sheet.root);
  ring.issuing_seed = fresh_key(**replica);
  ring.own_addresses = plan.addresses;
  ring.listen = plan.listen;
  if (auto saved = core.files().save_keyring(); !saved) return saved.error();
  const crypto::SigningKey& issuing = *core.files().issuing_key();

  std::vector<Bytes> records;
  std::optional<ControlRecord> last;
  const auto append = [&](const ControlBody& body, const crypto::SigningKey& key) {
    last = make_control_record(last ? &*last : nullptr, body, core.now_ms(), key);
    records.push_back(encode_control_record(*last));
  };
  append(RealmFounded{root.author(), issuing.author(), certify_issuing_key(root, issuing.author()), plan.name, plan.authority}, root);
  append(MemberNamed{plan.authority, plan.name, MemberRole::kreis}, issuing);
  for (const RealmPlan::Municipality& member : plan.members) {
    if (member.id != plan.authority) append(MemberNamed{member.id, member.name, MemberRole::municipality}, issuing);
  }
  DeviceGranted own;
  own.author = core.files().author();
  own.transport = core.files().transport();
  own.member = plan.authority;
  own.rights = rights_of_the_kreis;
  own.device = plan.device;
  own.admitted_until_ms = core.now_ms() + 10 * 365 * day_ms;  // the authority admits itself; nobody else could
  append(own, issuing);
  if (auto taken = core.ingest_control(records); !taken) return taken.error();
  sheet.realm = core.control().realm();
  return Founded{std::move(*replica), sheet_of(plan, sheet)};
}

InviteDraft draft_invite(const Replica& replica) {
  InviteDraft draft;
  draft.realm = replica.control().realm();
  draft.kreis = replica.identity().transport;
  replica.random(draft.secret.writable());
  Secret<8> drawn;
  replica.random(drawn.writable());
  draft.check = CheckNumber::from_random(drawn);
  return draft;
}

void stretch(InviteDraft& draft) {
  Invite invite;
  invite.realm = draft.realm;
  invite.kreis_static = draft.kreis;
  invite.secret = draft.secret.clone();
  draft.psk = invite_psk(invite, draft.check);
}

Result<InviteIssued> issue_invite(Replica& replica, const MemberId& member, const InviteOptions& options) {
  return issue_invite(replica, member, options, draft_invite(replica));
}

Result<InviteIssued> issue_invite(Replica& replica, const MemberId& member, const InviteOptions& options, InviteDraft draft) {
  ReplicaCore& core = replica.core();
  if (core.files().issuing_key() == nullptr) return Error{Errc::not_permitted, "issuing key"};
  if (core.membership().member(member) == nullptr) return Error{Errc::not_found, member};
  KeyringContents& ring = core.files().keyring();
  if (ring.own_addresses.empty()) return Error{Errc::invalid_input, "address"};

  Invite invite;
  invite.realm = draft.realm;
  invite.kreis_static = draft.kreis;
  invite.secret = draft.secret.clone();
  invite.addresses = ring.own_addresses;
  invite.expires_ms = core.now_ms() + options.valid_days * day_ms;
  auto text = encode_invite(invite);
  if (!text) return text.error();
  if (!ring.make_room_for_invite(core.now_ms())) return Error{Errc::over_limit, "open invites"};
  if (!draft.psk) stretch(draft);

  IssuedInvite issued;
  issued.id = invite.id();
  issued.secret = std::move(draft.secret);
  issued.psk = std::move(*draft.psk);
  issued.member = member;
  issued.rights = options.rights;
  issued.made_ms = core.now_ms();
  issued.expires_ms = invite.expires_ms;
  issued.needs_confirmation = options.needs_confirmation;
  ring.invites.push_back(std::move(issued));
  if (auto saved = core.files().save_keyring(); !saved) {
    ring.invites.pop_back();
    return saved.error();
  }
  return InviteIssued{*text, draft.check.text(), invite.expires_ms};
}

Result<std::unique_ptr<Replica>> prepare_join(ReplicaOptions options, const std::string& invite_text, const std::string& check_text,
                                              const std::string& device) {
  auto invite = decode_invite(invite_text);
  if (!invite) return invite.error();
  auto check = CheckNumber::parse(check_text);
  if (!check) return check.error();
  auto replica = Replica::create(std::move(options), device);
  if (!replica) return replica.error();
  keep_invite((*replica)->core().files().keyring(), invite_text, *invite, *check);
  if (auto saved = (*replica)->core().files().save_keyring(); !saved) return saved.error();
  return replica;
}

Result<void> retry_join(Replica& replica, const std::string& invite_text, const std::string& check_text) {
  KeyringContents& ring = replica.core().files().keyring();
  if (!ring.joining) return Error{Errc::already_set_up, "membership"};
  auto invite = decode_invite(invite_text);
  if (!invite) return invite.error();
  auto check = CheckNumber::parse(check_text);
  if (!check) return check.error();
  keep_invite(ring, invite_text, *invite, *check);
  return replica.core().files().save_keyring();
}

Result<void> retry_join(Replica& replica, const std::string& check_text) {
  KeyringContents& ring = replica.core().files().keyring();
  if (!ring.joining) return Error{Errc::already_set_up, "membership"};
  auto check = CheckNumber::parse(check_text);
  if (!check) return check.error();
  auto invite = decode_invite({reinterpret_cast<const char*>(ring.joining->invite.data()), ring.joining->invite.size()});
  if (!invite) return invite.error();
  ring.joining->psk = invite_psk(*invite, *check);
  return replica.core().files().save_keyring();
}

std::vector<DeviceLog> logs_of(const Replica& replica, const AuthorKey& author) {
  std::vector<DeviceLog> out;
  for (const SpaceSlot* slot : const_cast<Replica&>(replica).core().slots()) {
    for (LogRef ref = 1; ref <= slot->store.log_count(); ++ref) {
      const LogInfo& info = slot->store.log(ref);
      if (info.author != author || info.branches.empty()) continue;
      Seq newest = 0;
      for (const Branch& branch : info.branches) newest = std::max(newest, branch.tip);
      out.push_back({slot->store.space(), info.id, newest});
    }
  }
  return out;
}

Result<void> revoke_device(Replica& replica, const AuthorKey& author, const std::vector<DeviceLog>& ends) {
  ReplicaCore& core = replica.core();
  if (core.membership().device(author) == nullptr) return Error{Errc::not_found, "device"};
  DeviceRevoked revoked{author, {}};
  for (const SpaceSlot* slot : core.slots()) {
    for (const Head& head : slot->heads()) {
      const LogRef ref = slot->store.find_log(head.log);
      if (slot->store.log(ref).author != author) continue;
      // A forked log is cut where its branches part: which of them the owner wrote nobody can say here. But others may
      // have relied on one.
      const auto known = std::find_if(revoked.cuts.begin(), revoked.cuts.end(), [&](const Cut& cut) { return cut.log == head.log; });
      if (known == revoked.cuts.end()) {
        revoked.cuts.push_back({head.log, head.seq, head.entry, {}});
        continue;
      }
      const auto& branches = slot->store.log(ref).branches;
      Seq shared = known->fork.value_or(seq_never);
      for (const Branch& branch : branches) {
        if (branch.parent != no_branch) shared = std::min(shared, branch.fork_seq);
      }
      const bool left = checkpoints::leaves_checkpoint(core, *slot, {known->log, known->seq, known->head});
      const bool leaves = checkpoints::leaves_checkpoint(core, *slot, head);
      if (left != leaves ? left : head.seq > known->seq) *known = {head.log, head.seq, head.entry, {}};
      known->fork = shared;
    }
  }
  for (const DeviceLog& end : ends) {
    if (auto moved = end_earlier(core, revoked.cuts, end); !moved) return moved.error();
  }
  auto issued = core.issue(revoked);
  if (!issued) return issued.error();
  return {};
}

Result<void> renew_admission(Replica& replica, const AuthorKey& author, std::uint64_t days) {
  ReplicaCore& core = replica.core();
  if (core.membership().device(author) == nullptr) return Error{Errc::not_found, "device"};
  auto issued = core.issue(AdmissionRenewed{author, core.now_ms() + days * day_ms});
  if (!issued) return issued.error();
  return {};
}

}  // namespace kiz

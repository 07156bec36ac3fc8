#include "libclient/bundle_join.h"

#include <algorithm>

#include "libclient/bundle_file.h"
#include "libclient/keyring.h"
#include "protocol/enrolment_code.h"
#include "protocol/noise_suite.h"

namespace kiz {
namespace {

constexpr std::uint64_t admission_ms = 730ull * 24 * 60 * 60 * 1000;  // as in a session

Result<Invite> invite_of(const PendingJoin& joining) {
  return decode_invite({reinterpret_cast<const char*>(joining.invite.data()), joining.invite.size()});
}

}  // namespace

namespace bundle_join {

Result<RealmId> expected_realm(const ReplicaCore& core) {
  if (!core.control().empty()) return core.control().realm();
  const auto& joining = core.files().keyring().joining;
  if (!joining) return Errc::not_set_up;
  auto invite = invite_of(*joining);
  if (!invite) return invite.error();
  return invite->realm;
}

Result<void> fits_invite(const ReplicaCore& core, const TransportKey& sender) {
  const KeyringContents& ring = core.files().keyring();
  if (ring.joining && ring.kreis && *ring.kreis != sender) return Error{Errc::wrong_key, "bundle"};
  return {};
}

Result<bool> take_membership(ReplicaCore& core, const TransportKey& sender) {
  KeyringContents& ring = core.files().keyring();
  if (!ring.joining) return false;
  const Device* own = core.own_device();
  if (own == nullptr || own->transport != core.files().transport()) return Error{Errc::not_permitted, "membership"};
  auto statics = noise::agree(ring.transport, sender);
  if (!statics) return statics.error();
  ring.pairs.clear();
  ring.pairs.push_back({sender, join_file_psk(ring.joining->psk, *statics, core.files().author()), {}});
  ring.joining.reset();
  if (auto saved = core.files().save_keyring(); !saved) return saved.error();
  return true;
}

Result<void> note_arrived(ReplicaCore& core, const AuthorKey& device) {
  bool changed = false;
  for (IssuedInvite& invite : core.files().keyring().invites) {
    if (invite.acknowledged || !invite.used_by || *invite.used_by != device) continue;
    invite.acknowledged = changed = true;
  }
  return changed ? core.files().save_keyring() : Result<void>{};
}

}  // namespace bundle_join

// ---- the answer

Result<Bytes> write_join_answer(ReplicaCore& core) {
  const KeyringContents& ring = core.files().keyring();
  if (!ring.joining || !ring.kreis) return Error{Errc::already_set_up, "membership"};
  auto invite = invite_of(*ring.joining);
  if (!invite) return invite.error();
  auto statics = noise::agree(ring.transport, *ring.kreis);
  if (!statics) return Error{Errc::invite_altered, "invite"};

  BundleSecrets fresh;
  core.random(fresh.ephemeral.writable());
  core.random(fresh.file_key.writable());
  Bytes out;
  auto sealer = BundleSealer::begin(BundleKind::join, {*ring.kreis}, fresh, out);
  if (!sealer) return Error{Errc::invite_altered, "invite"};
  BundleJoin join;
  join.invite = invite->id();
  join.author = core.files().author();
  join.transport = core.files().transport();
  join.device = core.files().device_name();
  const Hash binding = join_file_binding(sealer->outside().hash, join.invite, join.author, join.transport, join.device);
  join.proof = join_file_proof(ring.joining->psk, *statics, binding);
  join.signature = core.files().signing().sign(bundle_label, binding);
  Bytes inside;
  if (auto appended = append_message(static_cast<std::uint32_t>(BundlePart::join), encode_bundle_part(join), inside); !appended) {
    return appended.error();
  }
  sealer->add(inside, out);
  sealer->finish(out);
  return out;
}

namespace {

struct Answered {
  BundleJoin join;
  Hash outside;
};

Result<Answered> read_answer(const ReplicaCore& core, BundleInput& file) {
  if (auto begun = file.rewind(); !begun) return begun.error();
  BundleReader reader{core.files().keyring().transport};
  Bytes piece(64u << 10);
  std::optional<Answered> out;
  for (std::size_t n = 1; n != 0;) {
    auto read = file.read(piece);
    if (!read) return read.error();
    n = *read;
    if (auto fed = n == 0 ? reader.end_of_file() : reader.feed(ByteView{piece}.first(n)); !fed) return fed.error();
    while (true) {
      auto item = reader.next();
      if (!item) return item.error();
      if (!*item) break;
      const auto* join = std::get_if<BundleJoin>(&**item);
      if (join == nullptr) return Error{Errc::malformed, "bundle"};
      out = Answered{*join, reader.outside()->hash};
    }
  }
  if (!out) return Error{Errc::malformed, bundle_cut_short};
  return std::move(*out);
}

}  // namespace

Result<JoinTaken> read_join_answer(ReplicaCore& core, BundleInput& file) {
  if (core.files().issuing_key() == nullptr) return Error{Errc::not_permitted, "issuing key"};
  auto answered = read_answer(core, file);
  if (!answered) return answered.error();
  const BundleJoin& join = answered->join;
  const Hash binding = join_file_binding(answered->outside, join.invite, join.author, join.transport, join.device);
  if (!crypto::verify(join.author, bundle_label, binding, join.signature)) return Error{Errc::bad_signature, "bundle"};

  KeyringContents& ring = core.files().keyring();
  const auto invite = std::find_if(ring.invites.begin(), ring.invites.end(), [&](const IssuedInvite& known) { return known.id == join.invite; });
  if (invite == ring.invites.end()) return Errc::invite_unknown;
  if (invite->used_by && (*invite->used_by != join.author || invite->acknowledged)) return Errc::invite_used;
  if (invite->tries_left == 0) return Errc::invite_void;
  if (!invite->used_by && invite->expires_ms < core.now_ms()) return Errc::invite_expired;
  if (invite->needs_confirmation) return Error{Errc::not_permitted, "confirmation"};
  auto statics = noise::agree(ring.transport, join.transport);
  if (!statics) return Error{Errc::malformed, "bundle"};
  if (!equal_in_constant_time(join_file_proof(invite->psk, *statics, binding), join.proof)) {
    --invite->tries_left;
    if (auto saved = core.files().save_keyring(); !saved) return saved.error();  // a try that is not counted is a free one
    return Errc::wrong_check;
  }

  JoinTaken out{invite->member, join.author, join.transport, join.device, false};
  if (const Device* known = core.membership().device(join.author)) {
    if (known->transport != join.transport) return Error{Errc::malformed, "bundle"};
    out.repeated = true;
    return out;
  }
  // The pair's key is kept before the grant is issued: a grant without a key would lock the device out.
  invite->used_by = join.author;
  std::erase_if(ring.pairs, [&](const PairKey& pair) { return pair.peer == join.transport; });
  ring.pairs.push_back({join.transport, join_file_psk(invite->psk, *statics, join.author), {}});
  if (auto saved = core.files().save_keyring(); !saved) return saved.error();
  const DeviceGranted grant{join.author, join.transport, invite->member, invite->rights, join.device,
                            core.now_ms() + admission_ms, invite->id};
  if (auto issued = core.issue(grant); !issued) return issued.error();
  return out;
}

}  // namespace kiz

#include "libclient/peer_talk.h"

#include <algorithm>

#include "libclient/keyring.h"
#include "libclient/receipts.h"
#include "protocol/emergency_sheet.h"
#include "protocol/enrolment_code.h"
#include "protocol/limits.h"
#include "protocol/mutants.h"
#include "protocol/pre_shared_key.h"

namespace kiz {
namespace {

// Tests build programs of other versions, to see that they understand each other, or say why not.
#ifndef KIZ_SPEAKS_FROM
#define KIZ_SPEAKS_FROM 1
#endif
#ifndef KIZ_SPEAKS_UPTO
#define KIZ_SPEAKS_UPTO 1
#endif
constexpr VersionRange spoken{KIZ_SPEAKS_FROM, KIZ_SPEAKS_UPTO};

constexpr SteadyTime handshake_max = std::chrono::seconds{10};
constexpr SteadyTime answer_max = std::chrono::seconds{30};  // the caller's patience: it costs nobody anything, and all may call at once
constexpr SteadyTime receipts_every = std::chrono::minutes{1};
constexpr std::size_t output_bytes_soft = 256u << 10;   // more is made when this has gone out
constexpr std::size_t ingest_bytes_soft = 2u << 20;     // runs taken in one transaction
constexpr std::uint64_t admission_ms = 730ull * 24 * 60 * 60 * 1000;

LinkKeys link_keys(const ReplicaCore& core) {
  LinkKeys keys;
  keys.own_static = core.files().keyring().transport.clone();
  keys.own_public = core.files().transport();
  core.random(keys.own_ephemeral.writable());
  return keys;
}

Result<Invite> invite_of(const PendingJoin& joining) {
  return decode_invite({reinterpret_cast<const char*>(joining.invite.data()), joining.invite.size()});
}

}  // namespace

PeerTalk::PeerTalk(ReplicaCore& core, SecureLink link, Side side, const SyncOptions& options, SteadyTime now)
    : core_(core), link_(std::move(link)), side_(side), options_(options), handshake_deadline_(now + (side == Side::initiator ? answer_max : handshake_max)) {}

Result<SecureLink> PeerTalk::link_to(const ReplicaCore& core, const Callee& callee, const Cookie& cookie) {
  const KeyringContents& ring = core.files().keyring();
  LinkKeys keys = link_keys(core);
  Preface preface;
  preface.versions = spoken;
  preface.cookie = cookie;
  preface.realm = realm_hint(core.control().realm());
  SecretKey32 psk;
  if (!callee.is_kreis) {
    if (ring.realm_secrets.empty()) return Error{Errc::not_set_up, "realm secret"};
    const std::size_t count = ring.realm_secrets.size();
    const RealmSecret& held = ring.realm_secrets[count - 1 - callee.attempt % count];
    psk = member_psk(held.secret, held.epoch, core.files().transport(), callee.key);
  } else if (ring.joining) {
    auto invite = invite_of(*ring.joining);
    if (!invite) return invite.error();
    preface.realm = realm_hint(invite->realm);
    preface.invite = invite_proof(invite->secret, noise::public_key(keys.own_ephemeral));
    psk = ring.joining->psk.clone();
  } else {
    const PairKey* pair = ring.pair(callee.key);
    if (pair == nullptr) return Error{Errc::not_set_up, "pair"};
    psk = pair->psk.clone();
  }
  return SecureLink::initiate(preface, std::move(keys), callee.key, std::move(psk));
}

Result<std::unique_ptr<PeerTalk>> PeerTalk::call(ReplicaCore& core, const Callee& callee, SteadyTime now,
                                                 const SyncOptions& options) {
  auto link = link_to(core, callee, {});
  if (!link) return link.error();
  std::unique_ptr<PeerTalk> talk{new PeerTalk{core, std::move(*link), Side::initiator, options, now}};
  talk->peer_ = callee.key;
  talk->callee_ = callee;
  return talk;
}

Result<std::unique_ptr<PeerTalk>> PeerTalk::call(ReplicaCore& core, SteadyTime now, const SyncOptions& options) {
  const auto& kreis = core.files().keyring().kreis;
  if (!kreis) return Error{Errc::not_set_up, "peer"};
  return call(core, Callee{*kreis, true, 0}, now, options);
}

Result<std::unique_ptr<PeerTalk>> PeerTalk::call_member(ReplicaCore& core, const TransportKey& member, unsigned attempt,
                                                        SteadyTime now, const SyncOptions& options) {
  const Device* device = core.membership().device(member);
  if (device == nullptr) return Error{Errc::not_found, "device"};
  if (device->revoked) return Error{Errc::revoked, "device"};
  return call(core, Callee{member, false, attempt}, now, options);
}

std::unique_ptr<PeerTalk> PeerTalk::answer(ReplicaCore& core, SteadyTime now, const SyncOptions& options, bool demand_cookie) {
  auto link = SecureLink::respond(spoken, realm_hint(core.realm()), link_keys(core));
  if (demand_cookie) {
    Cookie cookie;
    core.random(cookie.bytes);
    link.demand_cookie(cookie);
  }
  return std::unique_ptr<PeerTalk>{new PeerTalk{core, std::move(link), Side::responder, options, now}};
}

// The other side is busy and wants to see that we hear it.
void PeerTalk::begin_again() {
  if (std::exchange(began_again_, true)) return fail(Error{Errc::bad_handshake, "challenge"});
  auto link = link_to(core_, *callee_, link_.cookie());
  if (!link) return fail(link.error());
  link_ = std::move(*link);
}

// ---- what the driver calls

void PeerTalk::feed(ByteView in, SteadyTime now) {
  if (failure_) return;
  if (auto fed = link_.feed(in); !fed) fail(fed.error());
  pump(now);
}

Bytes PeerTalk::take_output(SteadyTime now) {
  pump(now);
  const Bytes rest = link_.take_output();  // the handshake's, or a refusal
  output_.insert(output_.end(), rest.begin(), rest.end());
  return std::exchange(output_, {});
}

void PeerTalk::on_time(SteadyTime now) {
  if (failure_) return;
  if (!join_ && !admit_ && !session_ && now >= handshake_deadline_) fail(Error{Errc::silent_peer, "handshake"});
  if (join_) join_->on_time(now);
  if (admit_) admit_->on_time(now);
  if (session_) session_->on_time(now);
  pump(now);
}

std::optional<SteadyTime> PeerTalk::next_timeout() const {
  if (failure_) return std::nullopt;
  if (join_) return join_->next_timeout();
  if (admit_) return admit_->next_timeout();
  if (session_) return session_->next_timeout();
  return handshake_deadline_;
}

bool PeerTalk::on_commit(const std::vector<Advance>& advances) {
  bool concerned = false;
  for (const Advance& advance : advances) concerned |= session_ != nullptr && session_->on_commit(advance);
  return concerned;
}

void PeerTalk::on_control_changed() {
  if (!session_) return;
  session_->on_control_changed();
  ask_for_realm_secret();
}

void PeerTalk::close() {
  if (session_) {
    session_->close();
  } else if (!failure_) {
    fail(Error{Errc::ok, "closed"});
  }
}

bool PeerTalk::finished() const { return failure_.has_value() || (session_ && session_->finished()); }

void PeerTalk::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
}

// ---- the talk itself

void PeerTalk::pump(SteadyTime now) {
  while (!failure_ && advance(now)) {
  }
}

// One step; false when there is nothing to do before the peer, the driver or the clock moves.
bool PeerTalk::advance(SteadyTime now) {
  switch (link_.state()) {
    case LinkState::handshaking: return false;
    case LinkState::failed:
      fail(link_.error());
      return false;
    case LinkState::challenged:
      begin_again();
      return true;
    case LinkState::needs_psk:
      choose_psk(now);
      return true;
    case LinkState::established: break;
  }
  if (!join_ && !admit_ && !session_) begin(now);
  bool moved = receive(now);
  // All that has come is taken before runs are ingested: they share a commit, and each costs less.
  while (moved && session_ && !session_->failure() && receive(now)) {
  }
  if (failure_) return false;
  if (join_) moved |= drive_join(now);
  if (admit_) moved |= drive_admit(now);
  if (session_) moved |= drive_sync(now);
  return moved;
}

void PeerTalk::choose_psk(SteadyTime) {
  peer_ = link_.remote_static();
  if (!link_.preface()->invite.is_zero()) return choose_invite_psk();
  choose_member_psk(core_.membership().device(*peer_));
}

void PeerTalk::choose_member_psk(const Device* device) {
  const KeyringContents& ring = core_.files().keyring();
  // A node that is being rebuilt has the control log from whoever called first: others may hold a longer one. Who they are
  // their key says, which follows from the root.
  const bool rebuilding = ring.recovering && !(KIZ_MUTANT(rebuilt_hears_one) && !core_.control().empty());
  if (device == nullptr && !rebuilding) return link_.refuse(Errc::not_permitted);
  if (device != nullptr && !may_come(*device)) return;
  std::vector<SecretKey32> candidates;
  if (const PairKey* pair = ring.pair(*peer_)) {
    candidates.push_back(pair->psk.clone());
    if (pair->next) candidates.push_back(pair->next->clone());
  } else {
    if (ring.pair_secret) candidates.push_back(pair_psk(*ring.pair_secret, *peer_));
    for (const RealmSecret& held : ring.realm_secrets) {
      candidates.push_back(member_psk(held.secret, held.epoch, core_.files().transport(), *peer_));
    }
  }
  if (candidates.empty()) return link_.refuse(Errc::not_permitted);
  if (!link_.offer_psks(candidates)) link_.refuse(Errc::bad_handshake);
}

/// False, and refused, for a device that gets no session.
bool PeerTalk::may_come(const Device& device) {
  // The Kreis lets one that is locked out in all the same: to hand in what it has, and to learn from the control log of it.
  if (device.revoked) {
    if (core_.files().issuing_key() == nullptr) link_.refuse(Errc::revoked);
    return core_.files().issuing_key() != nullptr;
  }
  if (KIZ_MUTANT(admit_expired)) return true;
  if (device.admitted_until_ms < core_.now_ms()) link_.refuse(Errc::expired);
  return device.admitted_until_ms >= core_.now_ms();
}

void PeerTalk::choose_invite_psk() {
  KeyringContents& ring = core_.files().keyring();
  const auto invite = std::find_if(ring.invites.begin(), ring.invites.end(), [&](const IssuedInvite& known) {
    return invite_proof(known.secret, link_.remote_ephemeral()) == link_.preface()->invite;
  });
  if (invite == ring.invites.end()) return link_.refuse(Errc::invite_unknown);
  if (invite->used_by) {
    // Only the device that it is bound to may come again, until it has acknowledged the grant.
    const Device* device = core_.membership().device(*invite->used_by);
    const bool repeats = !invite->acknowledged && (device == nullptr || device->transport == *peer_);
    if (!repeats) return link_.refuse(Errc::invite_used);
  }
  if (invite->tries_left == 0) return link_.refuse(Errc::invite_void);
  if (invite->expires_ms < core_.now_ms()) return link_.refuse(Errc::invite_expired);
  std::vector<SecretKey32> candidates;
  candidates.push_back(invite->psk.clone());
  if (link_.offer_psks(candidates)) {
    invite_ = invite->id;
    return;
  }
  --invite->tries_left;
  if (auto saved = core_.files().save_keyring(); !saved) fail(saved.error());  // a try that is not counted is a free one
  link_.refuse(Errc::wrong_check);
}

void PeerTalk::begin(SteadyTime now) {
  if (side_ == Side::initiator && core_.files().keyring().joining) {
    const KeyringContents& ring = core_.files().keyring();
    join_ = std::make_unique<JoinSession>(core_.files().signing(), ring.device_name, link_.handshake_hash(), now);
  } else if (invite_) {
    admit_ = std::make_unique<AdmitSession>(link_.handshake_hash(), now);
  } else {
    begin_sync(now);
  }
}

void PeerTalk::begin_sync(SteadyTime now) {
  // A rebuilt node meets its members one by one; from the first meeting on it knows each as before.
  KeyringContents& ring = core_.files().keyring();
  if (side_ == Side::responder && ring.pair_secret && ring.pair(*peer_) == nullptr) {
    ring.pairs.push_back({*peer_, pair_psk(*ring.pair_secret, *peer_), {}});
    if (auto saved = core_.files().save_keyring(); !saved) return fail(saved.error());
  }
  source_ = std::make_unique<PeerSource>(core_, *peer_);
  session_ = std::make_unique<SyncSession>(*source_, side_, options_, now);
  values_ = std::make_unique<ValueTalk>(core_, *peer_);
  states_ = std::make_unique<StateTalk>(core_, *source_, *peer_, side_);
  ask_for_realm_secret();
}

// Before the hello, so that it is there as soon as both hold the same and somebody may hang up.
void PeerTalk::ask_for_realm_secret() {
  const std::uint64_t epoch = core_.control().position().epoch;
  const Device* peer = core_.membership().device(*peer_);
  const bool may_have_it = peer != nullptr && peer->member == core_.membership().authority();
  if (!may_have_it || core_.files().issuing_key() != nullptr || secret_asked_for_ == epoch) return;
  if (core_.files().keyring().realm_secret(epoch) != nullptr) return;
  secret_asked_for_ = epoch;
  send(encode_message(RealmSecretWanted{}));
}

void PeerTalk::hand_over_realm_secret() {
  const Device* own = core_.own_device();
  const Device* peer = core_.membership().device(*peer_);
  if (own == nullptr || own->member != core_.membership().authority() || peer == nullptr || peer->revoked) return;
  KeyringContents& ring = core_.files().keyring();
  const std::uint64_t epoch = core_.control().position().epoch;
  if (ring.realm_secret(epoch) == nullptr) {
    if (core_.files().issuing_key() == nullptr) return;  // another device of the authority draws it
    SecretKey32 fresh;
    core_.random(fresh.writable());
    ring.keep_realm_secret(epoch, std::move(fresh));
    if (auto saved = core_.files().save_keyring(); !saved) return fail(saved.error());
  }
  RealmSecretHandedOver handed{epoch, PairPsk::from(ring.realm_secret(epoch)->secret.view())};
  send(encode_message(handed));
  wipe(handed.secret.bytes);
}

void PeerTalk::take_realm_secret(ByteView body) {
  auto handed = decode_message<RealmSecretHandedOver>(body);
  if (!handed) return fail(handed.error());
  const Device* peer = core_.membership().device(*peer_);
  const bool is_due = secret_asked_for_ == handed->epoch && handed->epoch == core_.control().position().epoch;
  if (is_due && peer != nullptr && peer->member == core_.membership().authority()) {
    core_.files().keyring().keep_realm_secret(handed->epoch, SecretKey32{handed->secret.bytes});
    if (auto saved = core_.files().save_keyring(); !saved) fail(saved.error());
  }
  wipe(handed->secret.bytes);
}

bool PeerTalk::receive(SteadyTime now) {
  auto received = link_.next();
  if (!received) {
    fail(received.error());
    return false;
  }
  if (!*received) return false;
  Message message{static_cast<MessageKind>((*received)->kind), std::move((*received)->body)};
  if (session_ != nullptr && message.kind == MessageKind::realm_secret_wanted) {
    hand_over_realm_secret();
    return true;
  }
  if (session_ != nullptr && message.kind == MessageKind::realm_secret) {
    take_realm_secret(message.body);
    wipe(message.body);
    return true;
  }
  if (session_ != nullptr && ValueTalk::concerns(message.kind)) {
    if (auto taken = values_->receive(message); !taken) fail(taken.error());
    return !failure_;
  }
  if (session_ != nullptr && StateTalk::concerns(message.kind)) {
    if (auto taken = states_->receive(message); !taken) fail(taken.error());
    return !failure_;
  }
  const auto taken = join_    ? join_->receive(std::move(message), now)
                     : admit_ ? admit_->receive(std::move(message), now)
                              : session_->receive(std::move(message), now);
  // A session that fails still has a word to say; it is sent below, then the driver sees finished().
  return static_cast<bool>(taken) || session_ != nullptr;
}

bool PeerTalk::send(const Message& message) {
  if (auto sent = link_.send(static_cast<std::uint32_t>(message.kind), message.body); !sent) {
    fail(sent.error());
    return false;
  }
  const Bytes frames = link_.take_output();
  output_.insert(output_.end(), frames.begin(), frames.end());
  return true;
}

bool PeerTalk::drive_join(SteadyTime now) {
  bool moved = false;
  if (auto grant = join_->take_grant()) {
    take_grant(std::move(*grant));
    moved = true;
  }
  while (auto message = join_->next_outgoing()) moved |= send(*message);
  if (join_->failure()) {
    fail(*join_->failure());
  } else if (join_->finished()) {
    join_.reset();
    joined_ = true;
    begin_sync(now);
    moved = true;
  }
  return moved;
}

void PeerTalk::take_grant(JoinGrant grant) {
  KeyringContents& ring = core_.files().keyring();
  auto invite = invite_of(*ring.joining);
  if (!invite) return fail(invite.error());
  if (grant.control.empty()) return fail(Error{Errc::malformed, "grant"});
  const auto first = decode_control_record(grant.control.front());
  // The invite names the realm: whoever answers with another one is not the Kreis that sent it.
  if (!first || RealmId::from(control_hash(*first)) != invite->realm) return fail(Error{Errc::foreign_realm, "grant"});
  if (auto taken = core_.ingest_control(grant.control); !taken) return fail(taken.error());
  const Device* own = core_.own_device();
  if (own == nullptr || own->transport != core_.files().transport()) return fail(Error{Errc::malformed, "grant"});
  ring.pairs.clear();
  ring.pairs.push_back({*peer_, std::move(grant.psk), {}});
  ring.joining.reset();
  if (auto saved = core_.files().save_keyring(); !saved) return fail(saved.error());
  control_changed_ = true;
  join_->stored();
}

bool PeerTalk::drive_admit(SteadyTime now) {
  bool moved = false;
  if (auto asked = admit_->take_asked()) {
    decide(*asked, now);
    moved = true;
  }
  while (auto message = admit_->next_outgoing()) moved |= send(*message);
  if (admit_->acknowledged()) {
    for (IssuedInvite& invite : core_.files().keyring().invites) {
      if (invite.id == *invite_) invite.acknowledged = true;
    }
    if (auto saved = core_.files().save_keyring(); !saved) fail(saved.error());
    admit_.reset();
    begin_sync(now);
    return true;
  }
  if (admit_->failure()) fail(*admit_->failure());
  return moved;
}

void PeerTalk::decide(const JoinAsked& asked, SteadyTime now) {
  asked_ = asked;
  for (const IssuedInvite& invite : core_.files().keyring().invites) {
    if (invite.id != *invite_) continue;
    if (invite.used_by && *invite.used_by != asked.author) return admit_->refuse(Errc::invite_used);
    if (invite.needs_confirmation && !invite.used_by) return admit_->wait_for_confirmation(now);
    return admit(now);
  }
  admit_->refuse(Errc::invite_unknown);
}

void PeerTalk::admit(SteadyTime now) {
  KeyringContents& ring = core_.files().keyring();
  const auto invite = std::find_if(ring.invites.begin(), ring.invites.end(), [&](const auto& known) { return known.id == *invite_; });
  if (invite == ring.invites.end()) return admit_->refuse(Errc::invite_unknown);
  SecretKey32 psk;
  if (ring.pair_secret) {
    psk = pair_psk(*ring.pair_secret, *peer_);  // so that a rebuilt node can still be talked to
  } else {
    core_.random(psk.writable());
  }
  // The pair's key is kept before the grant is issued: a grant without a key would lock the device out.
  invite->used_by = asked_->author;
  std::erase_if(ring.pairs, [&](const PairKey& pair) { return pair.peer == *peer_; });
  ring.pairs.push_back({*peer_, psk.clone(), {}});
  if (auto saved = core_.files().save_keyring(); !saved) return fail(saved.error());
  if (core_.membership().device(asked_->author) == nullptr) {
    DeviceGranted grant{asked_->author, *peer_, invite->member, invite->rights, asked_->device,
                        core_.now_ms() + admission_ms, invite->id};
    if (auto issued = core_.issue(grant); !issued) return fail(issued.error());
    control_changed_ = true;
  }
  JoinGrant grant;
  grant.member = invite->member;
  for (const ControlRecord& record : core_.control().records()) grant.control.push_back(encode_control_record(record));
  grant.position = core_.control().position();
  grant.psk = std::move(psk);
  admit_->accept(std::move(grant), now);
}

std::optional<std::string> PeerTalk::confirmation_code() const {
  const bool waits = (join_ && join_->waits_for_confirmation()) || (admit_ && asked_);
  if (!waits || link_.state() != LinkState::established) return std::nullopt;
  return kiz::confirmation_code(link_.handshake_hash());
}

void PeerTalk::confirm(bool equal, SteadyTime now) {
  if (!admit_ || !asked_) return;
  if (equal) {
    admit(now);
  } else {
    admit_->refuse(Errc::not_permitted);
  }
  pump(now);
}

bool PeerTalk::drive_sync(SteadyTime now) {
  bool moved = false;
  if (const auto records = session_->take_control(); !records.empty()) {
    const ControlPosition before = core_.control().position();
    const auto taken = core_.ingest_control(records);
    if (!taken) {
      session_->on_control_refused();
      control_changed_ |= core_.control().position() != before;
    } else {
      session_->on_control_changed();
      control_changed_ = true;
      ask_for_realm_secret();
    }
    moved = true;
  }
  // Who stands where we stand has shown that nothing was decided since that we do not know of.
  if (!control_confirmed_ && session_->peer_control() == core_.control().position()) {
    const Device* peer = core_.membership().device(*peer_);
    if (peer != nullptr && !peer->revoked && peer->member != core_.membership().authority()) core_.confirm_control();
    control_confirmed_ = core_.control_confirmed();
  }
  moved |= ingest_runs();
  while (auto event = session_->next_event()) take_event(core_, *peer_, *event);
  if (session_->in_sync()) give_receipts(now);
  // Proven heads go before the runs that they speak of: a line that breaks has told them.
  if (said_hello_) moved |= drive_states(now);
  while (output_.size() < output_bytes_soft) {
    auto message = session_->next_outgoing(now);
    if (!message) break;
    moved |= send(*message);
    if (!std::exchange(said_hello_, true)) moved |= drive_states(now);
  }
  moved |= drive_values(now);
  if (session_->failure() && !failure_) failure_ = *session_->failure();
  return moved && !failure_;
}

bool PeerTalk::drive_values(SteadyTime now) {
  bool moved = false;
  if (session_->in_sync() && session_->both_can(answers_for_values)) values_->look(now);
  if (values_->take_control_changed()) {
    control_changed_ = true;
    session_->on_control_changed();
    moved = true;
  }
  return send_all(*values_) || moved;
}

bool PeerTalk::drive_states(SteadyTime now) {
  if (session_->both_can(compares_states)) states_->look(session_->in_sync(), now);
  return send_all(*states_);
}

/// What goes beside the session: as far as there is room, the rest another time.
template <class Talk>
bool PeerTalk::send_all(Talk& talk) {
  bool moved = false;
  while (!session_->finished() && output_.size() < output_bytes_soft) {
    auto message = talk.next();
    if (!message) break;
    moved |= send(*message);
  }
  return moved;
}

// The Kreis tells a member what it holds of the member's own spaces, not more often than once a minute.
void PeerTalk::give_receipts(SteadyTime now) {
  if (core_.files().issuing_key() == nullptr || (receipts_given_ && now - *receipts_given_ < receipts_every)) return;
  receipts_given_ = now;
  for (const Receipt& receipt : receipts::make_due(core_, *peer_)) session_->give_receipt(receipt);
}

bool PeerTalk::ingest_runs() {
  std::vector<IncomingRun> runs;
  std::size_t bytes = 0;
  while (bytes < ingest_bytes_soft) {
    auto run = session_->next_run();
    if (!run) break;
    bytes += run->bytes.size();
    runs.push_back(std::move(*run));
  }
  if (runs.empty()) return false;
  const auto reports = core_.ingest(runs);
  if (!reports) {  // the disk's fault, not the runs': they are asked for again in the next session
    fail(reports.error());
    return false;
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunReport& report = (*reports)[i];
    if (report.refused != Errc::ok) ++refused_[report.refused];
    session_->report(runs[i].number, report);
  }
  return true;
}

}  // namespace kiz

// One connection to another replica, from its first byte to its last: handshake, enrolment where it is one, then sync.
// Sans-IO: the daemon feeds it from sockets, `kiz sync` from one socket, the simulator from its network.
//
// The driver feeds what arrives, sends what take_output() gives, and calls on_time() at next_timeout(). What arrived is
// durable before anything in the output acknowledges it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "libclient/peer_source.h"
#include "libclient/replica_core.h"
#include "libclient/state_talk.h"
#include "libclient/value_talk.h"
#include "protocol/enrolment_session.h"
#include "protocol/secure_link.h"
#include "protocol/sync_session.h"

namespace kiz {

class PeerTalk {
 public:
  /// Dials the Kreis: with the pair's key, or with the invite while this device has not joined.
  /// `core` must outlive it. errors: not_set_up (nobody to dial)
  static Result<std::unique_ptr<PeerTalk>> call(ReplicaCore& core, SteadyTime now, const SyncOptions& options = {});
  /// Dials another member's device, with a key from the realm secret of the newest epoch. `attempt` counts calls that were
  /// refused: each turns to the epoch before, in case the other side has not heard of the new one.
  /// errors: not_set_up (no realm secret yet), not_found (no such device), revoked (it is locked out)
  static Result<std::unique_ptr<PeerTalk>> call_member(ReplicaCore& core, const TransportKey& member, unsigned attempt,
                                                       SteadyTime now, const SyncOptions& options = {});
  /// Answers whoever calls. demand_cookie: many are calling; nothing dear is done for a caller that does not hear us.
  static std::unique_ptr<PeerTalk> answer(ReplicaCore& core, SteadyTime now, const SyncOptions& options = {},
                                          bool demand_cookie = false);

  /// Bytes from the peer, in pieces of any size. After a failure send what take_output() still has, then close.
  void feed(ByteView in, SteadyTime now);
  /// What is to be sent now, a few frames at a time: when it has gone out, ask again.
  Bytes take_output(SteadyTime now);
  void on_time(SteadyTime now);
  std::optional<SteadyTime> next_timeout() const;
  /// Entries were committed that this talk has not brought itself. False: none of them concerns this peer.
  bool on_commit(const std::vector<Advance>& advances);
  /// The control log has grown.
  void on_control_changed();
  /// Says goodbye.
  void close();

  bool finished() const;
  const std::optional<Error>& failure() const { return failure_; }
  Side side() const { return side_; }
  /// The caller knows our key and hears our answers; see SecureLink.
  bool called_properly() const { return link_.called_properly(); }

  /// The other side; known once the handshake is through.
  const std::optional<TransportKey>& peer() const { return peer_; }
  bool established() const { return session_ != nullptr; }
  /// Both hold the same, and neither waits for values from the other.
  bool in_sync() const { return session_ != nullptr && session_->in_sync() && !values_->waits(); }
  bool compared() const { return session_ != nullptr && session_->compared(); }
  std::uint64_t pending_entries() const { return session_ != nullptr ? session_->pending_entries() : 0; }
  /// This talk has changed the control log or taken entries: others are to be told (ReplicaCore::take_advances).
  bool take_control_changed() { return std::exchange(control_changed_, false); }

  /// Runs of the peer that were not taken in since the last call, by why.
  std::map<Errc, std::uint64_t> take_refused() { return std::exchange(refused_, {}); }

  // ---- enrolment with confirmation
  /// Both sides: six digits to be compared, while a person must confirm.
  std::optional<std::string> confirmation_code() const;
  /// The Kreis: what the device that asks calls itself; empty while none does.
  std::string asking_device() const { return asked_ ? asked_->device : std::string{}; }
  /// The Kreis: a person has compared the codes.
  void confirm(bool equal, SteadyTime now);
  /// Newcomer: joined in this talk.
  bool joined() const { return joined_; }

 private:
  // Whom this side calls, and with which key.
  struct Callee {
    TransportKey key;
    bool is_kreis = true;
    unsigned attempt = 0;
  };

  PeerTalk(ReplicaCore& core, SecureLink link, Side side, const SyncOptions& options, SteadyTime now);

  static Result<SecureLink> link_to(const ReplicaCore& core, const Callee& callee, const Cookie& cookie);
  static Result<std::unique_ptr<PeerTalk>> call(ReplicaCore& core, const Callee& callee, SteadyTime now, const SyncOptions& options);
  void begin_again();
  void pump(SteadyTime now);
  bool advance(SteadyTime now);
  void choose_psk(SteadyTime now);
  void choose_member_psk(const Device* device);
  bool may_come(const Device& device);
  void give_receipts(SteadyTime now);
  bool drive_values(SteadyTime now);
  bool drive_states(SteadyTime now);
  template <class Talk>
  bool send_all(Talk& talk);
  void choose_invite_psk();
  void begin(SteadyTime now);
  void begin_sync(SteadyTime now);
  bool receive(SteadyTime now);
  void ask_for_realm_secret();
  void hand_over_realm_secret();
  void take_realm_secret(ByteView body);
  bool drive_join(SteadyTime now);
  bool drive_admit(SteadyTime now);
  bool drive_sync(SteadyTime now);
  void take_grant(JoinGrant grant);
  void decide(const JoinAsked& asked, SteadyTime now);
  void admit(SteadyTime now);
  bool ingest_runs();
  template <class Session>
  bool send_from(Session& session, SteadyTime now);
  bool send(const Message& message);
  void fail(Error error);

  ReplicaCore& core_;
  SecureLink link_;
  Side side_;
  SyncOptions options_;
  SteadyTime handshake_deadline_;
  std::optional<Callee> callee_;
  bool began_again_ = false;
  std::optional<std::uint64_t> secret_asked_for_;  // epoch
  std::optional<TransportKey> peer_;
  std::optional<InviteId> invite_;  // the Kreis: the invite that the caller proved to hold
  std::optional<JoinAsked> asked_;  // waits for a person
  std::unique_ptr<PeerSource> source_;
  std::unique_ptr<JoinSession> join_;
  std::unique_ptr<AdmitSession> admit_;
  std::unique_ptr<SyncSession> session_;
  std::unique_ptr<ValueTalk> values_;  // beside the session
  std::unique_ptr<StateTalk> states_;  // the same
  std::optional<Error> failure_;
  std::map<Errc, std::uint64_t> refused_;
  Bytes output_;
  std::optional<SteadyTime> receipts_given_;
  bool control_changed_ = false;
  bool control_confirmed_ = false;
  bool said_hello_ = false;
  bool joined_ = false;
};

}  // namespace kiz

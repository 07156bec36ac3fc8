// How a realm begins and how devices come to belong to it. Rules: SPEC.md §4, §8; the talk itself: peer_talk.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kiz/replica.h"
#include "protocol/control_log.h"
#include "protocol/enrolment_code.h"

namespace kiz {

struct RealmPlan {
  std::string name;                 // "Kreis Borken"
  MemberId authority;               // 5-digit Kreis key, or the 8-digit AGS of a city with a centre of its own
  struct Municipality {
    MemberId id;
    std::string name;
  };
  std::vector<Municipality> members;
  std::vector<std::string> addresses;  // host:port that members dial; written into invites
  std::vector<std::string> listen;     // address:port where this node waits for them; empty: port 7411 everywhere
  std::string device = "Kreisknoten";
};

struct Founded {
  std::unique_ptr<Replica> replica;
  std::string emergency_sheet;  // the root key as text for people; shown once and kept nowhere
};

/// errors: already_set_up, invalid_input (no members, a member without name), store_in_use, io_error, no_space
Result<Founded> found_realm(ReplicaOptions options, const RealmPlan& plan);

struct InviteOptions {
  Rights rights = rights_of_an_office;
  std::uint64_t valid_days = 14;
  bool needs_confirmation = false;
};
struct InviteIssued {
  std::string invite;  // by mail
  std::string check;   // "1234 5678", by telephone
  std::uint64_t expires_ms = 0;
};
/// The secrets of an invite that nobody has yet. A check number is stretched for a tenth of a second and 64 MiB; whoever
/// has other things to do lets a thread of its own do that, and issues the invite afterwards.
struct InviteDraft {
  RealmId realm;
  TransportKey kreis;
  Secret<16> secret;
  CheckNumber check;
  std::optional<SecretKey32> psk;  // once stretched
};
InviteDraft draft_invite(const Replica& replica);
/// Uses nothing but the draft. Throws std::bad_alloc if the memory is not there.
void stretch(InviteDraft& draft);

/// `draft`: of this replica; stretched here where it is not.
/// errors: not_permitted (not the authority's node), not_found (no such member), invalid_input (no address to dial),
///         over_limit (a thousand invites are open), io_error
Result<InviteIssued> issue_invite(Replica& replica, const MemberId& member, const InviteOptions& options, InviteDraft draft);
/// The same in one step.
Result<InviteIssued> issue_invite(Replica& replica, const MemberId& member, const InviteOptions& options = {});

/// Makes the store of a new device that will dial the Kreis with this invite.
/// errors: those of decode_invite and CheckNumber::parse, already_set_up, io_error
Result<std::unique_ptr<Replica>> prepare_join(ReplicaOptions options, const std::string& invite, const std::string& check,
                                              const std::string& device);
/// Another check number for a store that has not joined yet: the first one was mistyped. errors: already_set_up, invalid_input
Result<void> retry_join(Replica& replica, const std::string& check);
/// The same with another invite. errors: those of decode_invite and CheckNumber::parse, already_set_up, io_error
Result<void> retry_join(Replica& replica, const std::string& invite, const std::string& check);

/// The logs that a device has written, as they are held here.
struct DeviceLog {
  Space space;
  LogId log;
  Seq seq = 0;  // newest entry
};
std::vector<DeviceLog> logs_of(const Replica& replica, const AuthorKey& device);

/// Locks a device out: its entries up to what is held here stay, everything beyond is quarantined everywhere.
/// `ends`: logs that end earlier, each with its last entry that still counts; from the next one on the device was not in
/// good hands. errors: not_permitted, not_found (no such device; no such log of it, or it is shorter)
Result<void> revoke_device(Replica& replica, const AuthorKey& device, const std::vector<DeviceLog>& ends = {});
/// errors: not_permitted, not_found
Result<void> renew_admission(Replica& replica, const AuthorKey& device, std::uint64_t days);

}  // namespace kiz

// Who belongs to a realm and who may read what: read off the control log. Rules: SPEC.md §5 "Rights".
// What a device may write is judged entry by entry at the position the entry cites: rights.h.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kiz/ids.h"
#include "protocol/control_log.h"

namespace kiz {

struct Member {
  MemberId id;
  std::string name;
  MemberRole role{};
};

struct Device {
  AuthorKey author;
  TransportKey transport;
  MemberId member;
  std::string name;
  Rights rights = 0;
  std::uint64_t admitted_until_ms = 0;
  Seq granted_at = 0;  // control position
  bool revoked = false;
  std::optional<InviteId> invite;
};

/// Members and devices as of everything held of the control log.
class Membership {
 public:
  Membership() = default;
  explicit Membership(const ControlLog& control) { follow(control); }

  /// Takes over what was appended to this control log since the last call, or all of it anew where an epoch has closed a
  /// branch. Pointers and lists that were given out hold no longer.
  void follow(const ControlLog& control);

  const RealmId& realm() const { return realm_; }
  const std::string& realm_name() const { return name_; }
  const MemberId& authority() const { return authority_; }
  const std::vector<Member>& members() const { return members_; }  // in the order in which they were named
  const std::vector<Device>& devices() const { return devices_; }  // in the order of their grants: G-1, G-2, ...

  const Member* member(const MemberId& id) const;
  const Device* device(const AuthorKey& author) const;
  /// The newest that is not locked out: a Kreis that was rebuilt from its emergency sheet meets others with the old key.
  const Device* device(const TransportKey& transport) const;
  std::optional<std::string> rule(const std::string& name) const;

  /// True if the devices of this member may hold the space. Default reading: offers, needs, consents, documents of the
  /// Kreis, actors, events: all members; counts, extensions: owner and Kreis; with a counterpart: owner and
  /// counterpart; funding and reports: Kreis and Land. The Land reads what its members may and the Kreis releases.
  bool may_read(const MemberId& member, const Space& space) const;
  /// True for a space that nobody may read but its owner, its counterpart and the authority, whoever is a member.
  static bool is_private(const Space& space);

  /// The right that an entry in this space needs, apart from belonging to its owner.
  static Right right_for(const Space& space, const MemberId& authority);

 private:
  void index_transports(std::size_t first);

  Seq followed_ = 0;
  std::uint64_t closings_ = 0;  // of the control log, as followed
  RealmId realm_;
  std::string name_;
  MemberId authority_;
  std::vector<Member> members_;
  std::vector<Device> devices_;
  std::vector<std::pair<std::string, std::string>> rules_;
  // Where they stand in the lists above: a hub asks for each peer and each space.
  std::unordered_map<MemberId, std::size_t> member_at_;
  std::unordered_map<AuthorKey, std::size_t, PrefixHash> device_at_;
  std::unordered_map<TransportKey, std::size_t, PrefixHash> transport_at_;
};

}  // namespace kiz

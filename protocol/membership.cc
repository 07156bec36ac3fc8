#include "protocol/membership.h"


#include "protocol/erasure_numbers.h"
#include "protocol/mutants.h"

namespace kiz {
namespace {
template <class Items, class Index, class Key>
auto find(Items& items, const Index& index, const Key& key) -> decltype(&items.front()) {
  const auto at = index.find(key);
  return at == index.end() ? nullptr : &items[at->second];
}
}  // namespace

void Membership::follow(const ControlLog& control) {
  if (closings_ != control.closings() || followed_ > control.last_seq() || realm_ != control.realm()) *this = {};
  closings_ = control.closings();
  realm_ = control.realm();
  const std::size_t known_before = devices_.size();
  bool known_changed = false;  // one of these: then the newest device of a transport key may be another one
  const auto mutable_device = [&](const AuthorKey& author) {
    known_changed = true;
    return find(devices_, device_at_, author);
  };
  for (const auto& bodies = control.bodies(); followed_ < bodies.size(); ++followed_) {
    const ControlBody& body = bodies[followed_];
    if (const auto* founded = std::get_if<RealmFounded>(&body)) {
      name_ = founded->name;
      authority_ = founded->authority;
    } else if (const auto* named = std::get_if<MemberNamed>(&body)) {
      if (auto* known = find(members_, member_at_, named->id)) {
        *known = {named->id, named->name, named->role};
      } else {
        member_at_.emplace(named->id, members_.size());
        members_.push_back({named->id, named->name, named->role});
      }
    } else if (const auto* granted = std::get_if<DeviceGranted>(&body)) {
      Device device{granted->author, granted->transport, granted->member, granted->device, granted->rights,
                    granted->admitted_until_ms, followed_ + 1, false, granted->invite};
      if (device_at_.contains(granted->author)) {
        *mutable_device(granted->author) = device;
      } else {
        device_at_.emplace(device.author, devices_.size());
        devices_.push_back(std::move(device));
      }
    } else if (const auto* revoked = std::get_if<DeviceRevoked>(&body)) {
      if (auto* known = mutable_device(revoked->author)) known->revoked = true;
    } else if (const auto* renewed = std::get_if<AdmissionRenewed>(&body)) {
      if (auto* known = find(devices_, device_at_, renewed->author)) known->admitted_until_ms = renewed->admitted_until_ms;
    } else if (const auto* rule = std::get_if<RuleSet>(&body)) {
      rules_.emplace_back(rule->name, rule->value);
    }
  }
  if (known_changed) transport_at_.clear();
  index_transports(known_changed ? 0 : known_before);
}

void Membership::index_transports(std::size_t first) {
  for (std::size_t i = first; i < devices_.size(); ++i) {
    const auto [at, fresh] = transport_at_.emplace(devices_[i].transport, i);
    if (!fresh && (!devices_[i].revoked || devices_[at->second].revoked)) at->second = i;
  }
}

const Member* Membership::member(const MemberId& id) const { return find(members_, member_at_, id); }
const Device* Membership::device(const AuthorKey& author) const { return find(devices_, device_at_, author); }
const Device* Membership::device(const TransportKey& transport) const { return find(devices_, transport_at_, transport); }

std::optional<std::string> Membership::rule(const std::string& name) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->first == name) return rule->second;
  }
  return std::nullopt;
}

bool Membership::may_read(const MemberId& member, const Space& space) const {
  if (space.realm != realm_) return false;
  const Member* reader = this->member(member);
  if (reader == nullptr) return false;
  if (!space.counterpart.empty()) return member == space.owner || member == space.counterpart;
  const bool land = reader->role == MemberRole::land;
  // Who may hold what is to be erased must learn of it; an order names places, never values.
  if (space.collection == collections::erasures || space.collection == collections::erasure_answers) return true;
  switch (space.collection) {
    case Collection::offers:
    case Collection::needs:
    case Collection::actors:
    case Collection::events: return !land || member == space.owner;
    case Collection::consents:
    case Collection::reference:
    case Collection::concept_: return true;
    case Collection::funding:
    case Collection::reports: return land || member == authority_ || member == space.owner;
    case Collection::counts:
      if (KIZ_MUTANT(read_everything)) return true;
      break;
    case Collection::extension: break;
  }
  return member == space.owner || member == authority_;
}

bool Membership::is_private(const Space& space) {
  if (!space.counterpart.empty()) return true;
  if (KIZ_MUTANT(read_everything)) return false;
  return space.collection == Collection::counts || space.collection == Collection::extension;
}

Right Membership::right_for(const Space& space, const MemberId& authority) {
  if (space.collection == collections::erasures) return Right::erase;
  // Consent is written only by the municipality's own `consent` role; the requests of the Kreis live in its own space.
  return space.collection == Collection::consents && space.owner != authority ? Right::consent : Right::write;
}

}  // namespace kiz

#include "daemon/peers.h"

#include <algorithm>

#include "daemon/log.h"
#include "daemon/peer_connection.h"
#include "daemon/server.h"
#include "libclient/keyring.h"
#include "libclient/months.h"

namespace kiz {
namespace {

constexpr std::size_t half_open_per_address_max = 32;
constexpr std::size_t half_open_max = 256;

}  // namespace

void Peers::add(PeerConnection& connection) { connections_.push_back(&connection); }

void Peers::remove(PeerConnection& connection) {
  std::erase(connections_, &connection);
  if (connection.established()) server_.events().peer(ref_of(connection), false);
  server_.changed().notify();
}

void Peers::on_established(PeerConnection& connection) {
  for (PeerConnection* other : connections_) {
    if (other != &connection && other->established() && other->talk().peer() == connection.talk().peer()) other->drop();
  }
  log::info("peer_connected", "device={}", ref_of(connection));
  server_.events().peer(ref_of(connection), true);
  server_.changed().notify();
}

void Peers::note_contact(const PeerConnection& connection) {
  last_contact_ms_[*connection.talk().peer()] = server_.replica()->now_ms();
}

void Peers::spread(const std::vector<Advance>& advances, bool control_changed, const PeerConnection* from) {
  for (PeerConnection* connection : connections_) {
    if (connection == from) continue;
    if (control_changed) connection->talk().on_control_changed();
    if (!advances.empty()) connection->talk().on_commit(advances);
    connection->wake();
  }
}

void Peers::drop_unwelcome() {
  const Membership& membership = server_.replica()->membership();
  for (PeerConnection* connection : connections_) {
    if (!connection->established()) continue;
    const Device* device = membership.device(*connection->talk().peer());
    if (device == nullptr || !device->revoked) continue;
    log::info("peer_locked_out", "device={}", ref_of(*connection));
    connection->close();
  }
}

void Peers::close_all() {
  for (PeerConnection* connection : connections_) connection->close();
}

void Peers::drop_all() {
  for (PeerConnection* connection : connections_) connection->drop();
}

bool Peers::make_room(const std::string& address) {
  PeerConnection *oldest = nullptr, *oldest_there = nullptr;
  std::size_t half_open = 0, half_open_there = 0;
  for (PeerConnection* connection : connections_) {
    if (connection->established() || connection->dropped()) continue;
    ++half_open;
    if (oldest == nullptr) oldest = connection;
    if (connection->address().to_string() != address) continue;
    ++half_open_there;
    if (oldest_there == nullptr) oldest_there = connection;
  }
  if (half_open_there >= half_open_per_address_max) {
    oldest_there->drop();
  } else if (half_open >= half_open_max || connections_.size() >= server_.config().peers_max) {
    if (oldest == nullptr) return false;
    oldest->drop();
  }
  return true;
}

PeerConnection* Peers::to(const TransportKey& peer) const {
  for (PeerConnection* connection : connections_) {
    if (connection->established() && connection->talk().peer() == peer) return connection;
  }
  return nullptr;
}

std::string Peers::ref_of(const PeerConnection& connection) const {
  if (server_.replica() == nullptr || !connection.talk().peer()) return "-";
  const auto& devices = server_.replica()->membership().devices();
  const auto at = std::find_if(devices.begin(), devices.end(),
                               [&](const Device& device) { return device.transport == *connection.talk().peer(); });
  return at == devices.end() ? "-" : "G-" + std::to_string(at - devices.begin() + 1);
}

Json Peers::status() const {
  Json list = Json::array();
  Replica* replica = server_.replica();
  if (replica == nullptr) return list;
  const ReplicaCore& core = replica->core();
  const KeyringContents& ring = core.files().keyring();
  for (const Device& device : core.membership().devices()) {
    // Those a pair's key was made with: the Kreis with every town, a town with the Kreis.
    if (!device.revoked && ring.pair(device.transport) != nullptr) list.push_back(status_of(device));
  }
  return list;
}

Json Peers::status_of(const Device& device) const {
  ReplicaCore& core = server_.replica()->core();
  const Member* member = core.membership().member(device.member);
  const PeerConnection* connection = to(device.transport);
  std::uint64_t acknowledged = 0, pending = 0;
  if (const PeerMemory::Marks* marks = core.peers().of(device.transport)) {
    for (const auto& [log, mark] : *marks) acknowledged += mark.seq;
  }
  if (connection != nullptr && connection->talk().compared()) {
    pending = connection->talk().pending_entries();
  } else if (const auto owed = PeerSource{core, device.transport}.unacknowledged()) {
    for (const Advance& advance : *owed) pending += advance.head.seq - advance.after.seq;
  } else {
    for (const Head& head : PeerSource{core, device.transport}.own_heads()) pending += head.seq;
  }
  const auto contact = last_contact_ms_.find(device.transport);
  return {{"name", member != nullptr ? member->name : device.member},
          {"member", device.member},
          {"device", device.name},
          {"reachable", connection != nullptr},
          {"in_sync", connection != nullptr && connection->talk().in_sync()},
          {"acknowledged", acknowledged},
          {"pending", pending},
          {"last_contact", contact != last_contact_ms_.end() ? Json(months::instant(contact->second)) : Json()}};
}

}  // namespace kiz

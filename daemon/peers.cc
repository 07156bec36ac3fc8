#include "daemon/peers.h"

#include <sys/resource.h>

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/log.h"
#include "daemon/peer_connection.h"
#include "daemon/server.h"
#include "libclient/keyring.h"
#include "libclient/months.h"

namespace kiz {
namespace {

constexpr std::size_t half_open_per_address_max = 32;
constexpr std::size_t half_open_max = 256;
constexpr std::size_t descriptors_for_the_rest = 32;  // store, control socket, log, files that are written
constexpr std::size_t connections_least = 4;

// What the configuration allows, or the system.
std::size_t connections_max(const Config& config) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return config.peers_max;
  const auto descriptors = static_cast<std::size_t>(limit.rlim_cur);
  const std::size_t left = descriptors > descriptors_for_the_rest ? descriptors - descriptors_for_the_rest : 0;
  return std::min(config.peers_max, std::max(left, connections_least));
}

}  // namespace

CallerPrefix prefix_of(const asio::ip::address& address) {
  const auto v6 = address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()) : address.to_v6();
  return prefix_of(v6.to_bytes());
}

void Peers::add(PeerConnection& connection) {
  connections_.push_back(&connection);
  if (connection.talk().side() == Side::responder) half_open_.push_back(&connection);
}

void Peers::remove(PeerConnection& connection) {
  std::erase(connections_, &connection);
  std::erase(half_open_, &connection);
  if (connection.established()) {
    auto [line, last] = by_device_.equal_range(*connection.talk().peer());
    while (line != last) line = line->second == &connection ? by_device_.erase(line) : std::next(line);
  }
  if (lines_.ended(&connection)) server_.events().peer(ref_of(connection), false);
  server_.changed().notify();
}

void Peers::on_established(PeerConnection& connection) {
  std::erase(half_open_, &connection);
  const TransportKey& peer = *connection.talk().peer();
  const bool own_call_counts = server_.replica()->core().files().transport() < peer;
  const Side kept = own_call_counts ? Side::initiator : Side::responder;
  const auto [first, last] = by_device_.equal_range(peer);
  std::vector<PeerConnection*> others;
  std::transform(first, last, std::back_inserter(others), [](const auto& line) { return line.second; });
  by_device_.emplace(peer, &connection);
  for (PeerConnection* other : others) {
    const bool both_called = other->talk().side() != connection.talk().side();
    if (both_called && other->talk().side() == kept && !other->dropped()) {
      connection.close();
      return;
    }
    other->drop();
  }
  if (connection.talk().side() == Side::responder) server_.listener().doorkeeper().made_it(prefix_of(connection.address()));
  log::info("peer_connected", "device={}", ref_of(connection));
  if (lines_.began(&connection, peer)) server_.events().peer(ref_of(connection), true);
  server_.changed().notify();
}

void Peers::note_contact(const PeerConnection& connection) {
  last_contact_ms_[*connection.talk().peer()] = server_.replica()->now_ms();
}

std::uint64_t Peers::last_contact_ms() const {
  std::uint64_t newest = 0;
  for (const auto& [peer, ms] : last_contact_ms_) newest = std::max(newest, ms);
  return newest;
}

void Peers::spread(const std::vector<Advance>& advances, bool control_changed, const PeerConnection* from) {
  for (PeerConnection* connection : control_changed ? connections_ : concerned_by(advances)) {
    if (connection == from) continue;
    if (control_changed) connection->talk().on_control_changed();
    const bool concerned = connection->talk().on_commit(advances);
    if (control_changed || concerned) connection->wake();
  }
}

// Of thousands of lines most are not concerned by what one town has written for the Kreis alone.
std::vector<PeerConnection*> Peers::concerned_by(const std::vector<Advance>& advances) const {
  const Membership& membership = server_.replica()->membership();
  std::set<MemberId> readers{membership.authority()};
  for (const Advance& advance : advances) {
    if (!Membership::is_private(advance.space)) return connections_;
    readers.insert({advance.space.owner, advance.space.counterpart});
  }
  std::vector<PeerConnection*> out;
  for (const Device& device : membership.devices()) {
    if (!readers.contains(device.member) || membership.device(device.transport) != &device) continue;
    const auto [first, last] = by_device_.equal_range(device.transport);
    std::transform(first, last, std::back_inserter(out), [](const auto& line) { return line.second; });
  }
  return out;
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

bool Peers::may_log_refusal(std::uint64_t& held_back) { return refusals_.now(steady_now(), held_back); }

bool Peers::make_room(const asio::ip::address& address) {
  std::map<CallerPrefix, std::size_t> calls;
  std::size_t count = 0;
  for (const PeerConnection* connection : half_open_) {
    if (connection->dropped()) continue;
    ++calls[prefix_of(connection->address())];
    ++count;
  }
  const CallerPrefix from = prefix_of(address);
  const bool too_many_there = calls[from] >= half_open_per_address_max;
  if (!too_many_there && count < half_open_max && connections_.size() < connections_max(server_.config())) return true;

  PeerConnection* victim = nullptr;
  std::pair<bool, std::size_t> worst;
  for (PeerConnection* connection : half_open_) {  // oldest first
    if (connection->dropped()) continue;
    const CallerPrefix prefix = prefix_of(connection->address());
    if (too_many_there && prefix != from) continue;
    const std::pair rank{!connection->talk().called_properly(), calls[prefix]};
    if (victim == nullptr || rank > worst) victim = connection, worst = rank;
  }
  if (victim == nullptr) return false;
  victim->drop();
  return true;
}

PeerConnection* Peers::to(const TransportKey& peer) const {
  const auto [first, last] = by_device_.equal_range(peer);
  const auto alive = std::find_if(first, last, [](const auto& line) { return !line.second->dropped(); });
  return alive == last ? nullptr : alive->second;
}

std::string Peers::ref_of(const PeerConnection& connection) const {
  if (server_.replica() == nullptr || !connection.talk().peer()) return "-";
  const Membership& membership = server_.replica()->membership();
  const Device* device = membership.device(*connection.talk().peer());
  return device == nullptr ? "-" : "G-" + std::to_string(device - membership.devices().data() + 1);
}

// Those a pair's key was made with: the Kreis with every town, a town with the Kreis; those called directly, or on the line.
std::vector<const Device*> Peers::exchanging() const {
  std::vector<const Device*> out;
  Replica* replica = server_.replica();
  if (replica == nullptr) return out;
  const ReplicaCore& core = replica->core();
  std::set<TransportKey> known;
  for (const PairKey& pair : core.files().keyring().pairs) known.insert(pair.peer);
  for (const PeerConnection* connection : connections_) {
    if (connection->established()) known.insert(*connection->talk().peer());
  }
  for (const Device& device : core.membership().devices()) {
    if (!device.revoked && (known.contains(device.transport) || server_.calls(device.transport))) out.push_back(&device);
  }
  return out;
}

Json Peers::status() const {
  Json list = Json::array();
  for (const Device* device : exchanging()) list.push_back(status_of(*device));
  return list;
}

Peers::Count Peers::count() const {
  std::set<TransportKey> on_the_line;
  for (const PeerConnection* connection : connections_) {
    if (connection->established()) on_the_line.insert(*connection->talk().peer());
  }
  Count out;
  for (const Device* device : exchanging()) {
    ++out.known;
    if (on_the_line.contains(device->transport)) ++out.reachable;
  }
  return out;
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

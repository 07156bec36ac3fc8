// All connections of this replica, and what is known of the devices behind them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "libclient/replica_core.h"
#include "libclient/requests.h"

namespace kiz {

class PeerConnection;
class Server;

class Peers {
 public:
  explicit Peers(Server& server) : server_(server) {}

  void add(PeerConnection& connection);
  void remove(PeerConnection& connection);
  const std::vector<PeerConnection*>& all() const { return connections_; }

  /// The handshake is through: an older connection of the same device is a dead one and makes way.
  void on_established(PeerConnection& connection);
  void note_contact(const PeerConnection& connection);
  /// Somebody who does not speak our protocol; a counter, no log line.
  void count_garbage() { ++garbage_; }
  std::uint64_t garbage() const { return garbage_; }

  /// Tells all talks but `from` what was committed.
  void spread(const std::vector<Advance>& advances, bool control_changed, const PeerConnection* from);
  /// Hangs up on devices that were locked out or whose membership has ended.
  void drop_unwelcome();
  void close_all();
  void drop_all();

  /// Makes room for one more from this address: of those whose handshake is not through the oldest goes. An honest peer
  /// needs two round trips, so it is never the oldest for long. False: there is no room.
  bool make_room(const std::string& address);

  /// The connection to a device; null: none, or its handshake is not through.
  PeerConnection* to(const TransportKey& peer) const;
  /// All devices that this one exchanges with: [{name, device, reachable, in_sync, acknowledged, pending, last_contact}].
  Json status() const;
  /// "G-2"; "-" for one that is not in the control log.
  std::string ref_of(const PeerConnection& connection) const;

 private:
  Json status_of(const Device& device) const;

  Server& server_;
  std::vector<PeerConnection*> connections_;  // oldest first
  std::map<TransportKey, std::uint64_t> last_contact_ms_;
  std::uint64_t garbage_ = 0;
};

}  // namespace kiz

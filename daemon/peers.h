// All connections of this replica, and what is known of the devices behind them.
#pragma once

#include <asio/ip/address.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/doorkeeper.h"
#include "daemon/lines.h"
#include "libclient/replica_core.h"
#include "libclient/requests.h"

namespace kiz {

class PeerConnection;
class Server;

CallerPrefix prefix_of(const asio::ip::address& address);

class Peers {
 public:
  explicit Peers(Server& server) : server_(server) {}

  void add(PeerConnection& connection);
  void remove(PeerConnection& connection);
  const std::vector<PeerConnection*>& all() const { return connections_; }

  /// The handshake is through. An older connection of the same device is a dead one and makes way; where two devices have
  /// called each other at the same moment, both keep the call of the one with the lower key.
  void on_established(PeerConnection& connection);
  void note_contact(const PeerConnection& connection);
  /// When any of them was heard last; 0: not since the start.
  std::uint64_t last_contact_ms() const;
  /// Somebody who does not speak our protocol; a counter, no log line.
  void count_garbage() { ++garbage_; }
  /// Whether a line of the log about one who was refused may be written: not more than 20 a minute.
  bool may_log_refusal(std::uint64_t& held_back);
  std::uint64_t garbage() const { return garbage_; }

  /// Tells all talks but `from` what was committed.
  void spread(const std::vector<Advance>& advances, bool control_changed, const PeerConnection* from);
  /// Hangs up on devices that were locked out or whose membership has ended.
  void drop_unwelcome();
  void close_all();
  void drop_all();

  /// Callers whose handshake is not through.
  std::size_t half_open() const { return half_open_.size(); }
  /// Makes room for one more from this address, where there are too many: a caller goes whose handshake is not through.
  /// First those who have not shown that they know our key, then who comes from where most come from, then the oldest;
  /// so many who are slow keep nobody out. False: there is no room.
  bool make_room(const asio::ip::address& address);

  /// The connection to a device; null: none, or its handshake is not through.
  PeerConnection* to(const TransportKey& peer) const;
  /// All devices that this one exchanges with: [{name, device, reachable, in_sync, acknowledged, pending, last_contact}].
  Json status() const;
  /// How many devices it exchanges with, and how many of them are on the line; for a status line that is written often.
  struct Count {
    std::size_t known = 0, reachable = 0;
  };
  Count count() const;
  /// "G-2"; "-" for one that is not in the control log.
  std::string ref_of(const PeerConnection& connection) const;

 private:
  std::vector<PeerConnection*> concerned_by(const std::vector<Advance>& advances) const;
  Json status_of(const Device& device) const;
  std::vector<const Device*> exchanging() const;

  Server& server_;
  std::vector<PeerConnection*> connections_;  // oldest first
  std::vector<PeerConnection*> half_open_;    // of them: callers whose handshake is not through
  std::unordered_multimap<TransportKey, PeerConnection*, PrefixHash> by_device_;  // whose handshake is
  Lines lines_;                                // those that were announced
  std::map<TransportKey, std::uint64_t> last_contact_ms_;
  std::uint64_t garbage_ = 0;
  Seldom refusals_{std::chrono::minutes{1}, 20};
};

}  // namespace kiz

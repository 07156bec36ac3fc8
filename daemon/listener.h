// The sockets that others dial. Open on the Kreis's node once it is set up, and wherever the configuration says so.
//
// Strangers find this port. What they can cost is bounded in this order, each step before the dearer one: calls per
// address and second (doorkeeper.h), handshakes under way (Peers::make_room), one hash (the call tag), a cookie where many
// are pending (secure_link.h), 10 s for the whole handshake (peer_talk.h). Of what they do the log says one line a minute.
#pragma once

#include <asio.hpp>
#include <memory>
#include <string>
#include <vector>

#include "daemon/doorkeeper.h"
#include "kiz/result.h"

namespace kiz {

class Server;

class Listener {
 public:
  explicit Listener(Server& server);
  ~Listener();

  /// Opens what configuration or set-up name; nothing on an installation that only dials. Again: opens what is not open.
  /// errors: unreachable (an address cannot be listened on; context names it)
  Result<void> open();
  void close();
  std::size_t open_sockets() const { return acceptors_.size(); }
  /// "127.0.0.1:7411" for each open socket.
  std::vector<std::string> addresses() const;
  Doorkeeper& doorkeeper() { return doorkeeper_; }
  const Doorkeeper& doorkeeper() const { return doorkeeper_; }

 private:
  asio::awaitable<void> accept_loop(std::shared_ptr<asio::ip::tcp::acceptor> acceptor);
  void welcome(asio::ip::tcp::socket socket);
  asio::awaitable<void> shed_load(asio::ip::tcp::acceptor& acceptor);
  Result<void> listen_on(const std::string& address);
  std::vector<std::string> wanted() const;

  Server& server_;
  std::vector<std::shared_ptr<asio::ip::tcp::acceptor>> acceptors_;  // shared with their loops
  Doorkeeper doorkeeper_;
  Seldom no_room_{std::chrono::minutes{1}};
  Seldom no_descriptors_{std::chrono::minutes{1}};
  int reserve_ = -1;  // a descriptor to give up when there are no others, so that callers can be turned away
};

}  // namespace kiz

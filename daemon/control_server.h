// The control socket: `kiz` and other programs of this machine ask, kizd answers. Frames: libclient/control_frame.h.
// The kernel says who asks; the configuration says what that user may do.
#pragma once

#include <asio.hpp>
#include <memory>
#include <optional>

#include "daemon/local_users.h"
#include "kiz/result.h"
#include "libclient/store_lock.h"

namespace kiz {

class Server;

class ControlServer {
 public:
  explicit ControlServer(Server& server);
  ~ControlServer();

  /// Takes the lock beside the socket and binds it; a socket that a dead daemon left is replaced only with the lock held.
  /// errors: store_in_use (the holder's pid), not_permitted, io_error
  Result<void> open();
  void start();
  /// No more callers; those that wait for an answer get it.
  void close();

 private:
  using Socket = asio::local::stream_protocol::socket;

  Result<void> bind();
  asio::awaitable<void> accept_loop();
  asio::awaitable<void> serve(Socket socket);
  asio::awaitable<bool> serve_request(Socket& socket, LocalUser user);
  asio::awaitable<void> stream_events(Socket& socket);
  asio::awaitable<std::optional<std::string>> read_body(Socket& socket, std::size_t bytes_max);
  asio::awaitable<bool> write_frame(Socket& socket, Json message);

  Server& server_;
  std::optional<StoreLock> lock_;
  asio::local::stream_protocol::acceptor acceptor_;
  std::vector<Socket*> open_;
  bool own_file_ = false;  // we made the socket's file and take it away again
  bool closed_ = false;
};

}  // namespace kiz

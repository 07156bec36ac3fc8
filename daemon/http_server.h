// Serves /metrics and /health on the address that the configuration names, for programs of this machine. Parsing is
// libmicrohttpd's; its epoll descriptor is waited for on our loop, so there is no second one and no thread.
//
//   GET /metrics        metrics.h
//   GET /health         200 when ready, else 503; /health/ready is the same
//   GET /health/live    200 while the loop turns
//
// What it bounds: 16 connections, 16 KiB for a request's head, no bodies, 10 s for each connection as a whole, so that a
// caller who sends a byte now and then holds nothing for long. A request whose Host is a name other than localhost is
// refused: a page in somebody's browser must not read it by having its own name point here.
#pragma once

#include <asio.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "kiz/result.h"

struct MHD_Daemon;

namespace kiz {

class Server;

class HttpServer {
 public:
  explicit HttpServer(Server& server);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Opens the configured address, closes another one; nothing where none is configured, or before set-up.
  /// errors: unreachable (with address and reason)
  Result<void> follow_configuration();
  void close();
  /// "127.0.0.1:7413"; empty: it is not open.
  const std::string& address() const { return address_; }

  // What the library calls back; not for others.
  struct Answer {
    unsigned status = 200;
    std::string type, body;
  };
  Answer answer(const std::string& method, const std::string& path, const std::string& host);
  void on_connection(void* connection, int socket, bool opened);

 private:
  struct Running;
  Result<void> open(const std::string& address);
  asio::awaitable<void> serve(std::shared_ptr<Running> running);
  void hang_up_on_slow();

  Server& server_;
  std::string address_, configured_;
  std::shared_ptr<Running> running_;
  struct Connection {
    int socket = -1;
    std::chrono::steady_clock::time_point since;
  };
  std::map<void*, Connection> connections_;
};

/// True for an address in digits or "localhost", with or without a port. Empty counts as wrong.
bool is_local_host_header(const std::string& host);

}  // namespace kiz

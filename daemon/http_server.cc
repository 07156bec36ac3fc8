#include "daemon/http_server.h"

#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/experimental/awaitable_operators.hpp>

#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/server.h"

namespace kiz {
namespace {

using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr unsigned connections_max = 16;
constexpr std::size_t head_bytes_max = 16u << 10;
constexpr unsigned silence_seconds_max = 5;
constexpr auto connection_max = 10s;
constexpr unsigned rounds_max = 64;     // then others on the loop have their turn
constexpr auto look_every = 1s;  // only while somebody is connected

constexpr char text_type[] = "text/plain; charset=utf-8";

MHD_Result handle(void* self, MHD_Connection* connection, const char* url, const char* method, const char*, const char*,
                  std::size_t*, void** seen) {
  // The first call comes before the body: it is answered at once, and the connection closes, so no body is taken.
  static int once = 0;
  if (*seen != nullptr) return MHD_NO;
  *seen = &once;
  const char* host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
  const auto answer = static_cast<HttpServer*>(self)->answer(method, url, host != nullptr ? host : "");
  MHD_Response* response =
      MHD_create_response_from_buffer(answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type.c_str());
  MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
  MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  const MHD_Result queued = MHD_queue_response(connection, answer.status, response);
  MHD_destroy_response(response);
  return queued;
}

void notice(void* self, MHD_Connection* connection, void**, MHD_ConnectionNotificationCode what) {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  static_cast<HttpServer*>(self)->on_connection(connection, info != nullptr ? info->connect_fd : -1,
                                                what == MHD_CONNECTION_NOTIFY_STARTED);
}

Result<int> listen_at(const std::string& text) {
  const auto address = parse_address(text);
  if (!address) return address.error();
  asio::error_code failed;
  const auto host = asio::ip::make_address(address->host == "localhost" || address->host.empty() ? "127.0.0.1" : address->host, failed);
  if (failed) return Error{Errc::unreachable, text + ": " + failed.message()};
  asio::io_context scratch;
  tcp::acceptor acceptor{scratch};
  const tcp::endpoint endpoint{host, static_cast<asio::ip::port_type>(std::stoul(address->port))};
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address{true}, failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(64, failed);
  if (!failed) acceptor.non_blocking(true, failed);
  if (failed) return Error{Errc::unreachable, text + ": " + failed.message()};
  return static_cast<int>(acceptor.release());
}

std::string bound_address(int socket) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size) != 0) return {};
  tcp::endpoint endpoint;
  if (size > endpoint.capacity()) return {};
  std::memcpy(endpoint.data(), &at, size);
  endpoint.resize(size);
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

// The library has read what there was and knows of more to do without a new event: a timeout of nothing.
void run(MHD_Daemon* daemon) {
  MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
  unsigned rounds = 0;
  do {
    MHD_run(daemon);
  } while (++rounds < rounds_max && MHD_get_timeout(daemon, &timeout_ms) == MHD_YES && timeout_ms == 0);
}

}  // namespace

bool is_local_host_header(const std::string& host) {
  const auto address = parse_address(host);
  if (!address || address->host.empty()) return false;
  asio::error_code failed;
  asio::ip::make_address(address->host, failed);
  return !failed || address->host == "localhost";
}

struct HttpServer::Running {
  Running(asio::io_context& io, MHD_Daemon* made) : daemon(made), ready(io), changed(io) {}
  ~Running() { MHD_stop_daemon(daemon); }
  MHD_Daemon* daemon;
  asio::posix::stream_descriptor ready;  // a copy of the library's epoll descriptor
  Wakeup changed;
  bool closed = false;
};

HttpServer::HttpServer(Server& server) : server_(server) {}
HttpServer::~HttpServer() = default;

Result<void> HttpServer::follow_configuration() {
  const std::string& wanted = server_.config().metrics_listen;
  const bool open_now = running_ != nullptr;
  if (server_.replica() == nullptr || server_.stopping()) return {};
  if (open_now && wanted == configured_) return {};
  close();
  return wanted.empty() ? Result<void>{} : open(wanted);
}

Result<void> HttpServer::open(const std::string& address) {
  auto socket = listen_at(address);
  if (!socket) return socket.error();
  const std::string bound = bound_address(*socket);
  MHD_Daemon* daemon = MHD_start_daemon(
      MHD_USE_EPOLL, 0, nullptr, nullptr, handle, this, MHD_OPTION_LISTEN_SOCKET, static_cast<MHD_socket>(*socket),
      MHD_OPTION_CONNECTION_LIMIT, connections_max, MHD_OPTION_CONNECTION_TIMEOUT, silence_seconds_max,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, head_bytes_max, MHD_OPTION_NOTIFY_CONNECTION, notice, this, MHD_OPTION_END);
  if (daemon == nullptr) {
    ::close(*socket);
    return Error{Errc::unreachable, address};
  }
  auto running = std::make_shared<Running>(server_.io(), daemon);
  const auto* info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
  const int copy = info != nullptr ? ::dup(info->epoll_fd) : -1;
  if (copy < 0) return Error{Errc::unreachable, address};
  running->ready.assign(copy);
  running_ = running;
  address_ = bound;
  configured_ = address;
  log::info("serving_metrics", "address={}", bound);
  spawn(server_.io(), serve(std::move(running)));
  return {};
}

void HttpServer::close() {
  if (running_ == nullptr) return;
  running_->closed = true;
  asio::error_code ignored;
  running_->ready.cancel(ignored);
  running_->changed.notify();
  running_.reset();  // the coroutine lets go of it when it wakes
  address_.clear();
  configured_.clear();
}

asio::awaitable<void> HttpServer::serve(std::shared_ptr<Running> running) {
  while (!running->closed) {
    const auto until = connections_.empty() ? never : std::chrono::steady_clock::now() + look_every;
    asio::error_code failed;
    auto readable = running->ready.async_wait(asio::posix::stream_descriptor::wait_read, asio::redirect_error(asio::use_awaitable, failed));
    co_await (std::move(readable) || running->changed.wait_until(until));
    if (running->closed) co_return;
    hang_up_on_slow();
    const std::size_t before = connections_.size();
    run(running->daemon);
    // At its limit the library stops listening; it listens again only when it is called after one has gone.
    if (connections_.size() < before) run(running->daemon);
  }
}

void HttpServer::on_connection(void* connection, int socket, bool opened) {
  if (opened) {
    connections_[connection] = {socket, std::chrono::steady_clock::now()};
  } else {
    connections_.erase(connection);
  }
}

// The library's own limit is on silence; a byte every few seconds would get around it.
void HttpServer::hang_up_on_slow() {
  const auto oldest = std::chrono::steady_clock::now() - connection_max;
  for (const auto& [connection, held] : connections_) {
    if (held.since < oldest && held.socket >= 0) ::shutdown(held.socket, SHUT_RDWR);
  }
}

HttpServer::Answer HttpServer::answer(const std::string& method, const std::string& path, const std::string& host) {
  if (!is_local_host_header(host)) return {MHD_HTTP_FORBIDDEN, text_type, "only by address\n"};
  if (method != "GET" && method != "HEAD") return {MHD_HTTP_METHOD_NOT_ALLOWED, text_type, "only GET and HEAD\n"};
  try {
    if (path == "/metrics") return {MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", metrics_text(server_)};
    if (path == "/health/live") return {MHD_HTTP_OK, "application/json", "{\"live\":true}\n"};
    if (path == "/health" || path == "/health/ready") {
      Health found = health(server_);
      return {static_cast<unsigned>(found.ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE), "application/json", std::move(found.json)};
    }
  } catch (const std::exception& fault) {  // never through the library, which is C
    log::error("fault", "what={} during=http", fault.what());
    return {MHD_HTTP_INTERNAL_SERVER_ERROR, text_type, "the store does not answer\n"};
  }
  return {MHD_HTTP_NOT_FOUND, text_type, "there are /metrics and /health\n"};
}

}  // namespace kiz

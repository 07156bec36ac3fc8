#include "daemon/listener.h"

#include <fcntl.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/peer_connection.h"
#include "daemon/server.h"
#include "libclient/keyring.h"

namespace kiz {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

constexpr std::size_t cookie_beyond = 64;  // handshakes under way

asio::awaitable<void> answer_peer(Server& server, tcp::socket socket) {
  const bool busy = server.peers().half_open() > cookie_beyond;
  PeerConnection connection{server, std::move(socket), PeerTalk::answer(server.replica()->core(), steady_now(), {}, busy)};
  co_await connection.run();
}

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

Result<tcp::endpoint> resolve(asio::io_context& io, const HostPort& address) {
  asio::error_code failed;
  const auto port = static_cast<asio::ip::port_type>(std::stoul(address.port));
  if (address.host.empty()) return tcp::endpoint{tcp::v6(), port};
  const auto literal = asio::ip::make_address(address.host, failed);
  if (!failed) return tcp::endpoint{literal, port};
  tcp::resolver resolver{io};  // a name of this machine; asked once, when the socket opens
  const auto found = resolver.resolve(address.host, address.port, failed);
  if (failed || found.empty()) return Error{Errc::unreachable, address.host};
  return found.begin()->endpoint();
}

}  // namespace

Listener::Listener(Server& server) : server_(server), reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

Listener::~Listener() {
  if (reserve_ >= 0) ::close(reserve_);
}

std::vector<std::string> Listener::wanted() const {
  if (server_.replica() == nullptr || server_.stopping()) return {};
  if (server_.config().listen) return *server_.config().listen;
  const KeyringContents& ring = server_.replica()->core().files().keyring();
  if (!ring.issuing_seed && !ring.recovering) return {};
  return ring.listen.empty() ? std::vector<std::string>{":7411"} : ring.listen;
}

std::vector<std::string> Listener::addresses() const {
  std::vector<std::string> out;
  for (const auto& acceptor : acceptors_) {
    asio::error_code ignored;
    out.push_back(text_of(acceptor->local_endpoint(ignored)));
  }
  return out;
}

Result<void> Listener::open() {
  if (!acceptors_.empty()) return {};
  for (const std::string& address : wanted()) {
    if (auto opened = listen_on(address); !opened) {
      close();
      return opened.error();
    }
  }
  return {};
}

Result<void> Listener::listen_on(const std::string& text) {
  const auto address = parse_address(text);
  if (!address) return address.error();
  auto endpoint = resolve(server_.io(), *address);
  if (!endpoint) return endpoint.error();
  auto acceptor = std::make_shared<tcp::acceptor>(server_.io());
  asio::error_code failed, ignored;
  acceptor->open(endpoint->protocol(), failed);
  if (failed && address->host.empty()) {  // a machine without IPv6
    *endpoint = tcp::endpoint{tcp::v4(), endpoint->port()};
    acceptor->open(endpoint->protocol(), failed);
  }
  acceptor->set_option(tcp::acceptor::reuse_address{true}, ignored);
  if (endpoint->protocol() == tcp::v6()) {
    acceptor->set_option(asio::ip::v6_only{!address->host.empty()}, ignored);
  }
  if (!failed) acceptor->bind(*endpoint, failed);
  if (!failed) acceptor->listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return Error{Errc::unreachable, text + ": " + failed.message()};
  log::info("listening", "address={}", text_of(acceptor->local_endpoint(ignored)));
  acceptors_.push_back(acceptor);
  spawn(server_.io(), accept_loop(acceptor));
  return {};
}

void Listener::close() {
  for (const auto& acceptor : acceptors_) {
    asio::error_code ignored;
    acceptor->close(ignored);
  }
  acceptors_.clear();
}

asio::awaitable<void> Listener::accept_loop(std::shared_ptr<tcp::acceptor> acceptor) {
  while (acceptor->is_open()) {
    asio::error_code failed;
    tcp::socket socket = co_await acceptor->async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed == asio::error::no_descriptors || failed == std::errc::too_many_files_open_in_system) {
      co_await shed_load(*acceptor);
      continue;
    }
    if (failed == asio::error::operation_aborted || failed == asio::error::bad_descriptor) co_return;
    if (failed) continue;  // the caller hung up before it was its turn
    welcome(std::move(socket));
  }
}

void Listener::welcome(tcp::socket socket) {
  asio::error_code gone;
  const auto remote = socket.remote_endpoint(gone);
  if (gone) return server_.peers().count_garbage();  // it was gone before it was its turn
  if (!doorkeeper_.let_in(prefix_of(remote.address()), steady_now())) return;
  if (server_.peers().make_room(remote.address())) {
    spawn(server_.io(), answer_peer(server_, std::move(socket)));
  } else if (std::uint64_t held_back = 0; no_room_.now(steady_now(), held_back)) {
    log::warning("no_room", "connections={} lines_held_back={}", server_.peers().all().size(), held_back);
  }
}

// Out of descriptors: the one kept back serves to take a caller and hang up, so that it does not wait for nothing; then a
// short rest, because the next call would wake us at once.
asio::awaitable<void> Listener::shed_load(tcp::acceptor& acceptor) {
  if (std::uint64_t held_back = 0; no_descriptors_.now(steady_now(), held_back)) {
    log::error("out_of_descriptors", "connections={} lines_held_back={}", server_.peers().all().size(), held_back);
  }
  if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
  asio::error_code ignored;
  acceptor.non_blocking(true, ignored);
  {
    tcp::socket turned_away{server_.io()};
    acceptor.accept(turned_away, ignored);
  }
  reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  asio::steady_timer rest{server_.io(), 100ms};
  co_await rest.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace kiz

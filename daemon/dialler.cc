#include "daemon/dialler.h"

#include <asio/experimental/awaitable_operators.hpp>

#include "daemon/log.h"
#include "daemon/peer_connection.h"
#include "daemon/server.h"
#include "libclient/keyring.h"

namespace kiz {
namespace {

using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr auto connect_max = 10s;
constexpr unsigned quick_calls = 3;

bool is_about_the_invite(Errc code) { return code >= Errc::invite_used && code <= Errc::invite_unknown; }

// The peer has looked at who calls and does not want it; asking again soon would not help.
bool is_refused_by_name(Errc code) {
  return code == Errc::revoked || code == Errc::expired || code == Errc::not_permitted || code == Errc::foreign_realm ||
         code == Errc::bad_handshake || code == Errc::version_refused;
}

}  // namespace

Dialler::Dialler(Server& server) : server_(server), wakeup_(server.io()) {}

void Dialler::start() { spawn(server_.io(), run()); }

void Dialler::stop() {
  stopped_ = true;
  wakeup_.notify();
}

void Dialler::dial_now() {
  urgent_ = true;
  wakeup_.notify();
}

void Dialler::on_new_invite() {
  invite_refused_ = false;
  last_failure_.reset();
  dial_now();
}

std::vector<std::string> Dialler::addresses() const {
  if (!server_.config().dial.empty()) return server_.config().dial;
  return server_.replica()->core().files().keyring().kreis_addresses;
}

bool Dialler::has_somebody() const {
  if (server_.replica() == nullptr) return false;
  const KeyringContents& ring = server_.replica()->core().files().keyring();
  return ring.kreis.has_value() && !addresses().empty();
}

bool Dialler::may_call() const { return has_somebody() && !server_.offline() && !invite_refused_; }

asio::awaitable<void> Dialler::run() {
  while (!stopped_) {
    if (!may_call()) {
      co_await wakeup_.wait_until(never);
      continue;
    }
    urgent_ = false;
    co_await call();
    ++calls_ended_;
    server_.changed().notify();
    const auto until = std::chrono::steady_clock::now() + pause();
    while (!stopped_ && !urgent_ && std::chrono::steady_clock::now() < until) {
      co_await wakeup_.wait_until(until);
    }
  }
}

asio::awaitable<void> Dialler::call() {
  last_failure_ = Error{Errc::unreachable, "Kreis"};
  network_is_down_ = false;
  for (const std::string& address : addresses()) {
    tcp::socket socket{server_.io()};
    const bool connected = co_await connect(socket, address);
    if (stopped_ || !may_call()) co_return;
    if (!connected) continue;
    auto talk = PeerTalk::call(server_.replica()->core(), steady_now());
    if (!talk) {
      last_failure_ = talk.error();
      co_return;
    }
    PeerConnection connection{server_, std::move(socket), std::move(*talk)};
    line_ = &connection;
    server_.changed().notify();
    co_await connection.run();
    line_ = nullptr;
    if (connection.was_in_sync()) quick_calls_left_ = quick_calls, quick_calls_made_ = 0;
    if (connection.talk().failure()) last_failure_ = connection.talk().failure();
    invite_refused_ = last_failure_ && is_about_the_invite(last_failure_->code);
    if (!connection.established()) log::info("call_refused", "code={}", name(last_failure_->code));
    co_return;
  }
  log::info("kreis_not_reached", "network={}", network_is_down_ ? "down" : "up");
}

asio::awaitable<bool> Dialler::connect(tcp::socket& socket, std::string address) {
  const auto parsed = parse_address(address);
  if (!parsed) co_return false;
  asio::error_code failed, ignored;
  asio::steady_timer deadline{server_.io(), connect_max};
  tcp::resolver resolver{server_.io()};
  auto lookup = resolver.async_resolve(parsed->host, parsed->port, asio::redirect_error(asio::use_awaitable, failed));
  auto outcome = co_await (std::move(lookup) || deadline.async_wait(asio::redirect_error(asio::use_awaitable, ignored)));
  if (failed || outcome.index() == 1) {
    network_is_down_ = true;
    co_return false;
  }
  const auto found = std::get<0>(outcome);
  auto connecting = asio::async_connect(socket, found, asio::redirect_error(asio::use_awaitable, failed));
  const auto connected =
      co_await (std::move(connecting) || deadline.async_wait(asio::redirect_error(asio::use_awaitable, ignored)));
  if (failed == asio::error::network_unreachable || failed == asio::error::host_unreachable) network_is_down_ = true;
  co_return !failed && connected.index() == 0;
}

std::chrono::milliseconds Dialler::pause() {
  std::chrono::milliseconds length = 60s;
  if (quick_calls_left_ > 0) {
    --quick_calls_left_;
    length = 1s * (1u << quick_calls_made_++);
  } else if (last_failure_ && is_refused_by_name(last_failure_->code)) {
    length = 10min;
  } else if (network_is_down_) {
    length = 10s;
  }
  // Towns that lost the same node at the same moment shall not come back at the same moment. Never less than a minute
  // where a minute is meant.
  std::uint32_t drawn = 0;
  server_.replica()->random({reinterpret_cast<std::uint8_t*>(&drawn), sizeof drawn});
  const auto spread = length < 60s ? length / 2 + length * (drawn % 1024) / 1024 : length + length / 4 * (drawn % 1024) / 1024;
  return impatient_ > 0 ? std::min<std::chrono::milliseconds>(spread, 1s) : spread;
}

}  // namespace kiz

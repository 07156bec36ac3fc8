#include "daemon/dialler.h"

#include <algorithm>
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
constexpr auto look_whether_line_stands_every = 5s;

bool is_about_the_invite(Errc code) { return code >= Errc::invite_used && code <= Errc::invite_unknown; }

// The peer has looked at who calls and does not want it; asking again soon would not help.
bool is_refused_by_name(Errc code) {
  return code == Errc::revoked || code == Errc::expired || code == Errc::not_permitted || code == Errc::foreign_realm ||
         code == Errc::bad_handshake || code == Errc::version_refused;
}

// "G-3", a name that only one device has, or the key itself.
const Device* device_meant(const Membership& membership, const std::string& word) {
  const auto& devices = membership.devices();
  if (word.starts_with("G-") && word.size() < 12) {
    const bool digits = word.size() > 2 && std::all_of(word.begin() + 2, word.end(), [](char c) { return c >= '0' && c <= '9'; });
    const std::size_t n = digits ? std::stoul(word.substr(2)) : 0;
    if (n >= 1 && n <= devices.size()) return &devices[n - 1];
  }
  const auto is_meant = [&word](const Device& device) { return device.name == word || to_hex(device.transport) == word; };
  const auto found = std::find_if(devices.begin(), devices.end(), is_meant);
  if (found == devices.end() || std::any_of(found + 1, devices.end(), is_meant)) return nullptr;
  return &*found;
}

}  // namespace

Dialler::Dialler(Server& server) : server_(server), wakeup_(server.io()) {}

Dialler::Dialler(Server& server, PeerAddress peer) : server_(server), peer_(std::move(peer)), wakeup_(server.io()) {}

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

std::optional<TransportKey> Dialler::member() const {
  if (!peer_ || server_.replica() == nullptr) return std::nullopt;
  const ReplicaCore& core = server_.replica()->core();
  const Device* device = device_meant(core.membership(), peer_->device);
  if (device == nullptr || device->revoked || device->transport == core.files().transport()) return std::nullopt;
  return device->transport;
}

std::vector<std::string> Dialler::addresses() const {
  if (peer_) return {peer_->address};
  if (!server_.config().dial.empty()) return server_.config().dial;
  return server_.replica()->core().files().keyring().kreis_addresses;
}

bool Dialler::has_somebody() const {
  if (server_.replica() == nullptr) return false;
  const KeyringContents& ring = server_.replica()->core().files().keyring();
  if (peer_) return member().has_value() && !ring.realm_secrets.empty();
  return ring.kreis.has_value() && !addresses().empty();
}

bool Dialler::is_on_the_line() const {
  const auto device = member();
  return device && server_.peers().to(*device) != nullptr;
}

Result<std::unique_ptr<PeerTalk>> Dialler::make_talk() const {
  ReplicaCore& core = server_.replica()->core();
  if (!peer_) return PeerTalk::call(core, steady_now());
  const auto device = member();
  if (!device) return Error{Errc::not_found, "device"};
  return PeerTalk::call_member(core, *device, refused_, steady_now());
}

bool Dialler::may_call() const { return has_somebody() && !server_.offline() && !invite_refused_; }

asio::awaitable<void> Dialler::run() {
  while (!stopped_) {
    if (!may_call()) {
      // The Kreis's dialler is woken by what changes that; a device becomes known with any control record.
      co_await wakeup_.wait_until(peer_ ? std::chrono::steady_clock::now() + look_whether_line_stands_every : never);
      continue;
    }
    if (is_on_the_line()) {
      co_await wakeup_.wait_until(std::chrono::steady_clock::now() + look_whether_line_stands_every);
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
  last_failure_ = Error{Errc::unreachable, peer_ ? "device" : "Kreis"};
  ended_ = CallEnd::failed;
  network_is_down_ = false;
  for (const std::string& address : addresses()) {
    tcp::socket socket{server_.io()};
    const bool connected = co_await connect(socket, address);
    if (stopped_ || !may_call()) co_return;
    if (!connected) continue;
    auto talk = make_talk();
    if (!talk) {
      last_failure_ = talk.error();
      co_return;
    }
    PeerConnection connection{server_, std::move(socket), std::move(*talk)};
    line_ = &connection;
    server_.changed().notify();
    co_await connection.run();
    line_ = nullptr;
    if (connection.talk().failure()) last_failure_ = connection.talk().failure();
    const bool refused = is_refused_by_name(last_failure_->code);
    refused_ = refused ? refused_ + 1 : 0;
    // A first refusal may only mean that the other side stands in another epoch.
    const std::size_t epochs = std::max<std::size_t>(1, server_.replica()->core().files().keyring().realm_secrets.size());
    const bool once_more = peer_ && refused && refused_ % epochs != 0;
    if (refused && !once_more) {
      ended_ = CallEnd::refused_by_name;
    } else if (connection.was_in_sync()) {
      ended_ = CallEnd::was_in_sync;
    }
    invite_refused_ = !peer_ && is_about_the_invite(last_failure_->code);
    if (!connection.established()) log::info("call_refused", "code={}", name(last_failure_->code));
    co_return;
  }
  if (network_is_down_) ended_ = CallEnd::no_network;
  log::info(peer_ ? "device_not_reached" : "kreis_not_reached", "network={}", network_is_down_ ? "down" : "up");
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
  std::uint32_t lot = 0;
  server_.replica()->random({reinterpret_cast<std::uint8_t*>(&lot), sizeof lot});
  const auto pause = pause_after(ended_, lot);
  return impatient_ > 0 ? std::min<std::chrono::milliseconds>(pause, 1s) : pause;
}

}  // namespace kiz

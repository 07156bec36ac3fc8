#include "daemon/peer_connection.h"

#include <asio/experimental/awaitable_operators.hpp>

#include "daemon/log.h"
#include "daemon/server.h"
#include "libclient/sqlite.h"

namespace kiz {
namespace {

using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr auto write_silence_max = 60s;  // a peer that takes nothing for so long is gone
constexpr auto linger_max = 1s;

}  // namespace

PeerConnection::PeerConnection(Server& server, tcp::socket socket, std::unique_ptr<PeerTalk> talk)
    : server_(server),
      socket_(std::move(socket)),
      talk_(std::move(talk)),
      since_(std::chrono::steady_clock::now()),
      wakeup_(server.io()) {
  asio::error_code ignored;
  if (const auto remote = socket_.remote_endpoint(ignored); !ignored) address_ = remote.address();
  socket_.set_option(tcp::no_delay{true}, ignored);
  socket_.non_blocking(true, ignored);
  server_.peers().add(*this);
}

PeerConnection::~PeerConnection() { server_.peers().remove(*this); }

void PeerConnection::close() {
  talk_->close();
  wake();
}

void PeerConnection::drop() {
  asio::error_code ignored;
  socket_.close(ignored);
  wake();
}

asio::awaitable<void> PeerConnection::run() {
  // Whichever loop ends first ends the other one: the reader at the end of the stream, the writer when all is said.
  co_await (guarded(read_loop()) || guarded(write_loop()));
  drop();
  log_end();
}

// An exception in one of two loops would leave the other one waiting: here it ends both.
asio::awaitable<void> PeerConnection::guarded(asio::awaitable<void> loop) {
  try {
    co_await std::move(loop);
  } catch (const SqlFailure& failure) {
    log::error("store_failure", "code={} during=sync", name(failure.error().code));
  } catch (const asio::system_error&) {
    // The other loop has ended, or the socket broke; talk and log know what there is to know.
  } catch (const std::exception& fault) {
    log::error("fault", "what={} during=sync", fault.what());
  }
}

asio::awaitable<void> PeerConnection::read_loop() {
  Bytes& buffer = server_.read_buffer();  // shared: filled and fed between two waits
  for (;;) {
    asio::error_code failed;
    co_await socket_.async_wait(tcp::socket::wait_read, asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
    const bool in_turn = established_ && server_.peers().half_open() > 0;
    if (in_turn) co_await server_.turns().next();
    const std::size_t n = socket_.read_some(asio::buffer(buffer), failed);
    if (failed == asio::error::would_block || failed == asio::error::interrupted) continue;
    if (failed) co_return;
    if (talk_->finished()) continue;  // our last words are on their way; theirs came too late
    talk_->feed(ByteView{buffer}.first(n), steady_now());
    after_step();
    wake();
    if (in_turn) server_.turns().took();
  }
}

asio::awaitable<void> PeerConnection::write_loop() {
  for (;;) {
    const Bytes out = talk_->take_output(steady_now());
    after_step();
    if (!out.empty()) {
      const bool sent = co_await send(out);
      if (!sent) co_return;
      continue;
    }
    if (talk_->finished()) break;
    const auto timeout = talk_->next_timeout();
    co_await wakeup_.wait_until(timeout ? point_of(*timeout) : never);
    if (!socket_.is_open()) co_return;
    talk_->on_time(steady_now());
  }
  co_await linger();
}

asio::awaitable<bool> PeerConnection::send(const Bytes& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    asio::error_code failed, ignored;
    asio::steady_timer deadline{server_.io(), write_silence_max};
    const auto rest = asio::buffer(bytes.data() + sent, bytes.size() - sent);
    const auto outcome = co_await (socket_.async_write_some(rest, asio::redirect_error(asio::use_awaitable, failed)) ||
                                   deadline.async_wait(asio::redirect_error(asio::use_awaitable, ignored)));
    if (outcome.index() == 1 || failed) co_return false;
    sent += std::get<0>(outcome);
  }
  co_return true;
}

// Closing with unread bytes would reset the connection and take our last words with it.
asio::awaitable<void> PeerConnection::linger() {
  asio::error_code failed;
  socket_.shutdown(tcp::socket::shutdown_send, failed);
  if (!failed && talk_->peer()) co_await wakeup_.wait_until(std::chrono::steady_clock::now() + linger_max);
}

void PeerConnection::after_step() {
  if (!established_ && talk_->established()) {
    established_ = true;
    server_.peers().on_established(*this);
  }
  if (established_) server_.peers().note_contact(*this);
  const bool in_sync = talk_->in_sync();
  if (in_sync && !was_in_sync_) server_.counters().sync.add(std::chrono::steady_clock::now() - since_);
  was_in_sync_ |= in_sync;
  for (const auto& [code, count] : talk_->take_refused()) server_.counters().runs_refused[code] += count;
  if (in_sync != in_sync_ || talk_->finished()) {
    in_sync_ = in_sync;
    server_.changed().notify();
  }
  server_.settle(this);
}

void PeerConnection::log_end() const {
  const auto& failure = talk_->failure();
  const auto code = failure ? name(failure->code) : std::string_view{"E_OK"};
  if (talk_->peer()) ++server_.counters().sessions_ended[failure ? failure->code : Errc::ok];
  if (established_) {
    log::info("peer_gone", "device={} code={}", server_.peers().ref_of(*this), code);
  } else if (talk_->peer()) {
    if (std::uint64_t held_back = 0; server_.peers().may_log_refusal(held_back)) {
      log::info("peer_refused", "code={} address={} lines_held_back={}", code, address_.to_string(), held_back);
    }
  } else {
    server_.peers().count_garbage();
    log::debug("not_a_peer", "code={} address={}", code, address_.to_string());
  }
}

}  // namespace kiz

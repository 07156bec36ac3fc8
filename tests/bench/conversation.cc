#include "tests/bench/conversation.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>

#include "tests/bench/harness.h"
#include "tests/bench/town_talk.h"

namespace kiz::bench {
namespace {

constexpr double patience_seconds = 60;
constexpr std::uint64_t progress_bytes = 1024;  // in that time; less is the heartbeat
constexpr double quiet_seconds = 0.25;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error{errno, std::generic_category(), what};
  return result;
}

SteadyTime steady_now() {
  return std::chrono::duration_cast<SteadyTime>(std::chrono::steady_clock::now().time_since_epoch());
}

int without_delay(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

std::unique_ptr<PeerTalk> talk_of(Replica& replica, Side side) {
  if (side == Side::responder) return PeerTalk::answer(replica.core(), steady_now());
  auto talk = PeerTalk::call(replica.core(), steady_now());
  if (!talk) throw std::runtime_error{"nobody to call"};
  return std::move(*talk);
}

}  // namespace

Loopback::Loopback() : listener_(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  checked(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), "bind");
  checked(::listen(listener_, SOMAXCONN), "listen");
  checked(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  port_ = ntohs(address.sin_port);
}

Loopback::~Loopback() { ::close(listener_); }

int Loopback::connect() const {
  const int out = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  checked(::connect(out, reinterpret_cast<sockaddr*>(&address), sizeof address), "connect");
  return without_delay(out);
}

int Loopback::accept() const { return without_delay(checked(::accept(listener_, nullptr, nullptr), "accept")); }

template <class Talk>
Line<Talk>::Line(std::unique_ptr<Talk> talk, int socket) : talk_(std::move(talk)), socket_(socket) {
  ::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK);
}

template <class Talk>
Line<Talk>::~Line() { ::close(socket_); }

template <class Talk>
void Line<Talk>::send_all() {
  while (true) {
    if (sent_ == unsent_.size()) {
      unsent_ = talk_->take_output(steady_now());
      sent_ = 0;
      if (unsent_.empty()) return;
    }
    const ssize_t n = ::send(socket_, unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL);
    if (n <= 0) return;  // full, or gone: recv() tells
    sent_ += static_cast<std::size_t>(n);
    wire_bytes_ += static_cast<std::uint64_t>(n);
  }
}

template <class Talk>
bool Line<Talk>::turn(int wait_ms) {
  send_all();
  pollfd waiting{socket_, static_cast<short>(sent_ < unsent_.size() ? POLLIN | POLLOUT : POLLIN), 0};
  ::poll(&waiting, 1, wait_ms);
  if (waiting.revents & (POLLIN | POLLHUP | POLLERR)) {
    static thread_local std::uint8_t piece[1u << 20];  // as the daemon reads
    const ssize_t n = ::recv(socket_, piece, sizeof piece, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return false;
    if (n > 0) {
      wire_bytes_ += static_cast<std::uint64_t>(n);
      talk_->feed({piece, static_cast<std::size_t>(n)}, steady_now());
    }
  }
  if (const auto due = talk_->next_timeout(); due && *due <= steady_now()) talk_->on_time(steady_now());
  send_all();
  if (talk_->failure())
    throw std::runtime_error{std::string{"talk: "} + std::string{name(talk_->failure()->code)} + " " +
                             talk_->failure()->context};
  return true;
}

template <class Talk>
void Line<Talk>::until_in_sync() {
  Stopwatch since_progress;
  for (std::uint64_t seen = wire_bytes_; !talk_->in_sync();) {
    if (!turn(100)) throw std::runtime_error{"the peer went away"};
    if (wire_bytes_ >= seen + progress_bytes) {
      seen = wire_bytes_;
      since_progress = Stopwatch{};
    }
    if (since_progress.seconds() > patience_seconds) throw std::runtime_error{"no progress for a minute"};
  }
}

template <class Talk>
void Line<Talk>::until_quiet() {
  std::uint64_t seen = wire_bytes_;
  for (Stopwatch quiet; quiet.seconds() < quiet_seconds;) {
    if (!turn(50)) throw std::runtime_error{"the peer went away"};
    if (wire_bytes_ == seen) continue;
    seen = wire_bytes_;
    quiet = Stopwatch{};
  }
}

template class Line<PeerTalk>;
template class Line<TownTalk>;

Conversation::Conversation(Replica& replica, Side side, int socket) : Line{talk_of(replica, side), socket}, replica_(replica) {}

void Conversation::tell_commits() { talk_->on_commit(replica_.core().take_advances()); }

}  // namespace kiz::bench

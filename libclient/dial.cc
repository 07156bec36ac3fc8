#include "libclient/dial.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "libclient/inspection.h"
#include "libclient/keyring.h"
#include "libclient/peer_talk.h"
#include "libclient/replica_core.h"

namespace kiz {

namespace {
using Clock = std::chrono::steady_clock;

SteadyTime steady() { return std::chrono::duration_cast<SteadyTime>(Clock::now().time_since_epoch()); }

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

/// Waits until the socket is ready or the time has come. Milliseconds; ready events, 0 for the time.
short wait_for(int fd, short events, SteadyTime until) {
  const auto left = std::clamp<std::int64_t>((until - steady()).count(), 0, 60'000);
  pollfd one{fd, events, 0};
  return ::poll(&one, 1, static_cast<int>(left)) > 0 ? one.revents : short{0};
}

// "host:port", "[::1]:7411"
std::pair<std::string, std::string> split_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {address, "7411"};
  std::string host = address.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {host, address.substr(colon + 1)};
}

Result<Socket> connect_to(const std::string& address, SteadyTime until) {
  const auto [host, port] = split_address(address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return Error{Errc::unreachable, address};
  Result<Socket> connected = Error{Errc::unreachable, address};
  for (const addrinfo* one = found; one != nullptr && !connected; one = one->ai_next) {
    Socket socket{::socket(one->ai_family, one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, one->ai_protocol)};
    if (socket.fd() < 0) continue;
    const bool begun = ::connect(socket.fd(), one->ai_addr, one->ai_addrlen) == 0 || errno == EINPROGRESS;
    if (!begun || wait_for(socket.fd(), POLLOUT, until) == 0) continue;
    int failed = 0;
    socklen_t size = sizeof failed;
    ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &failed, &size);
    if (failed == 0) connected = std::move(socket);
  }
  ::freeaddrinfo(found);
  return connected;
}

/// Feeds what arrives and sends what the talk has to say, until it is done with or `done` says so.
/// `look` is called now and then. errors: unreachable (the line broke, or the time is over)
Result<void> drive(PeerTalk& talk, const Socket& socket, SteadyTime until, const std::function<bool()>& done,
                   const std::function<void()>& look) {
  Bytes waiting;
  std::size_t sent = 0;
  Bytes buffer(std::size_t{64} << 10);
  while (!talk.finished()) {
    look();
    if (sent == waiting.size()) {
      waiting = talk.take_output(steady());
      sent = 0;
      if (waiting.empty() && done()) return {};
    }
    if (steady() >= until) return Error{Errc::unreachable, "time is over"};
    const short wanted = static_cast<short>(sent < waiting.size() ? POLLIN | POLLOUT : POLLIN);
    const short ready = wait_for(socket.fd(), wanted, std::min(talk.next_timeout().value_or(until), until));
    if ((ready & POLLOUT) != 0) {
      const ssize_t n = ::send(socket.fd(), waiting.data() + sent, waiting.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return Error{Errc::unreachable, "connection"};
      if (n > 0) sent += static_cast<std::size_t>(n);
    }
    if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0) {
      const ssize_t n = ::recv(socket.fd(), buffer.data(), buffer.size(), 0);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        return talk.finished() ? Result<void>{} : Error{Errc::unreachable, "connection"};
      }
      if (n > 0) talk.feed(ByteView{buffer}.first(static_cast<std::size_t>(n)), steady());
    }
    talk.on_time(steady());
  }
  return {};
}

/// How many entries have come and gone, for a person who waits.
class Counting {
 public:
  Counting(const ReplicaCore& core, const PeerTalk& talk, const Watch& watch)
      : core_(core), talk_(talk), watch_(watch), held_before_(watch ? inspect::figures(core).entries : 0) {}

  void look() {
    if (!watch_ || steady() < next_) return;
    next_ = steady() + every;
    const std::uint64_t come = inspect::figures(core_).entries - held_before_, pending = talk_.pending_entries();
    most_pending_ = std::max(most_pending_, pending);
    // What is still to come is not known; what is to go is.
    tell(watch_, "exchanging", come + most_pending_ - pending, come == 0 ? most_pending_ : 0);
  }

 private:
  static constexpr SteadyTime every{100};
  const ReplicaCore& core_;
  const PeerTalk& talk_;
  const Watch& watch_;
  std::uint64_t held_before_, most_pending_ = 0;
  SteadyTime next_{0};
};

/// The last words: a goodbye, or why we hang up. Best effort.
void send_rest(PeerTalk& talk, const Socket& socket) {
  const SteadyTime until = steady() + std::chrono::seconds{2};
  for (Bytes rest = talk.take_output(steady()); !rest.empty() && steady() < until; rest = talk.take_output(steady())) {
    for (std::size_t sent = 0; sent < rest.size() && steady() < until;) {
      if (wait_for(socket.fd(), POLLOUT, until) == 0) return;
      const ssize_t n = ::send(socket.fd(), rest.data() + sent, rest.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<std::size_t>(n);
    }
  }
}
}  // namespace

Result<Exchange> exchange_once(Replica& replica, std::chrono::milliseconds timeout, bool until_joined,
                               const std::function<void(const std::string&)>& show_code, const Watch& watch) {
  ReplicaCore& core = replica.core();
  const std::vector<std::string> addresses = core.files().keyring().kreis_addresses;
  const SteadyTime until = steady() + timeout;
  Exchange outcome;
  std::optional<Socket> socket;
  for (const std::string& address : addresses) {
    // Each address gets its share of the time, the last one all that is left.
    const bool last = &address == &addresses.back();
    auto connected = connect_to(address, last ? until : std::min(until, steady() + std::chrono::seconds{5}));
    if (!connected) continue;
    socket.emplace(std::move(*connected));
    outcome.address = address;
    break;
  }
  if (addresses.empty()) return Error{Errc::not_set_up, "address of the Kreis"};
  if (!socket) return Error{Errc::unreachable, addresses.front()};

  auto talk = PeerTalk::call(core, steady());
  if (!talk) return talk.error();
  PeerTalk& line = **talk;
  bool shown = false;
  Counting counting{core, line, watch};
  const auto driven = drive(line, *socket, until, [&] {
    if (const auto code = line.confirmation_code(); code && !shown && show_code) {
      shown = true;
      show_code(*code);
    }
    outcome.joined = outcome.joined || line.joined();
    return (until_joined && outcome.joined) || line.in_sync();
  }, [&] { counting.look(); });
  outcome.joined = outcome.joined || line.joined();
  outcome.in_sync = line.in_sync();
  outcome.pending = line.pending_entries();
  if (!line.finished()) line.close();
  send_rest(line, *socket);
  core.take_advances();  // there is nobody else to push them to
  if (auto saved = core.save_peer_memory(); !saved) return saved.error();
  if (line.failure() && !outcome.in_sync) return *line.failure();
  if (!driven && !outcome.in_sync) return driven.error();
  return outcome;
}

}  // namespace kiz

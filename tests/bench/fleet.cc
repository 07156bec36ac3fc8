#include "tests/bench/fleet.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <system_error>

#include "tests/bench/harness.h"

namespace kiz::bench {
namespace {

constexpr double patience_seconds = 600;
constexpr auto clock_every = std::chrono::milliseconds{20};

SteadyTime steady_now() {
  return std::chrono::duration_cast<SteadyTime>(std::chrono::steady_clock::now().time_since_epoch());
}

// 127.1.0.1 and on: the node bounds what one address may begin.
sockaddr_in address_of_town(std::size_t n) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(0x7f010001u + static_cast<std::uint32_t>(n / 250 * 256 + n % 250));
  return out;
}

int call_from(std::size_t town, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::system_error{errno, std::generic_category(), "socket"};
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const sockaddr_in own = address_of_town(town);
  sockaddr_in node{};
  node.sin_family = AF_INET;
  node.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  node.sin_port = htons(port);
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0;
  const bool begun = bound && (::connect(fd, reinterpret_cast<const sockaddr*>(&node), sizeof node) == 0 || errno == EINPROGRESS);
  if (begun) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

Fleet::Fleet(std::vector<std::unique_ptr<LightTown>> towns, std::size_t first, std::uint16_t port)
    : first_(first), port_(port), events_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (auto& town : towns) {
    towns_.emplace_back();
    towns_.back().town = std::move(town);
  }
}

Fleet::~Fleet() {
  towns_.clear();
  ::close(events_);
}

void Fleet::lose_lines() {
  failed_calls_ = 0;
  for (std::size_t i = 0; i < towns_.size(); ++i) {
    end_call(i, CallEnd::was_in_sync);
    towns_[i].wire_bytes = 0;
  }
}

void Fleet::end_call(std::size_t i, CallEnd end) {
  Town& town = towns_[i];
  if (end != CallEnd::was_in_sync) ++failed_calls_;
  if (town.line) town.wire_bytes += town.line->wire_bytes();
  town.line.reset();
  town.due = Clock::now() + pause_after(end, static_cast<std::uint32_t>(random_()));
}

void Fleet::watch(std::size_t i, bool fresh) {
  Town& town = towns_[i];
  const bool waits = town.line->has_more_to_send();
  if (!fresh && waits == town.waits_for_room) return;
  town.waits_for_room = waits;
  epoll_event event{};
  event.events = EPOLLIN | (waits ? EPOLLOUT : 0u);
  event.data.u64 = i;
  ::epoll_ctl(events_, fresh ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, town.line->socket(), &event);
}

void Fleet::call(std::size_t i) {
  const int fd = call_from(first_ + i, port_);
  if (fd < 0) return end_call(i, CallEnd::failed);
  towns_[i].line = std::make_unique<Line<TownTalk>>(std::make_unique<TownTalk>(*towns_[i].town, steady_now()), fd);
  watch(i, true);
  take_turn(i);
}

void Fleet::take_turn(std::size_t i) {
  Town& town = towns_[i];
  bool goes_on = false;
  try {
    goes_on = town.line->turn(0);
  } catch (const std::runtime_error&) {  // the talk failed: a daemon would call again, too
  }
  if (goes_on) return watch(i, false);
  end_call(i, town.line->talk().in_sync() ? CallEnd::was_in_sync : CallEnd::failed);
}

void Fleet::look_at_clock() {
  const auto now = Clock::now();
  const auto steady = std::chrono::duration_cast<SteadyTime>(now.time_since_epoch());
  for (std::size_t i = 0; i < towns_.size(); ++i) {
    Town& town = towns_[i];
    if (!town.line && now >= town.due) {
      call(i);
    } else if (town.line && town.line->talk().next_timeout().value_or(SteadyTime::max()) <= steady) {
      take_turn(i);
    }
  }
}

bool Fleet::all_in_sync() const {
  return std::ranges::all_of(towns_, [](const Town& town) { return town.line && town.line->talk().in_sync(); });
}

void Fleet::until_in_sync() {
  const Stopwatch watch;
  const auto done = [&] {
    if (watch.seconds() > patience_seconds) throw std::runtime_error{"many are not in sync after ten minutes"};
    return all_in_sync();
  };
  until(done, [](std::size_t) {});
}

void Fleet::until(const std::function<bool()>& done, const std::function<void(std::size_t)>& moved) {
  auto looked = Clock::now() - clock_every;
  std::array<epoll_event, 64> ready;
  for (;;) {
    if (Clock::now() - looked >= clock_every) {
      looked = Clock::now();
      look_at_clock();
      if (done()) return;
    }
    const int count = ::epoll_wait(events_, ready.data(), static_cast<int>(ready.size()), static_cast<int>(clock_every.count()));
    for (int n = 0; n < count; ++n) {
      const auto i = static_cast<std::size_t>(ready[static_cast<std::size_t>(n)].data.u64);
      if (!towns_[i].line) continue;
      take_turn(i);
      moved(i);
    }
  }
}

std::uint64_t Fleet::wire_bytes() const {
  std::uint64_t out = 0;
  for (const Town& town : towns_) out += town.wire_bytes + (town.line ? town.line->wire_bytes() : 0);
  return out;
}

}  // namespace kiz::bench

// Calls a port as those do who mean no good, and says what it did.
//
//   flood PORT SECONDS SLOW RATE [KEY REALM]
//
// SLOW connections say one byte of a preface each second and never more; they are opened anew when they are closed.
// RATE connections a second say something and hang up: bytes of other protocols by turns; with KEY and REALM (64
// hexadecimal digits each: static key of the node, id of the realm, as in an invite) every second one is a true preface
// with a message 1 that makes the node compute.
// Callers come from 127.0.1.1 to 127.0.1.200. Prints one JSON object: opened, refused (no connection), closed (by the node).
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "protocol/secure_link.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct Counts {
  unsigned long opened = 0, refused = 0, closed = 0;
};

struct Line {
  int fd = -1;
  std::size_t said = 0;
};

int call(std::uint16_t port, unsigned turn) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_in own{}, to{};
  own.sin_family = to.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(0x7f000101u + turn % 200);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const linger reset{1, 0};  // no port stays behind
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof own) == 0;
  if (bound && (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 || errno == EINPROGRESS)) return fd;
  ::close(fd);
  return -1;
}

kiz::Bytes true_preface(const kiz::TransportKey& node, const kiz::RealmId& realm) {
  kiz::LinkKeys keys;
  randombytes_buf(keys.own_static.writable().data(), 32);
  randombytes_buf(keys.own_ephemeral.writable().data(), 32);
  kiz::Preface preface;
  preface.realm = kiz::realm_hint(realm);
  auto link = kiz::SecureLink::initiate(preface, std::move(keys), node, kiz::SecretKey32{});
  return link ? link->take_output() : kiz::Bytes{};
}

const std::string& words(unsigned turn) {
  static const std::array<std::string, 5> all = {
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(200, 'x'), std::string(120, '\0'),
      "KIZSYNC1" + std::string("\1\1\1\0", 4) + std::string(106, 'y')};
  return all[turn % all.size()];
}

// Whether the node has hung up.
bool is_closed(int fd) {
  pollfd one{fd, POLLIN, 0};
  if (::poll(&one, 1, 0) <= 0) return false;
  if ((one.revents & (POLLHUP | POLLERR)) != 0) return true;
  char byte = 0;
  return ::recv(fd, &byte, 1, 0) == 0;
}

void keep_slow(std::vector<Line>& lines, std::uint16_t port, unsigned& turn, Counts& counts) {
  const std::string& preface = words(4);
  for (Line& line : lines) {
    if (line.fd >= 0 && is_closed(line.fd)) {
      ::close(line.fd);
      line = {};
      ++counts.closed;
    }
    if (line.fd < 0) {
      line = {call(port, ++turn), 0};
      ++(line.fd < 0 ? counts.refused : counts.opened);
    }
    if (line.fd >= 0 && line.said < 36 && ::send(line.fd, &preface[line.said], 1, MSG_NOSIGNAL) == 1) ++line.said;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || sodium_init() < 0) return 2;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const auto end = Clock::now() + std::chrono::seconds{std::atoi(argv[2])};
  std::vector<Line> slow(static_cast<std::size_t>(std::atoi(argv[3])));
  const unsigned rate = static_cast<unsigned>(std::atoi(argv[4]));
  const bool knows_node = argc > 6;
  std::signal(SIGPIPE, SIG_IGN);

  // Made beforehand: the flood shall cost the node time, not us.
  std::vector<kiz::Bytes> prefaces;
  for (int i = 0; knows_node && i < 500; ++i) {
    prefaces.push_back(true_preface(kiz::TransportKey::from(kiz::from_hex(argv[5])), kiz::RealmId::from(kiz::from_hex(argv[6]))));
  }

  Counts counts;
  unsigned turn = 0;
  std::vector<int> short_ones;
  std::deque<std::vector<int>> leaving;
  auto next_slow = Clock::now();
  for (auto tick = Clock::now(); tick < end; tick += 10ms) {
    std::this_thread::sleep_until(tick);
    if (tick >= next_slow) {
      keep_slow(slow, port, turn, counts);
      next_slow = tick + 1s;
    }
    for (const int fd : short_ones) {  // of the tick before: they are connected by now
      const bool computes = !prefaces.empty() && ++turn % 2 == 0;
      if (computes) {
        const kiz::Bytes& bytes = prefaces[turn % prefaces.size()];
        static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      } else {
        const std::string& bytes = words(turn);
        static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      }
    }
    // They stay a quarter of a second, so that the node sees them before they are gone.
    leaving.push_back(std::move(short_ones));
    short_ones.clear();
    if (leaving.size() > 25) {
      for (const int fd : leaving.front()) {
        counts.closed += is_closed(fd) ? 1u : 0u;
        ::close(fd);
      }
      leaving.pop_front();
    }
    for (unsigned i = 0; i < rate / 100; ++i) {
      const int fd = call(port, ++turn);
      ++(fd < 0 ? counts.refused : counts.opened);
      if (fd >= 0) short_ones.push_back(fd);
    }
  }
  std::printf("{\"opened\":%lu,\"refused\":%lu,\"closed\":%lu}\n", counts.opened, counts.refused, counts.closed);
  return 0;
}

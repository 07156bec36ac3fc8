// Limits of loopback TCP, alone and with the disk on both sides.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <system_error>
#include <thread>

#include "tests/bench/limits.h"

namespace kiz::bench {
namespace {

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error{errno, std::generic_category(), what};
  return result;
}

/// Two ends of one TCP connection over 127.0.0.1, Nagle off.
struct Connection {
  int ours = -1;
  int theirs = -1;

  Connection() {
    const int listener = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    checked(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
    checked(::listen(listener, 1), "listen");
    checked(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    ours = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    checked(::connect(ours, reinterpret_cast<sockaddr*>(&address), size), "connect");
    theirs = checked(::accept(listener, nullptr, nullptr), "accept");
    ::close(listener);
    const int on = 1;
    for (const int fd : {ours, theirs}) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() {
    ::close(ours);
    ::close(theirs);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
};

// n times: we work, send a byte, they work, answer with one.
double ping_pong(std::uint64_t n, const std::function<void()>& our_work, const std::function<void()>& their_work) {
  Connection connection;
  std::thread them{[&] {
    for (char byte = 0; ::recv(connection.theirs, &byte, 1, 0) == 1;) {
      their_work();
      if (::send(connection.theirs, &byte, 1, MSG_NOSIGNAL) != 1) return;
    }
  }};
  const Stopwatch watch;
  bool broken = false;
  for (std::uint64_t i = 0; i < n && !broken; ++i) {
    char byte = 'x';
    our_work();
    broken = ::send(connection.ours, &byte, 1, MSG_NOSIGNAL) != 1 || ::recv(connection.ours, &byte, 1, 0) != 1;
  }
  const double seconds = watch.seconds();
  ::shutdown(connection.ours, SHUT_WR);
  them.join();
  if (broken) throw std::runtime_error{"the loopback connection broke"};
  return seconds;
}

}  // namespace

Limit limit_round_trip(const Options&) {
  const std::uint64_t n = 5000;
  return {"loopback round trip", n,
          ping_pong(
              n, [] {}, [] {}),
          "trips"};
}

Limit limit_two_syncs_and_hop(const Options& o) {
  const std::uint64_t n = 1000;
  const WorkFolder folder{o.folder};
  const int a = checked(::open((folder.path() / "a").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open");
  const int b = checked(::open((folder.path() / "b").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open");
  const std::string page(4096, 'x');
  const auto durable = [&page](int fd) {
    return [&page, fd] {
      if (::pwrite(fd, page.data(), page.size(), 0) < 0 || ::fdatasync(fd) != 0) std::abort();
    };
  };
  const double seconds = ping_pong(n, durable(a), durable(b));
  ::close(a);
  ::close(b);
  return {"two fdatasyncs and a round trip", n, seconds, "edits"};
}

}  // namespace kiz::bench

#include "cli/reachable.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace kiz::cli {
namespace {

Reach reach_one(const addrinfo& at, std::chrono::milliseconds limit) {
  const int fd = ::socket(at.ai_family, at.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at.ai_protocol);
  if (fd < 0) return Reach::no_route;
  int error = ::connect(fd, at.ai_addr, at.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd waiting{fd, POLLOUT, 0};
    if (::poll(&waiting, 1, static_cast<int>(limit.count())) == 1) {
      socklen_t size = sizeof error;
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    } else {
      error = ETIMEDOUT;
    }
  }
  ::close(fd);
  if (error == 0) return Reach::open;
  if (error == ECONNREFUSED) return Reach::refused;
  return error == ETIMEDOUT ? Reach::silent : Reach::no_route;
}

}  // namespace

Reach reach(const std::string& address, std::chrono::milliseconds limit) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon), port = colon == std::string::npos ? "7411" : address.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found) != 0) return Reach::unknown_name;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list{found, ::freeaddrinfo};
  Reach last = Reach::no_route;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    last = reach_one(*at, limit);
    if (last == Reach::open) break;
  }
  return last;
}

}  // namespace kiz::cli

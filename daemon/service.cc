#include "daemon/service.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace kiz::service {
namespace {

constexpr int first_passed_descriptor = 3;  // sd_listen_fds(3)

bool is_for_us(const char* variable) {
  const char* pid = std::getenv(variable);
  return pid == nullptr || std::strtol(pid, nullptr, 10) == ::getpid();
}

}  // namespace

void notify(const std::string& state) {
  const char* target = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (target == nullptr || std::strlen(target) >= sizeof address.sun_path || std::strlen(target) < 2) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, target, std::strlen(target));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(target));
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract address
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  // Best effort: a service manager that does not listen is its own business.
  static_cast<void>(::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&address), size));
  ::close(fd);
}

std::optional<std::chrono::milliseconds> watchdog_interval() {
  const char* usec = std::getenv("WATCHDOG_USEC");
  if (usec == nullptr || !is_for_us("WATCHDOG_PID")) return std::nullopt;
  const auto given = std::strtoll(usec, nullptr, 10);
  if (given <= 0) return std::nullopt;
  return std::chrono::milliseconds{std::max<long long>(given / 2000, 10)};
}

int passed_socket() {
  const char* count = std::getenv("LISTEN_FDS");
  if (count == nullptr || std::getenv("LISTEN_PID") == nullptr || !is_for_us("LISTEN_PID")) return -1;
  if (std::strtol(count, nullptr, 10) < 1) return -1;
  int accepting = 0;
  socklen_t size = sizeof accepting;
  const int fd = first_passed_descriptor;
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &size) != 0 || accepting == 0) return -1;
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

}  // namespace kiz::service

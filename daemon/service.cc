#include "daemon/service.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace kiz::service {
namespace {

constexpr int first_passed_descriptor = 3;  // sd_listen_fds(3)
constexpr long passed_max = 16;

bool is_for_us(const char* variable) {
  const char* pid = std::getenv(variable);
  return pid == nullptr || std::strtol(pid, nullptr, 10) == ::getpid();
}

int socket_option(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool listens_locally(int fd) {
  return socket_option(fd, SO_DOMAIN) == AF_UNIX && socket_option(fd, SO_TYPE) == SOCK_STREAM &&
         socket_option(fd, SO_ACCEPTCONN) == 1;
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

void notify_reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto usec = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

int passed_socket() {
  const char* given = std::getenv("LISTEN_FDS");
  const bool ours = given != nullptr && std::getenv("LISTEN_PID") != nullptr && is_for_us("LISTEN_PID");
  const long count = ours ? std::strtol(given, nullptr, 10) : 0;
  for (const char* variable : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) ::unsetenv(variable);
  int found = -1;
  for (int fd = first_passed_descriptor; fd < first_passed_descriptor + std::min(count, passed_max); ++fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (found < 0 && listens_locally(fd)) found = fd;
  }
  return found;
}

}  // namespace kiz::service

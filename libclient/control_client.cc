#include "libclient/control_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace kiz {

namespace {
using Clock = std::chrono::steady_clock;

struct Deadline {
  std::optional<Clock::time_point> at;

  explicit Deadline(std::chrono::milliseconds timeout) {
    if (timeout.count() > 0) at = Clock::now() + timeout;
  }
  int left_ms() const {
    if (!at) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*at - Clock::now()).count();
    return left < 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left, 1 << 30));
  }
};

Result<void> wait_until_ready(int fd, short events, const Deadline& deadline) {
  for (;;) {
    pollfd one{fd, events, 0};
    const int n = ::poll(&one, 1, deadline.left_ms());
    if (n > 0) return {};
    if (n == 0) return Error{Errc::unreachable, "no answer in time"};
    if (errno != EINTR) return Error{Errc::unreachable, "control socket"};
  }
}

Result<void> send_all(int fd, std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    if (auto ready = wait_until_ready(fd, POLLOUT, deadline); !ready) return ready.error();
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    if (n < 0 && errno != EINTR && errno != EAGAIN) return Error{Errc::unreachable, "control socket"};
  }
  return {};
}

Result<void> receive_all(int fd, std::uint8_t* out, std::size_t bytes, const Deadline& deadline) {
  while (bytes > 0) {
    if (auto ready = wait_until_ready(fd, POLLIN, deadline); !ready) return ready.error();
    const ssize_t n = ::recv(fd, out, bytes, MSG_DONTWAIT);
    if (n == 0) return Error{Errc::unreachable, "the daemon hung up"};
    if (n < 0 && errno != EINTR && errno != EAGAIN) return Error{Errc::unreachable, "control socket"};
    if (n > 0) {
      out += n;
      bytes -= static_cast<std::size_t>(n);
    }
  }
  return {};
}
}  // namespace

SocketPath::SocketPath(const std::filesystem::path& socket) : address_(socket.string()) {
  if (address_.size() < sizeof(sockaddr_un::sun_path)) return;
  folder_ = ::open(socket.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder_ >= 0) address_ = "/proc/self/fd/" + std::to_string(folder_) + "/" + socket.filename().string();
}

SocketPath::~SocketPath() {
  if (folder_ >= 0) ::close(folder_);
}

Result<ControlClient> ControlClient::connect(const std::filesystem::path& socket) {
  const SocketPath path{socket};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.address().size() >= sizeof address.sun_path) return Error{Errc::not_found, "control socket"};
  std::memcpy(address.sun_path, path.address().c_str(), path.address().size() + 1);

  ControlClient client{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (client.fd_ < 0) return Error{Errc::unreachable, "control socket"};
  if (::connect(client.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return client;
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED: return Error{Errc::not_found, "control socket"};
    case EACCES:
    case EPERM: return Error{Errc::not_permitted, "control socket"};
    default: return Error{Errc::unreachable, "control socket"};
  }
}

ControlClient& ControlClient::operator=(ControlClient&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

ControlClient::~ControlClient() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Json> ControlClient::ask(const Json& request, std::chrono::milliseconds timeout) {
  const auto frame = control_frame::encode(request);
  if (!frame) return frame.error();
  if (auto sent = send_all(fd_, *frame, Deadline{timeout}); !sent) return sent.error();
  return next(timeout);
}

Result<Json> ControlClient::next(std::chrono::milliseconds timeout) {
  const Deadline deadline{timeout};
  std::array<std::uint8_t, control_frame::header_bytes> header{};
  if (auto got = receive_all(fd_, header.data(), header.size(), deadline); !got) return got.error();
  const auto bytes = control_frame::body_bytes(header);
  if (!bytes) return bytes.error();
  std::string body(*bytes, '\0');
  if (auto got = receive_all(fd_, reinterpret_cast<std::uint8_t*>(body.data()), body.size(), deadline); !got) {
    return got.error();
  }
  return control_frame::decode(body);
}

}  // namespace kiz

// The near end of the control socket, for programs that ask a running kizd. Blocking, with a deadline for each step.
#pragma once

#include <chrono>
#include <filesystem>

#include "libclient/control_frame.h"

namespace kiz {

class ControlClient {
 public:
  /// errors: not_found (no socket there, or nobody answers at it), not_permitted, unreachable
  static Result<ControlClient> connect(const std::filesystem::path& socket);

  ControlClient(ControlClient&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  ControlClient& operator=(ControlClient&& other) noexcept;
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;
  ~ControlClient();

  /// Sends one request and waits for its reply. What was sent may have been done even when no reply came in time.
  /// errors: unreachable (no answer within `timeout`, or the line broke), over_limit, malformed
  Result<Json> ask(const Json& request, std::chrono::milliseconds timeout);
  /// The next frame of a request that has more than one. `timeout` 0: wait as long as it takes.
  Result<Json> next(std::chrono::milliseconds timeout);

 private:
  explicit ControlClient(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// A listening socket's address may be 107 bytes long; a store's folder may have a longer path. Names the socket through
/// its opened folder then, which works for bind and connect alike. The returned path is good as long as this lives.
class SocketPath {
 public:
  explicit SocketPath(const std::filesystem::path& socket);
  ~SocketPath();
  SocketPath(const SocketPath&) = delete;
  SocketPath& operator=(const SocketPath&) = delete;
  const std::string& address() const { return address_; }

 private:
  int folder_ = -1;
  std::string address_;
};

}  // namespace kiz

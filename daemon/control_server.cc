#include "daemon/control_server.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <asio/experimental/awaitable_operators.hpp>
#include <cstring>

#include "daemon/daemon_requests.h"
#include "daemon/log.h"
#include "daemon/server.h"
#include "daemon/service.h"
#include "libclient/control_client.h"
#include "libclient/control_frame.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz {
namespace {

using asio::local::stream_protocol;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t clients_max = 64;
constexpr std::size_t stranger_bytes_max = 64u << 10;  // of somebody without any role: enough to say no politely
constexpr std::size_t read_step_bytes = std::size_t{1} << 20;
constexpr auto idle_max = 10min;
constexpr auto body_silence_max = 30s;

Result<void> make_folder(const fs::path& folder, mode_t mode, const std::string& group) {
  std::error_code failed;
  if (fs::is_directory(folder, failed)) return {};  // as an administrator or systemd made it
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), failed);
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
    return Error{errno == EACCES ? Errc::not_permitted : Errc::io_error, folder.string()};
  }
  ::chmod(folder.c_str(), mode);  // whatever the umask took away
  const auto* known = group.empty() ? nullptr : ::getgrnam(group.c_str());
  if (known != nullptr && ::chown(folder.c_str(), static_cast<uid_t>(-1), known->gr_gid) != 0) {
    log::warning("cannot_give_folder_to_group", "errno={}", errno);
  }
  return {};
}

// Stands in the list of open sockets as long as its coroutine lives.
class Listed {
 public:
  Listed(std::vector<stream_protocol::socket*>& list, stream_protocol::socket& socket) : list_(list), socket_(&socket) {
    list_.push_back(socket_);
  }
  ~Listed() { std::erase(list_, socket_); }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

 private:
  std::vector<stream_protocol::socket*>& list_;
  stream_protocol::socket* socket_;
};

// Thrown out of a long request whose asker has hung up (Ctrl-C): what it was doing ends and changes nothing.
struct AskerGone {};

// Tells the asker a few times a second how far its request has come, in the middle of the request: a small frame straight
// into the socket. One that does not fit at once is left out, for the asker is slow; half of one must be finished.
class Telling {
 public:
  explicit Telling(int fd) : fd_(fd), look_(std::chrono::steady_clock::now() + look_every), next_(look_ + every) {}

  void operator()(const Progress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now < look_) return;
    look_ = now + look_every;
    char byte = 0;
    const ssize_t there = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (there == 0 || (there < 0 && errno != EAGAIN && errno != EINTR)) throw AskerGone{};
    if (now < next_) return;
    next_ = now + every;
    Json told;
    told["progress"] = {{"what", progress.what}, {"done", progress.done}, {"total", progress.total}};
    if (const auto frame = control_frame::encode(told)) send(*frame);
  }

 private:
  void send(std::string_view bytes) const {
    const std::size_t all = bytes.size();
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
      if (n >= 0 || errno == EINTR) continue;
      if (errno != EAGAIN) throw AskerGone{};
      if (bytes.size() == all) return;
      pollfd one{fd_, POLLOUT, 0};
      if (::poll(&one, 1, stuck_ms_max) == 0) throw AskerGone{};
    }
  }

  static constexpr auto look_every = 20ms;  // whoever gives up wants it to end at once
  static constexpr auto every = 250ms;
  static constexpr int stuck_ms_max = 1000;
  int fd_;
  std::chrono::steady_clock::time_point look_, next_;
};

Refusal no_role() {
  return Refusal{Errc::not_permitted, tr("You have no role on this machine. Nothing was changed."),
                 tr("Ask the administrator of this machine to put you into the right group."), 0};
}

}  // namespace

ControlServer::ControlServer(Server& server) : server_(server), acceptor_(server.io()) {}

ControlServer::~ControlServer() = default;

Result<void> ControlServer::open() {
  const int passed = service::passed_socket();
  if (passed >= 0) {
    asio::error_code failed;
    acceptor_.assign(stream_protocol{}, passed, failed);
    if (!failed) return {};
    return Error{Errc::io_error, "passed socket"};
  }
  const fs::path& path = server_.config().socket;
  const mode_t mode = path.parent_path() == server_.config().store ? 0700 : 0750;  // a store is nobody else's
  if (auto made = make_folder(path.parent_path(), mode, server_.config().socket_group); !made) return made.error();
  auto lock = StoreLock::take(path.string() + ".lock", "kizd");
  if (!lock) return lock.error();
  lock_ = std::move(*lock);
  return bind();
}

Result<void> ControlServer::bind() {
  const fs::path& path = server_.config().socket;
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) {
    // With the lock held nobody listens there any more. What is no socket is none of ours.
    if (!S_ISSOCK(there.st_mode)) return Error{Errc::io_error, path.string()};
    ::unlink(path.c_str());
  }
  const SocketPath named{path};
  asio::error_code failed;
  acceptor_.open(stream_protocol{}, failed);
  const mode_t before = ::umask(0117);  // 0660 from the first moment on
  if (!failed) acceptor_.bind(stream_protocol::endpoint{named.address()}, failed);
  ::umask(before);
  if (failed) return Error{failed == std::errc::permission_denied ? Errc::not_permitted : Errc::io_error, path.string()};
  own_file_ = true;
  const std::string& wanted = server_.config().socket_group;
  const auto* known = wanted.empty() ? nullptr : ::getgrnam(wanted.c_str());
  if (known != nullptr && ::lchown(path.c_str(), static_cast<uid_t>(-1), known->gr_gid) != 0) {
    log::warning("cannot_give_socket_to_group", "errno={}", errno);
  }
  acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return Error{Errc::io_error, path.string()};
  return {};
}

void ControlServer::start() { spawn(server_.io(), accept_loop()); }

void ControlServer::close() {
  if (std::exchange(closed_, true)) return;
  asio::error_code ignored;
  acceptor_.close(ignored);
  if (own_file_) ::unlink(server_.config().socket.c_str());
  for (Socket* socket : open_) socket->shutdown(Socket::shutdown_receive, ignored);
}

asio::awaitable<void> ControlServer::accept_loop() {
  while (!closed_) {
    asio::error_code failed;
    Socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed == asio::error::operation_aborted || failed == asio::error::bad_descriptor) co_return;
    if (failed || open_.size() >= clients_max) {
      log::warning("control_socket_busy", "clients={}", open_.size());
      asio::steady_timer rest{server_.io(), 100ms};
      co_await rest.async_wait(asio::redirect_error(asio::use_awaitable, failed));
      continue;
    }
    spawn(server_.io(), serve(std::move(socket)));
  }
}

asio::awaitable<void> ControlServer::serve(Socket socket) {
  const Listed listed{open_, socket};
  const LocalUser user = local_user(socket.native_handle(), server_.config());
  for (bool more = true; more && !closed_;) more = co_await serve_request(socket, user);
}

asio::awaitable<bool> ControlServer::serve_request(Socket& socket, LocalUser user) {
  const bool stranger = user.role == LocalRole::none;
  const auto body = co_await read_body(socket, stranger ? stranger_bytes_max : control_frame::body_bytes_max);
  if (!body) co_return false;
  auto request = control_frame::decode(*body);
  if (!request) {
    Json refused = refusal_envelope({}, to_refusal(request.error()));
    co_await write_frame(socket, std::move(refused));
    co_return false;
  }
  const auto text_in = [&](const char* key) {
    const auto at = request->find(key);
    return at != request->end() && at->is_string() ? at->get<std::string>() : std::string{};
  };
  const std::string asked = text_in("request");
  const Caller caller{user.role, user.name, text_in("lang")};
  set_language(caller.language);
  if (stranger) {
    Json refused = refusal_envelope(asked, no_role());
    co_await write_frame(socket, std::move(refused));
    co_return false;
  }
  if (asked == "events") {
    co_await stream_events(socket);
    co_return false;
  }
  const auto wants = request->find("progress");
  Watch watch;
  if (wants != request->end() && wants->is_boolean() && wants->get<bool>()) watch = Telling{socket.native_handle()};
  try {
    Json reply = co_await answer_request(server_, std::move(*request), caller, watch);
    ++(reply.value("ok", false) ? server_.counters().requests_done : server_.counters().requests_refused);
    const bool written = co_await write_frame(socket, std::move(reply));
    co_return written;
  } catch (const AskerGone&) {
    log::info("asker_gone", "request={}", asked);
    co_return false;
  }
}

// Reads as much as really comes: a length alone reserves nothing.
asio::awaitable<std::optional<std::string>> ControlServer::read_body(Socket& socket, std::size_t bytes_max) {
  std::array<std::uint8_t, control_frame::header_bytes> header{};
  asio::error_code failed, ignored;
  {
    asio::steady_timer deadline{server_.io(), idle_max};
    auto reading = asio::async_read(socket, asio::buffer(header), asio::redirect_error(asio::use_awaitable, failed));
    const auto outcome =
        co_await (std::move(reading) || deadline.async_wait(asio::redirect_error(asio::use_awaitable, ignored)));
    if (failed || outcome.index() == 1) co_return std::nullopt;
  }
  const auto bytes = control_frame::body_bytes(header);
  if (!bytes || *bytes > bytes_max) {
    Json refused = refusal_envelope({}, to_refusal(bytes ? Error{Errc::over_limit, "request"} : bytes.error()));
    co_await write_frame(socket, std::move(refused));
    co_return std::nullopt;
  }
  std::string body;
  while (body.size() < *bytes) {
    const std::size_t before = body.size(), step = std::min(*bytes - before, read_step_bytes);
    body.resize(before + step);
    asio::steady_timer deadline{server_.io(), body_silence_max};
    const auto piece = asio::buffer(body.data() + before, step);
    auto reading = asio::async_read(socket, piece, asio::redirect_error(asio::use_awaitable, failed));
    const auto outcome =
        co_await (std::move(reading) || deadline.async_wait(asio::redirect_error(asio::use_awaitable, ignored)));
    if (failed || outcome.index() == 1) co_return std::nullopt;
  }
  co_return body;
}

asio::awaitable<bool> ControlServer::write_frame(Socket& socket, Json message) {
  auto frame = control_frame::encode(message);
  if (!frame) frame = control_frame::encode(refusal_envelope({}, to_refusal(frame.error())));
  if (!frame) co_return false;
  for (std::size_t sent = 0; sent < frame->size();) {
    asio::error_code failed, ignored;
    asio::steady_timer deadline{server_.io(), body_silence_max};
    const auto rest = asio::buffer(frame->data() + sent, frame->size() - sent);
    auto writing = socket.async_write_some(rest, asio::redirect_error(asio::use_awaitable, failed));
    const auto outcome =
        co_await (std::move(writing) || deadline.async_wait(asio::redirect_error(asio::use_awaitable, ignored)));
    if (failed || outcome.index() == 1) co_return false;
    sent += std::get<0>(outcome);
  }
  co_return true;
}

// Until the reader hangs up: whatever it sends now says that it is gone.
asio::awaitable<void> ControlServer::stream_events(Socket& socket) {
  // What is told later is told against this.
  if (server_.replica() != nullptr) server_.events().conflicts(server_.replica()->conflict_count());
  Events::Subscription mine{server_.events()};
  Json started;
  started["event"] = "started";
  bool written = co_await write_frame(socket, std::move(started));
  while (written && !closed_) {
    if (mine.waiting.empty()) {
      asio::error_code failed;
      auto hung_up = socket.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, failed));
      const auto outcome = co_await (mine.arrived.wait_until(never) || std::move(hung_up));
      if (outcome.index() == 1) co_return;
      continue;
    }
    if (std::exchange(mine.lost, false)) {
      Json lost;
      lost["event"] = "lost";
      written = co_await write_frame(socket, std::move(lost));
    }
    Json next = std::move(mine.waiting.front());
    mine.waiting.pop_front();
    if (next["event"] == "end") co_return;
    written = co_await write_frame(socket, std::move(next));
  }
}

}  // namespace kiz

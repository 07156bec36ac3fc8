#include "daemon/journal.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

namespace kiz::journal {
namespace {

constexpr std::size_t datagram_bytes_max = 64u << 10;

struct Explained {
  std::string_view event, id;
};
// Promised: scripts and the catalogue know them by these numbers.
constexpr Explained explained[] = {
    {"backup_failed", "fbf7d5209aff7b219ae94d2d1cc5eec7"},
    {"backup_written", "b33549d2fdc8750ee3602091d866a795"},
    {"call_refused", "05b7f5003f86637f2c18761bbe8b3d39"},
    {"cannot_erase", "e3480300c55d4fdbb690ab2f381a7d75"},
    {"cannot_give_folder_to_group", "72a50f85ff244fa28481efdbc8abfbfa"},
    {"cannot_give_socket_to_group", "b7f07873bf1545529bbce62cb2b90fab"},
    {"cannot_listen", "d7b514197edcbd6d3088e9a75ad90bcb"},
    {"cannot_prune", "939995b692ba4eb4af44ef2484f0940e"},
    {"cannot_save_peer_memory", "8692172f4cd940a5911604aad8d5f273"},
    {"cannot_serve_metrics", "a41d6d13a4935b85f91f5e1469d9533e"},
    {"checkpoint_differs", "f9f54b308d5947f8b6fe26c02bbf841f"},
    {"control_socket_busy", "0df78cb145394609ba6a4c3eeb0e6c71"},
    {"fault", "aabc189d20155a03ee40b57a0df066c5"},
    {"kreis_not_reached", "c2cffdb7450ccc850869ca37ed440871"},
    {"needs_restart", "7cd6e668be9361f24dff541c50dce8f3"},
    {"no_room", "ab7c8974699144789730329294995553"},
    {"out_of_descriptors", "94f4bd7c196ed8b5a71415a4b07f7481"},
    {"peer_locked_out", "4b2b90a467380a6d8225e223c8e62a7e"},
    {"reload_refused", "828e9fed905ccb84380e32ee7aab619c"},
    {"started", "93ce69a4096b25ad51ec15fa1c6d3725"},
    {"stopped", "8260272c93fd527e69b5350a7b9fdfee"},
    {"store_does_not_answer", "f8f84875761c532570052c58bd9a44ed"},
    {"store_failure", "66321fac2349b522ceb8f23adaf274d7"},
};

bool is_name(const std::string& name) {
  if (name.empty() || name.size() > 64 || name[0] == '_' || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

std::string field_name(std::string_view key) {
  std::string out = "KIZ_";
  for (const char c : key) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' ? '_' : c;
  return out;
}

}  // namespace

std::string datagram(const std::vector<Field>& fields) {
  std::string out;
  for (const Field& field : fields) {
    if (!is_name(field.name)) continue;
    out += field.name;
    if (field.value.find('\n') == std::string::npos) {
      out += "=" + field.value + "\n";
      continue;
    }
    out += '\n';
    for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(static_cast<std::uint64_t>(field.value.size()) >> shift);
    out += field.value + "\n";
  }
  return out;
}

std::vector<Field> record(std::string_view event, std::string_view fields, int priority) {
  std::vector<Field> out;
  out.push_back({"MESSAGE", std::string{event} + (fields.empty() ? "" : " ") + std::string{fields}});
  out.push_back({"PRIORITY", std::to_string(priority)});
  out.push_back({"SYSLOG_IDENTIFIER", "kizd"});
  if (const auto id = message_id(event); !id.empty()) out.push_back({"MESSAGE_ID", std::string{id}});
  out.push_back({"KIZ_EVENT", std::string{event}});
  for (std::size_t at = 0; at < fields.size();) {
    const std::size_t end = std::min(fields.find(' ', at), fields.size());
    const std::string_view word = fields.substr(at, end - at);
    if (const auto equals = word.find('='); equals != std::string_view::npos && equals > 0) {
      out.push_back({field_name(word.substr(0, equals)), std::string{word.substr(equals + 1)}});
    }
    at = end + 1;
  }
  return out;
}

std::string_view message_id(std::string_view event) {
  const auto at = std::find_if(std::begin(explained), std::end(explained), [&](const Explained& row) { return row.event == event; });
  return at == std::end(explained) ? std::string_view{} : at->id;
}

Socket Socket::connect() {
  const char* named = std::getenv("KIZ_JOURNAL_SOCKET");
  const std::string path = named != nullptr && *named != '\0' ? named : "/run/systemd/journal/socket";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, path.data(), path.size());
  Socket out{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  if (!out || ::connect(out.fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0) return {};
  return out;
}

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

bool Socket::send(const std::string& datagram) const {
  if (fd_ < 0 || datagram.size() > datagram_bytes_max) return false;
  return ::send(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(datagram.size());
}

}  // namespace kiz::journal

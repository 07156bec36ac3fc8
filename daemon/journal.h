// Records for the systemd journal in its own form (systemd.journal-fields(7), "native protocol"): one datagram, one field
// after another, so that a record keeps its parts and nobody has to take lines apart.
//
//   NAME=value\n                              a value of one line
//   NAME\n | length 8, little-endian | value\n   any other
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiz::journal {

struct Field {
  std::string name;  // A-Z 0-9 _, not beginning with _ or a digit
  std::string value;
};

/// The record's bytes. A field whose name is none is left out.
std::string datagram(const std::vector<Field>& fields);

/// The fields of a log line: MESSAGE "event key=value ...", PRIORITY, SYSLOG_IDENTIFIER, KIZ_EVENT, one KIZ_<KEY> for each
/// key=value, and MESSAGE_ID where the catalogue (packaging/journal) explains this event.
std::vector<Field> record(std::string_view event, std::string_view fields, int priority);

/// 128 bits in hex; empty for an event that needs no explanation.
std::string_view message_id(std::string_view event);

/// The journal's socket; an empty object where there is none.
class Socket {
 public:
  Socket() = default;
  /// $KIZ_JOURNAL_SOCKET, else systemd's.
  static Socket connect();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  explicit operator bool() const { return fd_ >= 0; }
  /// False: not taken; never waits.
  bool send(const std::string& datagram) const;

 private:
  explicit Socket(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace kiz::journal

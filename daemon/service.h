// What systemd and a service of it tell each other: readiness, status, watchdog, sockets it has opened for us.
// The protocol is one datagram for each word (sd_notify(3)); nothing happens where nobody asked for it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace kiz::service {

/// "READY=1", "STATUS=...", "STOPPING=1", "WATCHDOG=1"; several words stand on lines of their own.
void notify(const std::string& state);

/// Reloading has begun: the manager waits for the next "READY=1". The time lets it tell this reload from an older one.
void notify_reloading();

/// Half of what systemd waits before it restarts us; empty where it does not watch.
std::optional<std::chrono::milliseconds> watchdog_interval();

/// The control socket, if systemd opened it (socket activation); -1: it did not. A descriptor that is not a listening
/// local stream socket is none, whatever the environment says. Asked once: children must not take it for theirs.
int passed_socket();

}  // namespace kiz::service

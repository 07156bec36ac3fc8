// What the service manager is told of this server: ready, reloading, ending, a line of status, signs of life.
//
// The status line is read by whoever administers the machine, so it is in the machine's language, not in that of the
// clerk who asked last. A sign of life is given only while the loop turns and the store answers: a daemon that runs and
// cannot work any more is restarted, not admired.
#pragma once

#include <asio.hpp>
#include <chrono>
#include <string>
#include <string_view>

namespace kiz {

class Server;

class ServiceReport {
 public:
  explicit ServiceReport(Server& server);

  void ready();
  void reloading();
  void reloaded();
  void stopping();
  /// Sends the status line again where it has changed.
  void tell_status();

  /// True if the store could take a change now: it opens a writing transaction and leaves it, reads its tables, and the
  /// file is still there and on a disk that may be written. Nothing is written, nothing is synced. True without a store.
  bool store_works() const;
  /// True if it also has room: the last change was not refused for want of it, or there is room again. What is told to
  /// monitors; the watchdog is fed on a full disk, too, because starting again frees nothing.
  bool takes_edits() const;

  /// From the loop itself: a loop that hangs is what the watchdog is for. Runs until the server stops.
  asio::awaitable<void> feed_watchdog(std::chrono::milliseconds interval);

 private:
  std::string status() const;

  Server& server_;
  std::string language_;  // of the machine: what the environment said at the start
  std::string told_;
  bool failing_ = false;
};

}  // namespace kiz

#include "cli/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "libclient/translate.h"

namespace kiz::cli {

namespace {
std::atomic<const termios*> to_restore{nullptr};
static_assert(std::atomic<const termios*>::is_always_lock_free, "read inside a signal handler");
char farewell[256];  // made ready beforehand: a handler may not look up a translation

extern "C" void on_signal(int number) {
  if (const termios* before = to_restore.load(); before != nullptr) ::tcsetattr(STDIN_FILENO, TCSANOW, before);
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, farewell, std::strlen(farewell));
  ::_exit(128 + number);
}
}  // namespace

void take_interrupts() {
  std::snprintf(farewell, sizeof farewell, "\n%s\n", tr("Interrupted. What was confirmed is saved.").c_str());
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

void restore_on_interrupt(const termios* before) { to_restore.store(before); }

}  // namespace kiz::cli

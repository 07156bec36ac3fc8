#include "daemon/turns.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace kiz;
using namespace std::chrono_literals;

namespace {

// What happens on a loop, in order: H a step of a handshake, S one of a session, which is dear.
class Loop {
 public:
  void handshake(int steps) {
    asio::post(io_, [this, steps] {
      log_ += 'H';
      if (steps > 1) handshake(steps - 1);
    });
  }
  void session(asio::cancellation_signal* end = nullptr) {
    const auto slot = end != nullptr ? end->slot() : asio::cancellation_slot{};
    asio::co_spawn(io_, step(), asio::bind_cancellation_slot(slot, [](const std::exception_ptr&) {}));
  }
  const std::string& run() {
    io_.run_for(10s);
    return log_;
  }

 private:
  asio::awaitable<void> step() {
    co_await turns_.next();
    log_ += 'S';
    const auto until = std::chrono::steady_clock::now() + 6ms;  // longer than sessions have in a round
    while (std::chrono::steady_clock::now() < until) {
    }
    turns_.took();
  }

  asio::io_context io_;
  Turns turns_{io_};
  std::string log_;
};

std::size_t count(const std::string& log, char what) { return static_cast<std::size_t>(std::count(log.begin(), log.end(), what)); }

}  // namespace

TEST_CASE("turns: a session that is alone has its turn at once, and the next one too") {
  Loop loop;
  loop.session();
  CHECK(loop.run() == "S");
}

TEST_CASE("turns: a handshake does not wait behind every session that has something") {
  Loop loop;
  for (int i = 0; i < 20; ++i) loop.session();
  loop.handshake(10);
  const std::string log = loop.run();
  CAPTURE(log);
  CHECK(count(log, 'S') == 20);
  CHECK(count(log.substr(0, log.rfind('H')), 'S') <= 11);
}

TEST_CASE("turns: however many handshakes there are, a session has its turn in each round") {
  Loop loop;
  for (int i = 0; i < 10; ++i) loop.session();
  for (int i = 0; i < 100; ++i) loop.handshake(20);
  const std::string log = loop.run();
  CHECK(count(log.substr(0, log.rfind('H')), 'S') == 10);
}

TEST_CASE("turns: who ends while it waits keeps nobody waiting") {
  Loop loop;
  asio::cancellation_signal ends[3];
  for (auto& end : ends) loop.session(&end);
  loop.session();
  loop.handshake(1);
  ends[1].emit(asio::cancellation_type::terminal);  // not begun yet: takes effect when it would wait
  const std::string log = loop.run();
  CAPTURE(log);
  CHECK(count(log, 'S') >= 3);
}

// Many at once: a hub that answers whoever calls, and a crowd of replicas in one process that call it. Driven by poll(), as
// conversation.h; the daemon's own loop is measured by `idle`, `start`, `flood`, `hub` and `storm`.
#pragma once

#include <memory>
#include <vector>

#include "tests/bench/bench_realm.h"
#include "tests/bench/conversation.h"

namespace kiz::bench {

/// So many sockets and stores in one process need more files than a shell's usual bound.
void allow_many_files();

/// Waits for the sockets and lets those that have something take a turn; who is gone is dropped.
void turn_all(std::vector<std::unique_ptr<Conversation>>& talks, int listener, int wait_ms, std::vector<std::size_t>* moved = nullptr);

class Hub {
 public:
  Hub(Replica& replica, const Loopback& loopback) : replica_(replica), loopback_(loopback) {}
  /// Accepts, answers, and passes on what one has brought to all others.
  void turn(int wait_ms);
  void tell_commits();
  std::size_t connected() const { return talks_.size(); }
  /// Connections on which both hold the same.
  std::size_t in_sync() const;

 private:
  Replica& replica_;
  const Loopback& loopback_;
  std::vector<std::unique_ptr<Conversation>> talks_;
};

class Crowd {
 public:
  Crowd(const std::vector<std::filesystem::path>& folders, const Loopback& loopback);
  void connect();  // all of them
  /// Replicas whose conversations had something.
  std::vector<std::size_t> turn(int wait_ms);
  void until_in_sync();
  Replica& replica(std::size_t i) { return *replicas_[i]; }
  std::size_t size() const { return replicas_.size(); }

 private:
  const Loopback& loopback_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::vector<std::unique_ptr<Conversation>> talks_;
};

}  // namespace kiz::bench

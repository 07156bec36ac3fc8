#include "tests/bench/crowd.h"

#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>

namespace kiz::bench {
namespace {
constexpr double patience_seconds = 600;
constexpr int cache_kib_each = 64;  // thousands of replicas in one process: what is measured is the hub
}  // namespace

void allow_many_files() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

void turn_all(std::vector<std::unique_ptr<Conversation>>& talks, int listener, int wait_ms, std::vector<std::size_t>* moved) {
  std::vector<pollfd> waiting;
  waiting.reserve(talks.size() + 1);
  for (const auto& talk : talks) {
    waiting.push_back({talk->socket(), static_cast<short>(talk->has_more_to_send() ? POLLIN | POLLOUT : POLLIN), 0});
  }
  if (listener >= 0) waiting.push_back({listener, POLLIN, 0});
  ::poll(waiting.data(), waiting.size(), wait_ms);
  for (std::size_t i = 0; i < talks.size(); ++i) {
    if (waiting[i].revents == 0) continue;
    if (!talks[i]->turn(0)) {
      talks[i].reset();
    } else if (moved != nullptr) {
      moved->push_back(i);
    }
  }
  std::erase(talks, nullptr);
}

void Hub::turn(int wait_ms) {
  turn_all(talks_, loopback_.listener(), wait_ms);
  pollfd calling{loopback_.listener(), POLLIN, 0};
  while (::poll(&calling, 1, 0) == 1) {
    talks_.push_back(std::make_unique<Conversation>(replica_, Side::responder, loopback_.accept()));
  }
  tell_commits();
}

void Hub::tell_commits() {
  const auto advances = replica_.core().take_advances();
  if (advances.empty()) return;
  for (const auto& talk : talks_) talk->tell(advances);
  for (const auto& talk : talks_) talk->turn(0);
}

std::size_t Hub::in_sync() const {
  return static_cast<std::size_t>(std::count_if(talks_.begin(), talks_.end(), [](const auto& t) { return t->talk().in_sync(); }));
}

Crowd::Crowd(const std::vector<std::filesystem::path>& folders, const Loopback& loopback) : loopback_(loopback) {
  for (const auto& folder : folders) replicas_.push_back(open_replica(folder, cache_kib_each));
}

void Crowd::connect() {
  for (const auto& replica : replicas_) {
    talks_.push_back(std::make_unique<Conversation>(*replica, Side::initiator, loopback_.connect()));
    talks_.back()->turn(0);
  }
}

std::vector<std::size_t> Crowd::turn(int wait_ms) {
  std::vector<std::size_t> out;
  turn_all(talks_, -1, wait_ms, &out);
  if (talks_.size() != replicas_.size()) throw std::runtime_error{"the hub hung up on one of many"};
  return out;
}

void Crowd::until_in_sync() {
  const Stopwatch watch;
  while (!std::ranges::all_of(talks_, [](const auto& talk) { return talk->talk().in_sync(); })) {
    turn(100);
    if (watch.seconds() > patience_seconds) throw std::runtime_error{"many are not in sync after ten minutes"};
  }
}

}  // namespace kiz::bench

// A second processor for work that is much: hashing and checking entries while the store writes those before them.
//
// Jobs begin in the order in which they were given, on one thread that lives as long as this object. Who asks for a result
// that is not there yet does open jobs himself meanwhile, so a machine with one processor, or without a thread to spare,
// loses nothing. Jobs must depend on nothing that changes while they are open.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace kiz {

class SecondThread {
 public:
  SecondThread() = default;
  ~SecondThread() {
    {
      const std::lock_guard lock{mutex_};
      open_.clear();
      ends_ = true;
    }
    more_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  SecondThread(const SecondThread&) = delete;
  SecondThread& operator=(const SecondThread&) = delete;

  template <class Job>
  auto begin(Job job) -> std::future<decltype(job())> {
    auto task = std::make_shared<std::packaged_task<decltype(job())()>>(std::move(job));
    auto out = task->get_future();
    {
      const std::lock_guard lock{mutex_};
      open_.push_back([task] { (*task)(); });
    }
    start();
    more_.notify_one();
    return out;
  }

  template <class T>
  T wait_for(std::future<T>& result) {
    while (result.wait_for(std::chrono::seconds{0}) != std::future_status::ready && run_one()) {
    }
    return result.get();
  }

 private:
  void start() {
    if (thread_.joinable() || alone_) return;
    try {
      thread_ = std::thread{[this] { run_all(); }};
    } catch (const std::system_error&) {
      alone_ = true;  // no thread to be had
    }
  }

  bool run_one() {
    std::function<void()> job;
    {
      const std::lock_guard lock{mutex_};
      if (open_.empty()) return false;
      job = std::move(open_.front());
      open_.pop_front();
    }
    job();
    return true;
  }

  void run_all() {
    while (true) {
      while (run_one()) {
      }
      std::unique_lock lock{mutex_};
      more_.wait(lock, [this] { return ends_ || !open_.empty(); });
      if (ends_) return;
    }
  }

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> open_;
  bool ends_ = false;
  bool alone_ = false;
  std::thread thread_;
};

}  // namespace kiz

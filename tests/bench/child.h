// Work in a process of its own, so that memory is counted for one replica alone. It says what it found as JSON.
#pragma once

#include <sys/types.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace kiz::bench {

class Child {
 public:
  /// Forks at once: nothing big may be held here. What `work` throws comes out of wait() as std::runtime_error.
  explicit Child(const std::function<nlohmann::json()>& work);
  ~Child();  // ends a child that was not waited for
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  nlohmann::json wait();
  /// It has said what it found, or is gone.
  bool has_ended() const;

 private:
  pid_t pid_ = -1;
  int answer_ = -1;
};

}  // namespace kiz::bench

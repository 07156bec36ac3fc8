// The installed programs as processes: started, measured from outside, ended.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace kiz::bench {

/// Path of `kiz` or `kizd`: they lie beside kiz-bench.
std::filesystem::path program(const char* name);

class Process {
 public:
  /// words: the program and its arguments. It reads nothing and what it says is not kept.
  explicit Process(std::vector<std::string> words);
  ~Process();  // asks it to end and waits
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Until it has ended by itself; throws when it ended badly.
  void wait();
  double cpu_seconds() const;
  std::uint64_t resident_bytes() const;
  std::uint64_t peak_rss_bytes() const;  // VmHWM

 private:
  pid_t pid_ = -1;
};

/// Seconds until somebody answers at the control socket of a store; throws after a minute.
double wait_for(const std::filesystem::path& store);

/// A port of 127.0.0.1 that was free a moment ago.
std::uint16_t free_port();

}  // namespace kiz::bench

// What the process has on its heap: no action of a machine may take much, however hostile its peers, and no world may leave
// anything behind.
#pragma once

#include <cstdint>

namespace kiz::sim {

/// What operator new has given out and not got back.
std::uint64_t live_bytes();

/// How far the heap, SQLite's included, grows between here and growth().
class HeapWatch {
 public:
  HeapWatch();
  std::uint64_t growth() const;

 private:
  std::uint64_t live_, sqlite_;
};

}  // namespace kiz::sim

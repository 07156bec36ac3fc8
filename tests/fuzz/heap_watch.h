// The most heap that was held at once since the watch began. One watch at a time, one thread.
#pragma once

#include <cstddef>

namespace kiz::fuzz {

class HeapWatch {
 public:
  HeapWatch();
  /// 0 under a sanitizer, whose allocator must not be replaced.
  std::size_t peak_bytes() const;
};

}  // namespace kiz::fuzz

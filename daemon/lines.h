// Which devices are on the line, where each may have several lines at once: a dead one that has not been noticed yet, and
// two that called each other at the same moment. Only the first is news, and only the last that goes.
#pragma once

#include <map>

#include "kiz/ids.h"

namespace kiz {

class Lines {
 public:
  /// A line (any address that names it) to this device is in use. True if it is the only one.
  bool began(const void* line, const TransportKey& device) {
    lines_[line] = device;
    return ++reached_[device] == 1;
  }
  /// True if the line was in use and none to its device is left.
  bool ended(const void* line) {
    const auto at = lines_.find(line);
    if (at == lines_.end()) return false;
    const TransportKey device = at->second;
    lines_.erase(at);
    if (--reached_[device] > 0) return false;
    reached_.erase(device);
    return true;
  }

 private:
  std::map<const void*, TransportKey> lines_;
  std::map<TransportKey, std::size_t> reached_;  // by how many lines
};

}  // namespace kiz

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
    const bool only = !is_reached(device);
    lines_[line] = device;
    return only;
  }
  /// True if the line was in use and none to its device is left.
  bool ended(const void* line) {
    const auto at = lines_.find(line);
    if (at == lines_.end()) return false;
    const TransportKey device = at->second;
    lines_.erase(at);
    return !is_reached(device);
  }

 private:
  bool is_reached(const TransportKey& device) const {
    for (const auto& [line, there] : lines_) {
      if (there == device) return true;
    }
    return false;
  }

  std::map<const void*, TransportKey> lines_;
};

}  // namespace kiz

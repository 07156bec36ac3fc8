// Whether a person is told of something: by the alarms that `kiz status` shows.
#pragma once

#include <algorithm>
#include <string_view>

#include "libclient/alarms.h"

namespace kiz::test {

inline bool warned(const Replica& replica, std::string_view code) {
  const auto all = alarms(replica);
  return std::any_of(all.begin(), all.end(), [&](const Alarm& alarm) { return alarm.code == code; });
}

}  // namespace kiz::test

// How far something long has come, told while it goes on.
#pragma once

#include <cstdint>
#include <functional>

namespace kiz {

struct Progress {
  const char* what = "";    // English, to be translated: "reading", "writing", "checking"
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // 0: not known
};

/// Called often, so it must be cheap; how much of it is shown is its own business. It may throw to end what goes on: the
/// store is then as it was before. Empty: nobody wants to know.
using Watch = std::function<void(const Progress&)>;

inline void tell(const Watch& watch, const char* what, std::uint64_t done, std::uint64_t total) {
  if (watch) watch(Progress{what, done, total});
}

}  // namespace kiz

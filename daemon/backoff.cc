#include "daemon/backoff.h"

namespace kiz {
namespace {

struct Pause {
  std::chrono::milliseconds least, spread;
};

Pause pause_of(CallEnd end) {
  using namespace std::chrono_literals;
  switch (end) {
    case CallEnd::was_in_sync: return {1s, 5s};
    case CallEnd::failed: return {60s, 15s};
    case CallEnd::refused_by_name: return {10min, 150s};
    case CallEnd::no_network: return {10s, 5s};
  }
  return {60s, 15s};
}

}  // namespace

std::chrono::milliseconds pause_after(CallEnd end, std::uint32_t lot) {
  const Pause pause = pause_of(end);
  const auto spread = static_cast<std::uint64_t>(pause.spread.count()) * lot >> 32;
  return pause.least + std::chrono::milliseconds{spread};
}

}  // namespace kiz

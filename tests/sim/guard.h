// What a machine does, and what its failures mean. For the sources of World.
#pragma once

#include "libclient/sqlite.h"
#include "tests/sim/memory.h"
#include "tests/sim/world.h"

namespace kiz::sim {

/// More than any action of these small worlds has a reason to take.
inline constexpr std::uint64_t action_bytes_max = 24u << 20;

template <class Action>
bool World::on(Node& node, const char* what, Action action) {
  try {
    const HeapWatch heap;
    action();
    outcome_.growth = std::max(outcome_.growth, heap.growth());
    if (heap.growth() > action_bytes_max) find(node.name + " takes " + std::to_string(heap.growth() >> 20) + " MiB for " + what);
    return true;
  } catch (const SqlFailure& failure) {
    // What a daemon does: the failure ends what goes on, and the store is opened anew.
    note(std::string{"failure "} + node.name);
    const bool expected = node.in_trouble();
    if (!expected) find(node.name + " fails at " + what + ": " + std::string{name(failure.error().code)} + " " + failure.error().context);
    if (power_lost(node)) {
      lose_power(node);
    } else {
      reopen(node);
    }
    return false;
  }
}

}  // namespace kiz::sim

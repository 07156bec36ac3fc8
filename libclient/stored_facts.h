// Facts of one kind as they were kept: what cannot be read any more is passed over.
#pragma once

#include <string>
#include <vector>

#include "libclient/replica_core.h"
#include "protocol/wire.h"

namespace kiz {

template <class Stored>
std::vector<Stored> stored_facts(const ReplicaCore& core, const std::string& prefix) {
  std::vector<Stored> out;
  for (const auto& [name, bytes] : core.facts(prefix)) {
    if (auto stored = wire::decode<Stored>(bytes)) out.push_back(std::move(*stored));
  }
  return out;
}

}  // namespace kiz

// One offer of a town, for tests in which it does not matter which.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "kiz/replica.h"
#include "protocol/registry.h"

namespace kiz::test {

inline const RecordId one_offer{registry::kinds::offer, RecordKey::from(Bytes(16, 1))};

/// Sets its title, in the town's own space.
inline void write_offer(Replica& town, const char* title) {
  Edit edit = town.begin();
  edit.set(town.space(town.identity().member, Collection::offers), one_offer, registry::fields::offer::title, Value{std::string{title}});
  REQUIRE(town.commit(edit, {}));
}

/// As this replica shows it; empty where it holds none.
inline std::string title(const Replica& replica, const MemberId& owner) {
  const auto record = replica.read(replica.space(owner, Collection::offers), one_offer);
  return record ? record->text(registry::fields::offer::title) : "";
}

}  // namespace kiz::test

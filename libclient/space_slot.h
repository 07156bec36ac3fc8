// A space that is open: its tables, the rulings that concern it, and the merge between them.
#pragma once

#include "libclient/space_store.h"
#include "libclient/view.h"
#include "protocol/merge.h"
#include "protocol/rights.h"

namespace kiz {

struct SpaceSlot {
  SpaceStore store;
  SpaceRulings rulings;
  RegisteredFields fields;
  Merge merge;

  SpaceSlot(Sql& db, SpaceNumber number, const Space& space, const ControlLog& control)
      : store(db, number, space), rulings(control, space), merge(store, store, rulings, fields) {}
  SpaceSlot(const SpaceSlot&) = delete;
  SpaceSlot& operator=(const SpaceSlot&) = delete;

  /// Tips of all branches that count as held, as a peer is told of them: ascending.
  std::vector<Head> heads() const;
  /// Digest of these heads.
  Hash digest() const;
};

}  // namespace kiz

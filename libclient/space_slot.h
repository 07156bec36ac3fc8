// A space that is open: its tables, the rulings that concern it, and the merge between them.
#pragma once

#include "libclient/space_store.h"
#include "libclient/view.h"
#include "protocol/frontier.h"
#include "protocol/merge.h"
#include "protocol/rights.h"

namespace kiz {

struct SpaceSlot {
  SpaceStore store;
  SpaceRulings rulings;
  RegisteredFields fields;
  Merge merge;

  SpaceSlot(Sql& db, SpaceNumber number, const Space& space, const ControlIndex& control, BusyStores& busy)
      : store(db, number, space, busy), rulings(control, space), merge(store, store, rulings, fields) {}
  SpaceSlot(const SpaceSlot&) = delete;
  SpaceSlot& operator=(const SpaceSlot&) = delete;

  /// Tips of all branches that count as held, as a peer is told of them: ascending. Valid until an entry comes or is judged anew.
  const std::vector<Head>& heads() const { return frontier().heads; }
  /// Digest of these heads.
  Hash digest() const;

 private:
  const Frontier& frontier() const;

  // Every session asks for it again and again; reading it from the tables costs two queries a log.
  mutable Frontier frontier_;
  mutable std::optional<Hash> digest_;
  mutable std::optional<std::uint64_t> frontier_as_of_;  // SpaceStore::logs_changed()
};

}  // namespace kiz
